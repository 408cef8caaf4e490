"""Logs to standard error: pretty on a terminal, JSON elsewhere. Customers' words are never above DEBUG."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import ExcInfo


def _name(out: TextIO, raised: ExcInfo) -> None:
    """One line on a terminal: whoever wants the traceback asks for it."""
    out.write(f"\n{raised[0].__name__}: {raised[1]} (--verbose shows the traceback)")


def configure(level: str = "info") -> None:
    """Set up structlog for the process; levels are debug, info, warning, error."""
    pretty = sys.stderr.isatty()
    # a traceback with its local variables would show customers' words
    traceback = structlog.dev.plain_traceback if level == "debug" else _name
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=traceback)
        if pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if pretty else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
