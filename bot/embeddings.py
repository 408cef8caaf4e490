"""The folder's passages by meaning: embedded in the background, searched beside the words."""

import asyncio
import hashlib
from array import array
from collections.abc import Mapping, Sequence

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
        self._passages: tuple[tuple[str, Passage], ...] = ()  # with the hash of each
        self._known: dict[str, Vector] | None = None
        self._complete = False
        self._placed: tuple[Placed, ...] = ()
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> None:
        """Take over what changed in the folder; what is new is embedded, the rest is known. Never raises."""
        if self._refreshing.locked():
            return
        async with self._refreshing:
            try:
                known, changed = await asyncio.to_thread(self._read)
            except KnowledgeError:
                return
            if self._complete and not changed:
                return
            before = len(known)
            self._complete = await self._embed_missing(known)
            if changed or len(known) > before:
                await asyncio.to_thread(self._place, known)
            if self._complete:
                await asyncio.to_thread(self._drop_others, known)

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

    def _read(self) -> tuple[dict[str, Vector], bool]:
        """What is known of the texts, and whether the folder changed since the last look. Raises KnowledgeError."""
        known = self._known
        if known is None:
            kept = self._kept.known(self._embedder.name)
            known = self._known = {text: _vector(numbers) for text, numbers in kept.items()}
        if self._knowledge.edition() == self._edition:
            return known, False
        self._complete = False
        self._edition, passages = self._knowledge.everything()
        self._passages = tuple((_hash(one), one) for one in passages)
        return known, True

    async def _embed_missing(self, known: dict[str, Vector]) -> bool:
        """Embed what is not known yet; False when the endpoint gave up on the way."""
        missing = list({text: one for text, one in self._passages if text not in known}.items())
        bill: list[Usage] = []
        for begin in range(0, len(missing), AT_ONCE):
            some = missing[begin : begin + AT_ONCE]
            try:
                rows = await self._embedder.embed([_text(one) for _, one in some], seconds=PASSAGES_SECONDS, bill=bill)
            except ModelError:
                return False
            known |= await asyncio.to_thread(self._keep, [text for text, _ in some], rows)
        if missing:
            log.info("passages_embedded", passages=len(missing), tokens=sum(usage.tokens_in for usage in bill))
        return True

    def _keep(self, texts: Sequence[str], rows: Sequence[Sequence[float]]) -> dict[str, Vector]:
        new = {text: vectors.to_vector(row) for text, row in zip(texts, rows, strict=True)}
        self._kept.keep(self._embedder.name, {text: vector.tobytes() for text, vector in new.items()})
        return new

    def _place(self, known: Mapping[str, Vector]) -> None:
        self._placed = tuple(vectors.placed(one, known[text]) for text, one in self._passages if text in known)

    def _drop_others(self, known: dict[str, Vector]) -> None:
        texts = {text for text, _ in self._passages}
        self._kept.drop_others(self._embedder.name, texts)
        for gone in known.keys() - texts:
            del known[gone]


def _text(passage: Passage) -> str:
    """A passage as it is embedded: where it stands says what it is about."""
    return "\n".join(part for part in (passage.title, passage.heading, passage.text) if part)


def _hash(passage: Passage) -> str:
    return hashlib.sha256(_text(passage).encode("utf-8", "replace")).hexdigest()


def _vector(numbers: bytes) -> Vector:
    found: Vector = array("f")
    found.frombytes(numbers[: len(numbers) // found.itemsize * found.itemsize])
    return found
