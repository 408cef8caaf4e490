"""`warmline ask`: one answer, or a file of many, without a conversation."""

import asyncio
import json
import sys
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track

from bot import answer, asking, language, phrases, settings
from bot.author import Question as Asked
from bot.author.author import Author
from bot.conversation import Attempt, Role
from bot.knowledge import Knowledge, KnowledgeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of a batch. `history` is (role, text), oldest first."""

    id: Any
    text: str
    history: tuple[tuple[str, str], ...] = ()


class WrongUseError(Exception):
    """The command cannot begin; the message is the one line to print."""


def run(args: Namespace) -> int:
    """Answer `args.question` or the lines of `args.batch` from `args.knowledge` or the folder that `args.config` names.

    With `args.model` the model of bot.toml writes the answers; else nothing is asked of it and the passages are quoted.
    Prints the answers (`args.json`: a JSON object a line) and returns the exit code: 0, or 2 for wrong use, wrong
    settings or an unusable folder.
    """
    try:
        questions = _questions(args)
        chosen = _settings(args)
        folder = args.knowledge if args.knowledge is not None else chosen.path(chosen.knowledge.folder)
        with closing(Knowledge.open(folder, database=None, settings=chosen.knowledge)) as opened:
            _await_conversions(opened)
            shown = track(
                questions, "answering", console=Console(stderr=True), disable=not _shows_progress(args), transient=True
            )
            if args.model:
                asyncio.run(_print_written(args, shown, opened, chosen))
            else:
                for question in shown:
                    _print(args, *_answered(opened, question, chosen.answer))
    except (WrongUseError, KnowledgeError, settings.SettingsError) as error:
        print(f"warmline ask: {error}", file=sys.stderr)  # noqa: T201 - the command's own output
        return 2
    except BrokenPipeError:
        # The reader went away (`| head`): nothing is wrong, and nobody is left to tell.
        sys.stdout = None  # or Python would complain while it flushes at exit
    return 0


def read_batch(path: Path) -> list[Question]:
    """Read a file of questions, a JSON object a line. Raises WrongUseError naming the file and line."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read as UTF-8 text ({error})"
        raise WrongUseError(message) from error
    questions = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                questions.append(_to_question(json.loads(line), number))
            except (ValueError, RecursionError) as error:
                message = f"{path}, line {number}: {error}"
                raise WrongUseError(message) from error
    return questions


def _to_question(value: object, number: int) -> Question:
    if not isinstance(value, dict) or not isinstance(value.get("question"), str):
        raise ValueError('not a JSON object with a "question" that is text')  # noqa: TRY004 - a wrong value in a file
    history = [] if value.get("history") is None else value["history"]
    if not isinstance(history, list) or not all(_is_turn(turn) for turn in history):
        raise ValueError('"history" must be a list of {"role": "customer" or "assistant", "text": text}')
    turns = tuple((turn["role"], turn["text"]) for turn in history)
    return Question(id=value.get("id", number), text=value["question"], history=turns)


def _is_turn(turn: object) -> bool:
    roles = (Role.CUSTOMER, Role.ASSISTANT)
    return isinstance(turn, dict) and turn.get("role") in roles and isinstance(turn.get("text"), str)


def _questions(args: Namespace) -> Sequence[Question]:
    if args.batch is not None and args.question is not None:
        raise WrongUseError("give a question or --batch FILE, not both")
    if args.batch is not None:
        return read_batch(args.batch)
    if args.question is None or not args.question.strip():
        raise WrongUseError('what is the question? Write warmline ask "..." or --batch FILE')
    return (Question(id=1, text=args.question),)


def _settings(args: Namespace) -> settings.Settings:
    if args.knowledge is not None and not args.config.exists():
        return settings.Settings()
    return settings.load(args.config)


def _await_conversions(opened: Knowledge) -> None:
    pending = opened.opening.pending
    while pending:
        pending = opened.refresh().pending


def _answered(opened: Knowledge, question: Question, chosen: answer.Settings) -> tuple[Question, Attempt, float]:
    """The attempt and its CPU time in milliseconds."""
    before = time.thread_time()
    attempt = asking.answer(question.text, question.history, opened.search, chosen)
    return question, attempt, (time.thread_time() - before) * 1_000


async def _print_written(
    args: Namespace, questions: Iterable[Question], opened: Knowledge, chosen: settings.Settings
) -> None:
    """Print what the model makes of each question. Raises WrongUseError where there is no model."""
    async with _author(chosen) as author:
        for question in questions:
            before = time.thread_time()
            spoken = language.of(question.text, "en")
            asked = Asked(text=question.text, history=question.history, language=spoken)
            written = await author.look_up(asked, opened.search, [])
            _print(args, question, written.attempt, (time.thread_time() - before) * 1_000)


@asynccontextmanager
async def _author(chosen: settings.Settings) -> AsyncIterator[Author]:
    """Who writes with the model of bot.toml. Raises WrongUseError where it names none, or its key is missing."""
    from bot import app  # it takes a while, and who asks without a model needs none of it

    model = await app.connect_model(chosen)
    if model is None:
        raise WrongUseError("--model needs the name of one under [llm] in bot.toml, and its key in the environment")
    try:
        yield Author(model, chosen.llm, name=chosen.assistant.name, phrases=phrases.load(), judge=chosen.answer)
    finally:
        await model.close()


def to_json(question: Question, attempt: Attempt, ms: float) -> dict[str, Any]:
    """The stable form of one answer; `passages` also when it abstains."""
    return {
        "id": question.id,
        "answer": attempt.reply,
        "grounded": attempt.grounded,
        "confidence": round(attempt.confidence, 4),
        "sources": [{"article": each.article, "heading": each.heading} for each in attempt.sources],
        "passages": [
            {"article": each.article, "heading": each.heading, "text": each.text, "score": round(each.score, 4)}
            for each in attempt.passages
        ],
        "ms": round(ms, 3),
    }


def _print(args: Namespace, question: Question, attempt: Attempt, ms: float) -> None:
    if args.json:
        print(json.dumps(to_json(question, attempt, ms), ensure_ascii=False))  # noqa: T201 - the command's own output
        return
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    if args.batch is not None:
        console.print(question.text, style="bold", markup=False)
    for line in _readable(attempt):
        console.print(Markdown(line) if console.is_terminal else line, markup=False)
    console.print()


def _readable(attempt: Attempt) -> Iterator[str]:
    sure = f"{attempt.confidence:.0%} sure"
    if attempt.reply is not None:
        yield attempt.reply
    elif attempt.unsure:
        yield f"Unsure: {attempt.why_not}. The nearest page is named below; a customer would be offered a person."
    else:
        yield f"No answer: {attempt.why_not}. A customer would be offered a person."
    for source in attempt.sources:
        yield f"[{source.article}{' > ' + source.heading if source.heading else ''}] ({sure})"


def _shows_progress(args: Namespace) -> bool:
    return args.batch is not None and sys.stderr.isatty()
