"""A raw mail cut into its parts. Linear in its size, whatever it holds; never raises."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from channels.email.charsets import decode
from channels.email.headers import MAX_BYTES, from_base64, to_text

MAX_DEPTH = 50
MAX_PARTS = 500
MAX_HEADER_BLOCK = 1_000_000
BLANK = re.compile(rb"\r?\n[ \t]*\r?\n|\Z")
FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:[ \t]*(.*)", re.DOTALL)
PARAMETER = re.compile(r";\s*([\w*.-]{1,60})\s*=\s*(?:\"((?:[^\"\\]|\\.){0,2000})\"|([^;\s]{0,2000}))")
CONTINUED = re.compile(r"(.+?)\*(\d{1,3})?(\*)?$")
LINE_FEED = re.compile(rb"\r\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its headers by name (in small letters), its type, and where its body is in the raw mail."""

    headers: dict[str, list[bytes]]
    type: str
    parameters: dict[str, str]
    body: memoryview
    depth: int = 0
    children: "list[Part]" = field(default_factory=list)

    def all(self, name: str) -> list[bytes]:
        """Every value of a header."""
        return self.headers.get(name, [])

    def first(self, name: str) -> bytes:
        """The first value of a header, empty where there is none."""
        values = self.headers.get(name)
        return values[0] if values else b""

    def content(self) -> bytes:
        """The body with its transfer encoding undone."""
        encoding = self.first("content-transfer-encoding").strip().lower()
        data = bytes(self.body)
        if encoding.startswith(b"base64"):
            return from_base64(data)
        if encoding.startswith(b"quoted-printable"):
            return binascii.a2b_qp(data)
        if encoding in (b"x-uuencode", b"uuencode", b"x-uue"):
            return _from_uu(data)
        return data

    def text(self) -> str:
        """The content as text."""
        return decode(self.content(), self.parameters.get("charset", "")).replace("\0", "")

    def file_name(self) -> str:
        """The name under which it was attached, without a path."""
        disposition = parameters(to_text(self.first("content-disposition")))
        name = disposition.get("filename") or self.parameters.get("name", "")
        return to_text(name.encode("utf-8", "replace")).replace("\\", "/").rsplit("/", 1)[-1][:200]

    def is_attached(self) -> bool:
        """Whether it is meant as a file."""
        disposition = self.first("content-disposition").strip().lower()
        return disposition.startswith(b"attachment") or (bool(self.file_name()) and self.type != "text/plain")


def parse(raw: bytes) -> tuple[Part, bool]:
    """The mail as a tree of parts; True when there was more than we look at (too deep, or too many parts)."""
    if raw.startswith((b"\xef\xbb\xbf", b"\r", b"\n")):  # both make a copy
        raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")) and b"\n" in raw[:1000]:
        raw = raw.split(b"\n", 1)[1]
    if b"\n" not in raw[:MAX_BYTES] and b"\r" in raw[:MAX_BYTES]:
        raw = LINE_FEED.sub(b"\n", raw)
    root = _part(memoryview(raw), 0, "text/plain")
    cut = _split_all(root)
    return root, cut


def walk(part: Part) -> Iterator[Part]:
    """A part and all below it, in order."""
    stack = [part]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(here.children))


def parameters(value: str) -> dict[str, str]:
    """The parameters of a header such as Content-Type, RFC 2231 pieces joined and decoded."""
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in list(PARAMETER.finditer(value))[:100]:
        name, text = match.group(1).lower(), match.group(2) if match.group(2) is not None else match.group(3)
        if continued := CONTINUED.match(name):
            number = int(continued.group(2) or 0)
            encoded = bool(continued.group(3)) or continued.group(2) is None
            pieces.setdefault(continued.group(1), []).append((number, encoded, text))
        else:
            plain.setdefault(name, text.replace('\\"', '"'))
    for name, parts in pieces.items():
        plain[name] = _join(sorted(parts))
    return plain


def _join(pieces: list[tuple[int, bool, str]]) -> str:
    charset, data = "", b""
    for place, (_, encoded, text) in enumerate(pieces):
        if place == 0 and encoded and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)  # what is left of it
        raw = text.encode("utf-8", "replace")
        data += re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m.group(1), 16)]), raw) if encoded else raw
    return decode(data, charset)


def _part(raw: memoryview, depth: int, default: str) -> Part:
    head, body = _head(raw)
    headers = _fields(head)
    declared = to_text(headers.get("content-type", [b""])[0])
    kind = declared.split(";", 1)[0].strip().lower()
    return Part(
        headers=headers,
        type=kind if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", kind) else default,
        parameters=parameters(declared),
        body=body,
        depth=depth,
    )


def _head(raw: memoryview) -> tuple[bytes, memoryview]:
    block = bytes(raw[:MAX_HEADER_BLOCK])
    if block.startswith((b"\n", b"\r\n")):
        return b"", raw[1 if block.startswith(b"\n") else 2 :]
    end = BLANK.search(block)
    head = block[: end.start()] if end else block
    if not any(FIELD.match(line) for line in head.split(b"\n", 20)[:20]):
        return b"", raw
    return head, raw[end.end() if end else len(block) :]


def _fields(head: bytes) -> dict[str, list[bytes]]:
    found: list[tuple[str, list[bytes]]] = []
    sizes: list[int] = []
    for line in head.split(b"\n"):
        line = line.rstrip(b"\r")
        match = None if line[:1] in b" \t" else FIELD.match(line)
        if match is not None:
            found.append((match.group(1).decode("ascii").lower(), [match.group(2)[:MAX_BYTES]]))
            sizes.append(len(match.group(2)))
        elif found and sizes[-1] < MAX_BYTES:  # also what is neither indented nor a field: a header that was broken
            found[-1][1].append(b" " + line.strip())
            sizes[-1] += len(line)
    fields: dict[str, list[bytes]] = {}
    for name, lines in found:
        fields.setdefault(name, []).append(b"".join(lines)[:MAX_BYTES].strip())
    return fields


def _split_all(root: Part) -> bool:
    stack, count, cut = [root], 1, False
    while stack:
        part = stack.pop()
        boundary = part.parameters.get("boundary", "")
        if not part.type.startswith("multipart/") or not boundary:
            continue
        if part.depth >= MAX_DEPTH:
            cut = True
            continue
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        for piece in _pieces(part.body, boundary.encode("utf-8", "replace")):
            if count >= MAX_PARTS:
                return True
            count += 1
            part.children.append(_part(piece, part.depth + 1, default))
        stack.extend(reversed(part.children))
    return cut


def _pieces(body: memoryview, boundary: bytes) -> Iterator[memoryview]:
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start = -1
    for match in line.finditer(body):
        if start >= 0:
            yield _after_line(body, start, match.start())
        if match.group(1):
            return
        start = match.end()
    if start >= 0:
        yield _after_line(body, start, len(body))


def _after_line(body: memoryview, start: int, end: int) -> memoryview:
    head = bytes(body[start : min(start + 2, end)])
    skip = 2 if head == b"\r\n" else 1 if head[:1] == b"\n" else 0
    return body[min(start + skip, end) : end]


def _from_uu(data: bytes) -> bytes:
    out = []
    for line in data.split(b"\n"):
        if line.startswith((b"begin ", b"end")):
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(out)
