"""The folder's passages by meaning: embedded in the background, searched beside the words."""

import asyncio
import hashlib
from array import array
from collections.abc import Sequence

import structlog

from bot import vectors
from bot.conversation import Passage
from bot.knowledge import Knowledge, KnowledgeError
from bot.llm import Embedder, ModelError, Usage
from bot.store.vectors import Vectors
from bot.vectors import Placed, Vector

log = structlog.get_logger()

AT_ONCE = 64  # passages of one request
PASSAGES_SECONDS = 60.0
QUESTION_SECONDS = 2.0
PASSAGES = 10


class Embeddings:
    """Finds passages by meaning. Whatever goes wrong, nothing is found, and the words alone decide as without it."""

    def __init__(self, knowledge: Knowledge, embedder: Embedder, kept: Vectors) -> None:
        """Know nothing yet; `refresh` reads the folder."""
        self._knowledge, self._embedder, self._kept = knowledge, embedder, kept
        self._edition = -1
        self._placed: tuple[Placed, ...] = ()
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> None:
        """Take over what changed in the folder; what is new is embedded, the rest is known. Never raises."""
        if self._refreshing.locked():
            return
        async with self._refreshing:
            try:
                edition, passages = await asyncio.to_thread(self._knowledge.everything)
            except KnowledgeError:
                return
            if edition == self._edition:
                return
            known = await asyncio.to_thread(self._kept.known, self._embedder.name)
            found = {text: _vector(numbers) for text, numbers in known.items()}
            complete = await self._embed_missing(passages, found)
            await asyncio.to_thread(self._place, passages, found)
            if complete:
                self._edition = edition
                await asyncio.to_thread(self._kept.drop_others, self._embedder.name, map(_hash, passages))

    async def nearest(self, question: str, *, internal: bool, seconds: float, bill: list[Usage]) -> tuple[Passage, ...]:
        """The passages nearest to a question, best first; none where the endpoint is of no help in time."""
        among = [one for one in self._placed if internal or not one.passage.internal]
        seconds = min(seconds, QUESTION_SECONDS)
        if not among or seconds <= 0:
            return ()
        try:
            (numbers,) = await self._embedder.embed([question], seconds=seconds, bill=bill)
        except ModelError as error:
            log.info("without_embeddings", why=str(error.why), reason=error.reason)
            return ()
        return await asyncio.to_thread(vectors.nearest, vectors.to_vector(numbers), among, PASSAGES)

    async def _embed_missing(self, passages: Sequence[Passage], found: dict[str, Vector]) -> bool:
        """Embed what is not known yet; False when the endpoint gave up on the way."""
        missing = list({_hash(one): one for one in passages if _hash(one) not in found}.items())
        bill: list[Usage] = []
        for begin in range(0, len(missing), AT_ONCE):
            some = missing[begin : begin + AT_ONCE]
            try:
                rows = await self._embedder.embed([_text(one) for _, one in some], seconds=PASSAGES_SECONDS, bill=bill)
            except ModelError:
                return False
            new = {text: vectors.to_vector(row) for (text, _), row in zip(some, rows, strict=True)}
            found |= new
            numbers = {text: vector.tobytes() for text, vector in new.items()}
            await asyncio.to_thread(self._kept.keep, self._embedder.name, numbers)
        if missing:
            log.info("passages_embedded", passages=len(missing), tokens=sum(usage.tokens_in for usage in bill))
        return True

    def _place(self, passages: Sequence[Passage], found: dict[str, Vector]) -> None:
        self._placed = tuple(vectors.placed(one, found[text]) for one in passages if (text := _hash(one)) in found)


def _text(passage: Passage) -> str:
    """A passage as it is embedded: where it stands says what it is about."""
    return "\n".join(part for part in (passage.title, passage.heading, passage.text) if part)


def _hash(passage: Passage) -> str:
    return hashlib.sha256(_text(passage).encode("utf-8", "replace")).hexdigest()


def _vector(numbers: bytes) -> Vector:
    found: Vector = array("f")
    found.frombytes(numbers[: len(numbers) // found.itemsize * found.itemsize])
    return found
