"""One benchmark by its name, in whatever process this is called."""

import importlib

from bot import logs
from tests.bench.figures import Figure

NAMES = (
    "articles",
    "rules",
    "turns",
    "model",
    "grounding",
    "meaning",
    "claims",
    "currency",
    "commands",
    "crashes",
    "slack",
    "discord",
    "mail",
)


def measure(name: str) -> list[Figure]:
    """Measure with the logs silent: what goes wrong on purpose must not fill the table."""
    logs.configure("critical")
    figures: list[Figure] = importlib.import_module(f"tests.bench.{name}").measure()
    return figures
