"""The model's work for one conversation: search better, write from passages, and say nothing that they do not."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import structlog

from bot import answer, gate, grounding, language, prompts
from bot.author import briefs, followups
from bot.author.sentences import Said, joined, read_answer, to_text
from bot.conversation import Attempt, Json, Passage, Source
from bot.evidence import Found
from bot.llm import Asked, BrokenReplyError, Model, ModelError, Reply, Settings, Usage
from bot.rules import Phrases
from bot.words import content_tokens, language_of, tokens

log = structlog.get_logger()

History: TypeAlias = Sequence[tuple[str, str]]
Search: TypeAlias = Callable[[str, History], Found]

LONGEST_PASSAGE = 2_500
LEAST_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, with the turns before it (role and text, oldest first) and the language to answer in."""

    text: str
    history: tuple[tuple[str, str], ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An attempt at an answer, and what the model said besides: why a person is needed, empty if none is.

    `by_model` is false where it was of no help. `dropped` says why each sentence was taken out; `rewritten` is the
    question that was searched, where it is another.
    """

    attempt: Attempt
    by_model: bool = False
    needs_person: str = ""
    dropped: tuple[str, ...] = ()
    rewritten: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What an agent reads first; each part is empty or None where the plain one stands."""

    summary: str = ""
    next_step: str = ""
    draft: Attempt | None = None


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
        self._settings, self._name, self._phrases, self._judge = settings, name, phrases, judge
        self._monotonic = monotonic

    async def look_up(self, question: Question, search: Search, bill: list[Usage]) -> Written:
        """Find and write an answer, in at most `turn_seconds`; its cost goes on the bill. Raises KnowledgeError."""
        until = self._monotonic() + self._settings.turn_seconds
        attempt = answer.compose(question.text, search(question.text, question.history), self._judge)
        question = replace(question, history=_before(question))
        passages = attempt.passages
        rewritten = await self._stand_alone(question, bill, until)
        if rewritten:
            again = answer.compose(rewritten, search(rewritten, ()), self._judge)
            passages = _merged(again.passages, passages)
            attempt = max(attempt, again, key=lambda one: one.confidence)
        read = tuple(_clipped(passage) for passage in passages[: self._settings.passages])
        if not read:
            return Written(attempt=attempt, rewritten=rewritten)
        asked = replace(question, text=rewritten or question.text)
        written = await self._write(asked, read, attempt, bill, until)
        return replace(written, rewritten=rewritten)

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
        better = self._backed(said.reply, passages, draft, why) if draft and said.reply else None
        grounded = better.attempt if better and better.attempt.grounded else None
        return Prepared(summary=said.summary, next_step=said.next_step, draft=grounded)

    async def _stand_alone(self, question: Question, bill: list[Usage], until: float) -> str:
        """A follow-up put as a question of its own; empty where it is none, or the model is of no help with it."""
        seconds = min(self._settings.rewrite_seconds, until - self._monotonic())
        if seconds < LEAST_SECONDS or not followups.leans(question.text, question.history):
            return ""
        asked = Asked(
            purpose="rewrite",
            messages=prompts.rewrite(question.text, question.history),
            seconds=seconds,
            schema=prompts.REWRITE_SCHEMA,
            check=_rewritten,
        )
        reply = await self._ask(asked, bill)
        rewritten = _rewritten(reply.value) if reply is not None else ""
        usable = followups.is_usable(rewritten, question.text, question.history)
        return rewritten if usable and rewritten.casefold() != question.text.strip().casefold() else ""

    async def _write(
        self, question: Question, passages: Sequence[Passage], plain: Attempt, bill: list[Usage], until: float
    ) -> Written:
        seconds = until - self._monotonic()
        if seconds < LEAST_SECONDS:
            return Written(attempt=plain)
        asked = Asked(
            purpose="answer",
            messages=prompts.answer(
                question.text, question.history, passages, language=question.language, assistant=self._name
            ),
            seconds=seconds,
            schema=prompts.ANSWER_SCHEMA,
            check=read_answer,
        )
        reply = await self._ask(asked, bill)
        if reply is None:
            return Written(attempt=plain)
        said = read_answer(reply.value)
        everything = joined([claim.text for claim in said.sentences])
        if everything and language.of(everything, question.language) != question.language:
            return Written(attempt=plain, dropped=("it is in another language",))
        return replace(self._judged(said, passages, plain, question.text), by_model=True)

    async def _ask(self, asked: Asked, bill: list[Usage]) -> Reply | None:
        """Ask; None where the model is of no help, which the door has told whoever must know."""
        try:
            return await self.model.ask(asked, bill)
        except ModelError as error:
            log.info("without_model", purpose=asked.purpose, why=str(error.why), reason=error.reason)
            return None

    def _judged(self, said: Said, passages: Sequence[Passage], plain: Attempt, question: str) -> Written:
        if said.not_in_passages or not said.sentences:
            why_not = "the model found no answer in the passages"
            return Written(attempt=_without_answer(plain, passages, why_not), needs_person=said.needs_person)
        written = self._backed(said.sentences, passages, plain, question)
        return replace(written, needs_person=said.needs_person)

    def _backed(
        self, sentences: Sequence[grounding.Claim], passages: Sequence[Passage], plain: Attempt, question: str
    ) -> Written:
        """Keep what its passages say and the gate lets out; without the heart of it there is no answer."""
        allowed = [claim for claim in sentences if not self._forbidden(claim.text)]
        checked = grounding.check(allowed, passages, question=question, names=(self._name,))
        cited = {claim.text: claim.sources for claim in allowed}
        doubtful = [claim for claim in checked.kept if not self._holds_there(claim, cited[claim.text], passages)]
        kept = [claim for claim in checked.kept if claim not in doubtful]
        reasons = (
            *("not for the customer" for _ in range(len(sentences) - len(allowed))),
            *(drop.reason for drop in checked.dropped),
            *("the passage that it cites does not say so" for _ in doubtful),
        )
        if checked.heart_gone or not kept or _heart(allowed, question) in {claim.text for claim in doubtful}:
            why_not = f"what the model wrote is not in its passages: {'; '.join(reasons)}"[:300]
            return Written(attempt=_without_answer(plain, passages, why_not), dropped=reasons)
        attempt = replace(
            plain,
            passages=tuple(passages),
            reply=joined([claim.text for claim in kept]),
            grounded=True,
            unsure=False,
            sources=_sources(kept, passages),
            why_not="",
        )
        return Written(attempt=attempt, dropped=reasons)

    def _holds_there(self, claim: grounding.Claim, cited: tuple[int, ...], passages: Sequence[Passage]) -> bool:
        """Whether a passage that the model did not cite backs a sentence without any word of the question.

        The question's own words are easily found elsewhere: of "can I return a rope?" a price list for ropes would make
        a yes, though the passage that was cited says no.
        """
        if not claim.sources or not set(claim.sources).isdisjoint(cited):
            return True
        return bool(grounding.check([claim], passages, question="", names=(self._name,)).kept)

    def _forbidden(self, text: str) -> bool:
        return gate.find_problem(text, self._phrases) is not None or prompts.leaks(text)


def _heart(claims: Sequence[grounding.Claim], question: str) -> str:
    """The sentence that holds most words of the question."""
    asked = frozenset(content_tokens(question, language_of(question)))
    return max((claim.text for claim in claims), key=lambda text: len(asked & frozenset(tokens(text))), default="")


def _before(question: Question) -> tuple[tuple[str, str], ...]:
    """The turns before the burst of messages that the question is made of."""
    end = len(question.history)
    while end and question.history[end - 1][0] == "customer" and question.history[end - 1][1] in question.text:
        end -= 1
    return question.history[:end]


def _without_answer(plain: Attempt, passages: Sequence[Passage], why_not: str) -> Attempt:
    return replace(
        plain, passages=tuple(passages), reply=None, grounded=False, unsure=False, sources=(), why_not=why_not
    )


def _sources(kept: Sequence[grounding.Claim], passages: Sequence[Passage]) -> tuple[Source, ...]:
    """Where the sentences stand, in their order."""
    cited = [passages[n - 1] for claim in kept for n in claim.sources if 0 < n <= len(passages)]
    return tuple(dict.fromkeys(Source(article=passage.article, heading=passage.heading) for passage in cited))


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
