"""The knowledge folder on disk: which files there are, and reading one without being led astray."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TEXT_SUFFIXES = frozenset({".md", ".markdown", ".txt"})
CONVERTED_SUFFIXES = frozenset({".html", ".htm", ".pdf", ".docx"})
# Documents that somebody may expect to be read; pictures and the like are passed over in silence.
_FOREIGN_SUFFIXES = frozenset({".doc", ".rtf", ".odt", ".pages", ".epub", ".pptx", ".ppt", ".xlsx", ".xls", ".xhtml"})
_DEEPEST = 16
_MOST_ENTRIES = 100_000
_CHUNK_BYTES = 1 << 20


class KnowledgeError(Exception):
    """The knowledge folder cannot be used at all; the message names the path and the fix."""


class RefusedError(Exception):
    """One file cannot be an article; the message is the reason and what to do."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One file that looks like an article. `refusal` says why it may not be read, "" where it may.

    `signature` changes whenever the file does (times, size, inode), so that an unchanged one is not read again.
    """

    path: str
    signature: str
    changed_at: float
    size: int
    real: str  # where it lies on disk, links followed
    refusal: str = ""


def list_articles(root: Path) -> list[Listed]:
    """Every article file under the folder. Hidden ones are left out. Raises KnowledgeError."""
    try:
        real_root = root.resolve(strict=True)
        if not real_root.is_dir():
            message = f"the knowledge folder {str(root)!r} is not a folder: name one in [knowledge] folder"
            raise KnowledgeError(message)
        found: list[Listed] = []
        for at, listed in enumerate(_walk(real_root, real_root, "", 0)):
            if at >= _MOST_ENTRIES:
                message = f"{str(root)!r} holds over {_MOST_ENTRIES} articles: name a smaller [knowledge] folder"
                raise KnowledgeError(message)
            found.append(listed)
    except FileNotFoundError as error:
        message = f"the knowledge folder {str(root)!r} does not exist: create it, or name another in [knowledge] folder"
        raise KnowledgeError(message) from error
    except OSError as error:
        message = f"the knowledge folder {str(root)!r} cannot be read ({error.strerror}): give the bot the right to"
        raise KnowledgeError(message) from error
    return sorted(found, key=lambda listed: listed.path)


def read_bytes(listed: Listed, limit: int) -> bytes:
    """The content of one file, at most `limit` bytes. Raises RefusedError.

    Looked at again through the open file: between listing and opening it may have become a pipe, a link, or huge.
    """
    if listed.refusal:
        raise RefusedError(listed.refusal)
    if listed.size > limit:
        raise RefusedError(_too_large(listed.size, limit))
    # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(listed.real, flags)
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise RefusedError(_NOT_A_FILE)
            if facts.st_size > limit:
                raise RefusedError(_too_large(facts.st_size, limit))
            return _all_of(descriptor, limit)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RefusedError(f"cannot be read ({error.strerror}): give the bot the right to") from error


def _all_of(descriptor: int, limit: int) -> bytes:
    """Read to the end; a file that grows meanwhile is read no further than the limit."""
    content = bytearray()
    while len(content) < limit and (chunk := os.read(descriptor, min(_CHUNK_BYTES, limit - len(content)))):
        content += chunk
    return bytes(content)


def _too_large(size: int, limit: int) -> str:
    return f"is {size:,} bytes, over the limit of {limit:,}: split it, or raise [knowledge] max_file_bytes"


_LEAVES = "is a link that leads out of the knowledge folder: copy the file into it"
_NOT_A_FILE = "is not a regular file: remove it from the knowledge folder"


def _walk(root: Path, folder: Path, prefix: str, depth: int) -> Iterator[Listed]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "~$")):
                continue
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _inside(root, Path(entry.path), path, depth)
            elif (listed := _listed(root, entry, path)) is not None:
                yield listed


def _inside(root: Path, folder: Path, path: str, depth: int) -> Iterator[Listed]:
    if depth >= _DEEPEST:
        yield _refused(path, f"lies over {_DEEPEST} folders deep: move it up")
        return
    try:
        yield from _walk(root, folder, f"{path}/", depth + 1)
    except PermissionError:
        yield _refused(path, "is a folder that cannot be read: give the bot the right to")
    except FileNotFoundError:
        return  # removed while we looked


def _listed(root: Path, entry: os.DirEntry[str], path: str) -> Listed | None:
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - of a thousand names each second
    if suffix in _FOREIGN_SUFFIXES:
        return _refused(path, "is of a format that cannot be read: save it as .docx, .pdf, .html, .md or .txt")
    if suffix not in TEXT_SUFFIXES and suffix not in CONVERTED_SUFFIXES:
        return _refused(path, _LINKED_FOLDER) if entry.is_symlink() and entry.is_dir() else None
    if not path.isprintable():
        return _refused(path.encode("utf-8", "backslashreplace").decode(), "has unprintable characters in its name")
    real = entry.path
    try:
        facts = entry.stat()
        if entry.is_symlink():
            target = Path(entry.path).resolve(strict=True)
            if not target.is_relative_to(root):
                return _refused(path, _LEAVES)
            real = str(target)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        return _refused(path, f"cannot be read ({error}): repair or remove it")
    if not stat.S_ISREG(facts.st_mode):
        return _refused(path, _NOT_A_FILE)
    signature = f"{facts.st_mtime_ns}.{facts.st_ctime_ns}.{facts.st_size}.{facts.st_ino}"
    return Listed(path, signature, max(facts.st_mtime, facts.st_ctime), facts.st_size, real)


_LINKED_FOLDER = "is a link to a folder, which is not followed: copy the folder"


def _refused(path: str, reason: str) -> Listed:
    return Listed(path, f"refused: {reason}", 0.0, 0, "", reason)
