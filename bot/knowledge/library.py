"""The knowledge folder, kept current: what changed on disk is what is searched a moment later."""

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from bot.conversation import Passage
from bot.evidence import Article, Found
from bot.knowledge.converter import Converter
from bot.knowledge.folder import (
    TEXT_SUFFIXES,
    KnowledgeError,
    Listed,
    RefusedError,
    list_articles,
    read_bytes,
)
from bot.knowledge.reader import Text, decoded, to_article
from bot.knowledge.search import Edition, search
from bot.store.knowledge import Entry, Index, IndexChangedError, IndexUnusableError

# A file changed so shortly before it was read may change again without its times showing it.
_SETTLED_SECONDS = 0.1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is read, and how often."""

    folder: str = "knowledge"  # with the articles; relative to the working directory
    refresh_seconds: float = 1.0  # between two looks at the folder; a change is answered from within twice that
    max_file_bytes: int = 10_000_000  # a larger file is skipped unread
    conversion_seconds: float = 2.0  # a look waits at most so long for .html, .pdf and .docx; the rest comes later


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An article that is not searched, and the one reason why."""

    article: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one look at the folder changed; false when nothing did.

    `pending` articles are still being converted and not searched yet.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    pending: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.skipped)


class Knowledge:
    """The articles of one folder, searchable. `opening` holds what the first look found."""

    def __init__(self, folder: Path, index: Index, settings: Settings) -> None:
        self._folder, self._index, self._settings = folder, index, settings
        self._edition = Edition(index)
        self._converter = Converter()
        self._looking = threading.Lock()
        self._entries = index.entries()
        self._unreadable = ""
        self._closed = False
        self.opening = Changes()

    @classmethod
    def open(cls, folder: Path, *, database: Path | None, settings: Settings) -> "Knowledge":
        """Index the folder, or what changed of it since `database` was written; None keeps the index in memory.

        An index file that cannot be used costs a warning and a rebuild in memory, never the start.
        Raises KnowledgeError when the folder is missing, unreadable, or holds nothing that can be read.
        """
        listed = list_articles(folder)  # before anything is made: a wrong path must not leave an index behind
        try:
            index = Index.open(database)
        except IndexUnusableError as error:
            log.warning("knowledge_index_rebuilt_in_memory", reason=str(error))
            index = Index.open(None)
        knowledge = cls(folder, index, settings)
        for entry in knowledge._entries.values():
            if entry.refusal:
                _warn(Skipped(article=entry.path, reason=entry.refusal))
        knowledge.opening = knowledge._look(listed)
        if not knowledge.opening.pending and not knowledge.articles:
            knowledge.close()
            message = f"the knowledge folder {str(folder)!r} holds no article that can be read: put .md files into it"
            raise KnowledgeError(message)
        return knowledge

    @property
    def articles(self) -> tuple[str, ...]:
        """The paths of the articles that are searched."""
        return tuple(sorted(path for path, entry in self._entries.items() if not entry.refusal))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The articles that are not searched, and why."""
        return tuple(Skipped(article=e.path, reason=e.refusal) for e in self._entries.values() if e.refusal)

    def search(self, question: str, history: Sequence[tuple[str, str]], *, internal: bool = False) -> Found:
        """Find at most ten passages, best first, and the evidence to judge them by.

        `history` is (role, text) of the earlier turns, oldest first. Pages for internal use are found only where
        asked for. May run while `refresh` does, in another thread. Raises KnowledgeError.
        """
        while True:
            edition = self._edition
            try:
                return search(edition, question, history, internal=internal)
            except IndexChangedError:
                self._see_again(edition)
            except IndexUnusableError as error:
                if self._edition is edition:
                    raise KnowledgeError(str(error)) from error

    def edition(self) -> int:
        """A number that changes with the passages. Raises KnowledgeError."""
        try:
            return self._index.edition()
        except IndexUnusableError as error:
            raise KnowledgeError(str(error)) from error

    def everything(self) -> tuple[int, tuple[Passage, ...]]:
        """All passages, and a number that changes with them. Raises KnowledgeError."""
        try:
            return self._index.everything()
        except IndexUnusableError as error:
            raise KnowledgeError(str(error)) from error

    def refresh(self) -> Changes:
        """Look at the folder and take over what changed, in one transaction. Cheap when nothing did.

        A folder that vanished holds nothing: its facts can no longer be proven, so they are not said again.
        """
        with self._looking:
            return Changes() if self._closed else self._look(self._listed())

    def close(self) -> None:
        """End the converter and close the index; a look that is under way ends first. Safe to call twice."""
        self._converter.close()
        with self._looking:
            self._closed = True
            self._index.close()

    def _look(self, listed: Sequence[Listed]) -> Changes:
        look = Look(self._settings, self._entries, self._converter)
        changes = look.at(listed)
        try:
            self._take_over(look)
        except IndexUnusableError as error:
            self._rebuild(error)
        return changes

    def _listed(self) -> list[Listed]:
        try:
            listed = list_articles(self._folder)
        except KnowledgeError as error:
            if not self._unreadable:
                log.warning("knowledge_folder_lost", reason=str(error))
            self._unreadable = str(error)
            return []
        self._unreadable = ""
        return listed

    def _take_over(self, look: "Look") -> None:
        if look.read or look.gone:
            self._index.replace(look.read, look.gone)
            self._edition = Edition(self._index)
        if look.touched:
            self._index.touch(look.touched)
        for path in look.gone:
            self._entries.pop(path, None)
        for entry in (*(entry for entry, _ in look.read), *look.touched):
            self._entries[entry.path] = entry

    def _see_again(self, edition: Edition) -> None:
        """Take the newest edition: a look has written one, and may not have said so yet. Raises KnowledgeError."""
        if self._edition is edition:
            try:
                self._edition = Edition(self._index)
            except IndexUnusableError as error:
                raise KnowledgeError(str(error)) from error

    def _rebuild(self, error: IndexUnusableError) -> None:
        """Go on in memory: what is on a full or broken disk may be stale, and stale facts must not be said."""
        log.warning("knowledge_index_rebuilt_in_memory", reason=str(error))
        broken, self._index, self._entries = self._index, Index.open(None), {}
        look = Look(self._settings, self._entries, self._converter)
        look.at(self._listed())
        self._take_over(look)
        broken.close()


class Look:
    """One look at the folder: what to write (`read`), to drop (`gone`), to remember as unchanged (`touched`)."""

    def __init__(self, settings: Settings, entries: dict[str, Entry], converter: Converter) -> None:
        self._settings, self._entries, self._converter = settings, entries, converter
        self._waiting: dict[tuple[str, str], tuple[Listed, Entry]] = {}
        self.read: list[tuple[Entry, Article | None]] = []
        self.gone: list[str] = []
        self.touched: list[Entry] = []

    def at(self, listed: Sequence[Listed]) -> Changes:
        """Compare with what was known, and read what is new or changed."""
        before = self._entries
        for each in listed:
            known = before.get(each.path)
            if known is None or known.signature != each.signature:
                self._look_at(each, known)
        pending = self._converted()
        self.gone = list(before.keys() - {each.path for each in listed})
        # A file that changed and cannot be told anew yet must not be quoted as it was.
        self.gone.extend(path for path in pending if path in before)
        indexed = [entry.path for entry, article in self.read if article is not None]
        was_indexed = {path for path in indexed if path in before and not before[path].refusal}
        skipped = tuple(Skipped(article=e.path, reason=e.refusal) for e, _ in self.read if e.refusal)
        for each_skipped in skipped:
            _warn(each_skipped)
        return Changes(
            added=tuple(path for path in indexed if path not in was_indexed),
            changed=tuple(path for path in indexed if path in was_indexed),
            removed=tuple(sorted(set(self.gone) - set(pending))),
            skipped=skipped,
            pending=pending,
        )

    def _look_at(self, listed: Listed, known: Entry | None) -> None:
        try:
            content = read_bytes(listed, self._settings.max_file_bytes)
        except RefusedError as error:
            self._refuse(listed, "", error)
            return
        entry = Entry(path=listed.path, signature=_signature(listed), sha256=hashlib.sha256(content).hexdigest())
        if known is not None and known.sha256 == entry.sha256:
            if known.signature != entry.signature:
                self.touched.append(replace(entry, refusal=known.refusal))
            return
        self._read(listed, entry, content)

    def _read(self, listed: Listed, entry: Entry, content: bytes) -> None:
        suffix = os.path.splitext(listed.path)[1].lower()  # noqa: PTH122 - of a thousand names at the start
        if suffix in TEXT_SUFFIXES:
            try:
                self._cut(decoded(content), listed, entry)
            except RefusedError as error:
                self._refuse(listed, entry.sha256, error)
        else:
            key = (listed.path, entry.sha256)
            self._waiting[key] = (listed, entry)
            self._converter.submit(key, suffix, content)

    def _converted(self) -> tuple[str, ...]:
        """Take what the converter has done; returns the paths that it still works on."""
        if self._waiting:
            self._converter.wait(self._settings.conversion_seconds)
        done = self._converter.collect()
        for key, (listed, entry) in self._waiting.items():
            match done.get(key):
                case Text() as text:
                    self._cut(text, listed, entry)
                case RefusedError() as error:
                    self._refuse(listed, entry.sha256, error)
        return tuple(path for path, sha256 in self._waiting if (path, sha256) not in done)

    def _cut(self, text: Text, listed: Listed, entry: Entry) -> None:
        try:
            self.read.append((entry, to_article(text, listed)))
        except RefusedError as error:
            self._refuse(listed, entry.sha256, error)

    def _refuse(self, listed: Listed, sha256: str, error: RefusedError) -> None:
        entry = Entry(path=listed.path, signature=_signature(listed), sha256=sha256, refusal=str(error))
        self.read.append((entry, None))


def _signature(listed: Listed) -> str:
    """The file's signature, or one that no file has while it may still be changing."""
    settled = listed.refusal or time.time() - listed.changed_at > _SETTLED_SECONDS
    return listed.signature if settled else f"unsettled {listed.signature}"


def _warn(skipped: Skipped) -> None:
    log.warning("article_skipped", article=skipped.article, reason=skipped.reason)
