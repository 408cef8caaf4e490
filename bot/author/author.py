"""The model's work for one conversation: search better, write from passages, and say nothing that they do not."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import structlog

from bot import answer, asking, language, prompts
from bot.asking import Search
from bot.author import briefs, followups
from bot.author.checking import House, backed, without_answer
from bot.author.papers import Prepared, Question, Written
from bot.author.sentences import joined, read_answer, to_text
from bot.conversation import Attempt, Json, Passage
from bot.llm import Asked, BrokenReplyError, Model, ModelError, Reply, Settings, ToolCall, Usage
from bot.rules import Phrases
from bot.tools import Looked, Toolbox
from bot.vectors import fused

log = structlog.get_logger()

History: TypeAlias = Sequence[tuple[str, str]]
Nearest: TypeAlias = Callable[[str, float, list[Usage]], Awaitable[Sequence[Passage]]]

LONGEST_PASSAGE = 2_500
LEAST_SECONDS = 0.5
MOST_FOUND = 10


class ToolFailedError(Exception):
    """A look-up broke or took too long; the message names the tool."""


class Author:
    """Writes with one model. Whatever goes wrong with it, what comes back is what would have been said without it."""

    def __init__(
        self,
        model: Model,
        settings: Settings,
        *,
        name: str,
        phrases: Phrases,
        judge: answer.Settings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write as `name`. `judge` is what quotes the passages where the model does not help."""
        self.model = model
        self._settings, self._judge = settings, judge
        self._house = House(name=name, phrases=phrases)
        self._monotonic = monotonic

    async def look_up(
        self,
        question: Question,
        search: Search,
        bill: list[Usage],
        toolbox: Toolbox | None = None,
        *,
        nearest: Nearest | None = None,
    ) -> Written:
        """Find and write an answer, in at most `turn_seconds`; its cost goes on the bill. Raises KnowledgeError.

        `nearest` finds passages by meaning too: for a text, in so many seconds.
        """
        until = self._monotonic() + self._settings.turn_seconds
        attempt = asking.answer(question.text, question.history, search, self._judge)
        question = replace(question, history=_before(question))
        passages = attempt.passages
        foreign = not attempt.grounded and question.language != self._settings.search_language
        into = self._settings.search_language if foreign else ""
        rewritten = await self._put_for_search(question, bill, until, into=into)
        if rewritten:
            again = answer.compose(rewritten, search(rewritten, ()), self._judge)
            passages = _merged(again.passages, passages)
            attempt = max(attempt, again, key=lambda one: one.confidence)
        if nearest is not None:
            near = await nearest(rewritten or question.text, until - self._monotonic(), bill)
            passages = fused(passages, near, MOST_FOUND)
        read = tuple(_clipped(passage) for passage in passages[: self._settings.passages])
        if not read and toolbox is None:
            return Written(attempt=attempt, rewritten=rewritten)
        asked = replace(question, text=question.text if into else rewritten or question.text)
        try:
            written = await self._write(asked, read, attempt, bill, until, toolbox)
        except ToolFailedError as error:
            written = Written(attempt=attempt, failed=str(error))
        return replace(written, rewritten=rewritten, looked_up=tuple(toolbox.used) if toolbox else ())

    async def prepare(
        self, transcript: History, why: str, draft: Attempt | None, *, spoken: str, bill: list[Usage]
    ) -> Prepared:
        """Prepare an agent's first look in at most `handoff_seconds`; `draft` is the plain reply found for them."""
        if self._settings.handoff_seconds < LEAST_SECONDS:
            return Prepared()
        passages = tuple(_clipped(p) for p in draft.passages[: self._settings.passages]) if draft else ()
        asked = Asked(
            purpose="handoff",
            messages=prompts.handoff(transcript, why, passages, language=spoken),
            seconds=self._settings.handoff_seconds,
            schema=prompts.HANDOFF_SCHEMA,
            check=briefs.read,
        )
        reply = await self._ask(asked, bill)
        if reply is None:
            return Prepared()
        said = briefs.checked(briefs.read(reply.value), transcript, passages)
        better = None
        if draft and said.reply:
            house = self._house
            better = backed(said.reply, passages, draft, question=why, language=spoken, house=house).attempt
        return Prepared(
            summary=said.summary, next_step=said.next_step, draft=better if better and better.grounded else None
        )

    async def _put_for_search(self, question: Question, bill: list[Usage], until: float, *, into: str) -> str:
        """A follow-up put as a question of its own, or a question put `into` the articles' language.

        Empty where it is neither, or the model is of no help with it.
        """
        seconds = min(self._settings.rewrite_seconds, until - self._monotonic())
        if seconds < LEAST_SECONDS or not (into or followups.leans(question.text, question.history)):
            return ""
        asked = Asked(
            purpose="rewrite",
            messages=prompts.rewrite(question.text, question.history, into=into),
            seconds=seconds,
            schema=prompts.REWRITE_SCHEMA,
            check=_rewritten,
        )
        reply = await self._ask(asked, bill)
        rewritten = _rewritten(reply.value) if reply is not None else ""
        if into:
            usable = followups.is_a_line(rewritten) and language.of(rewritten, into) == into
        else:
            usable = followups.is_usable(rewritten, question.text, question.history)
        return rewritten if usable and rewritten.casefold() != question.text.strip().casefold() else ""

    async def _write(
        self,
        question: Question,
        passages: tuple[Passage, ...],
        plain: Attempt,
        bill: list[Usage],
        until: float,
        toolbox: Toolbox | None,
    ) -> Written:
        messages: list[Mapping[str, Any]] = [
            *prompts.answer(
                question.text,
                question.history,
                passages,
                language=question.language,
                assistant=self._house.name,
                tools=toolbox is not None,
            )
        ]
        while (seconds := until - self._monotonic()) >= LEAST_SECONDS:
            asked = Asked(
                purpose="answer",
                messages=messages,
                seconds=seconds,
                schema=prompts.ANSWER_SCHEMA,
                check=read_answer,
                tools=toolbox.offered() if toolbox is not None else (),
            )
            reply = await self._ask(asked, bill)
            if reply is None:
                break
            if not reply.calls:
                return self._judged(reply, question, passages, plain)
            if toolbox is None or not asked.tools:
                break  # it calls what nobody offered
            messages.append(_as_message(reply))
            for call in reply.calls:
                looked = await _looked_up(toolbox, call)
                passages = (*passages, looked.passage) if looked.passage is not None else passages
                messages.append(_as_result(call, looked, number=len(passages)))
        return Written(attempt=plain)

    async def _ask(self, asked: Asked, bill: list[Usage]) -> Reply | None:
        """Ask; None where the model is of no help, which the door has told whoever must know."""
        try:
            return await self.model.ask(asked, bill)
        except ModelError as error:
            log.info("without_model", purpose=asked.purpose, why=str(error.why), reason=error.reason)
            return None

    def _judged(self, reply: Reply, question: Question, passages: Sequence[Passage], plain: Attempt) -> Written:
        said = read_answer(reply.value)
        everything = joined([claim.text for claim in said.sentences])
        if everything and language.of(everything, question.language) != question.language:
            return Written(attempt=plain, dropped=("it is in another language",))
        if said.not_in_passages or not said.sentences:
            nothing = without_answer(plain, passages, "the model found no answer in the passages")
            return Written(attempt=nothing, by_model=True, needs_person=said.needs_person)
        written = backed(
            said.sentences, passages, plain, question=question.text, language=question.language, house=self._house
        )
        return replace(written, by_model=True, needs_person=said.needs_person)


async def _looked_up(toolbox: Toolbox, call: ToolCall) -> Looked:
    """One look-up in time. Raises ToolFailedError."""
    try:
        async with asyncio.timeout(toolbox.seconds):
            return await toolbox.look_up(call.name, call.arguments)
    except (TimeoutError, OSError) as error:
        raise ToolFailedError(call.name[:40]) from error


def _as_message(reply: Reply) -> Mapping[str, Any]:
    """The model's calls, as it must read them again."""
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in reply.calls
    ]
    return {"role": "assistant", "content": reply.text or None, "tool_calls": calls}


def _as_result(call: ToolCall, looked: Looked, *, number: int) -> Mapping[str, Any]:
    """What a look-up gave, fenced like everything that others wrote; numbered where it may be cited."""
    label = f"passage {number}" if looked.passage is not None else "look-up"
    head = f"{looked.passage.title}\n" if looked.passage is not None else ""
    return {"role": "tool", "tool_call_id": call.id, "content": prompts.fenced([(label, head + looked.text)])[1]}


def _before(question: Question) -> tuple[tuple[str, str], ...]:
    """The turns before the burst of messages that the question is made of."""
    end = len(question.history)
    while end and question.history[end - 1][0] == "customer" and question.history[end - 1][1] in question.text:
        end -= 1
    return question.history[:end]


def _merged(first: Sequence[Passage], second: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages of two searches in turn, the better search first, each once."""
    known = {(passage.article, passage.text) for passage in first[:3]}
    more = [passage for passage in second if (passage.article, passage.text) not in known]
    both = [*first[:3], *more[:3], *first[3:], *more[3:]]
    return tuple({(passage.article, passage.text): passage for passage in both}.values())


def _clipped(passage: Passage) -> Passage:
    """A passage as the model and the check read it: the same text for both."""
    return replace(passage, text=passage.text[:LONGEST_PASSAGE])


def _rewritten(value: Mapping[str, Json]) -> str:
    if "question" not in value:
        raise BrokenReplyError("it holds no question")
    return " ".join(to_text(value["question"]).split())
