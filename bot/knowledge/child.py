"""Convert one .html, .pdf or .docx file after the other to Markdown: a program of its own, run by `converter.py`.

Parsers of these formats can be led to loop, to eat memory or to crash. Here that costs one file, never the bot. Reads
from standard input a JSON line {suffix, bytes} and that many bytes; writes a JSON line {markdown, title, audience} or
{refusal}. Imports nothing of the bot: it starts faster, and holds nothing worth stealing.
"""

import contextlib
import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterator

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 10
MAX_UNPACKED_BYTES = 100_000_000
MAX_CHARACTERS = 5_000_000
MAX_PAGES = 2_000

_BLOCK_TAGS = """
address article aside blockquote body br dd details div dl dt fieldset figcaption figure footer form h1 h2 h3
h4 h5 h6 header hr html li main ol p pre section summary table tbody td tfoot th thead title tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_SILENT = "script,style,noscript,template,svg,nav,iframe,object,button,select,textarea,form"


class RefusedError(Exception):
    """The file cannot be an article; the message says why and what to do."""


def main() -> None:
    """Serve requests until standard input ends."""
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a parser prints must not look like a reply
    while line := requests.readline():
        request = json.loads(line)
        content = requests.read(request["bytes"])
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1)
        replies.write(json.dumps(_reply(request["suffix"], content)).encode() + b"\n")
        replies.flush()


def _limit(kind: int, most: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # some systems do not know all of them
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _reply(suffix: str, content: bytes) -> dict[str, str]:
    try:
        return _CONVERTERS[suffix](content)
    except RefusedError as error:
        return {"refusal": str(error)}
    except MemoryError:
        return {"refusal": f"needs more than {MEMORY_BYTES >> 20} MiB to read: split or simplify it"}
    except RecursionError:
        return {"refusal": "is nested too deeply: save it anew from the program that made it"}
    except Exception as error:  # noqa: BLE001 - a parser may raise anything at all on a broken file
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        return {"refusal": f"is broken ({reason}): save it anew from the program that made it"}


def html(content: bytes) -> dict[str, str]:
    """Read a web page: headings, list items and table rows keep their lines, menus and scripts go."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(content)
    title = tree.css_first("title")
    audience = tree.css_first("meta[name=audience]")
    for node in tree.css(_SILENT):
        node.decompose()
    body = tree.body
    lines: list[str] = []
    length = 0
    for text, begins in _texts(body) if body is not None else ():
        if begins is not None:
            lines.append(begins)
        if lines:
            lines[-1] += text
        length += len(text)
        if length > MAX_CHARACTERS:
            raise RefusedError(f"holds over {MAX_CHARACTERS:,} characters: split it")
    markdown = "\n\n".join(" ".join(line.split()) for line in lines if line.strip(" #-|"))
    return {
        "markdown": markdown.replace("\n\n- ", "\n- ").replace("\n\n| ", "\n| "),
        "title": " ".join(title.text().split()) if title is not None else "",
        "audience": (audience.attributes.get("content") or "") if audience is not None else "",
    }


def _texts(body) -> Iterator[tuple[str, str | None]]:  # type: ignore[no-untyped-def]
    """Each piece of text, and the beginning of its line where it begins one."""
    last_line = last_cell = None
    for node in body.traverse(include_text=True):
        if node.tag != "-text":
            if node.tag == "br":
                last_line = None
            continue
        text = node.text(deep=False)
        if not text.strip():
            yield " ", None
            continue
        block = node.parent
        while block is not None and block.tag not in _BLOCKS:
            block = block.parent
        line, beginning = _line(block)
        cell = block.mem_id if block is not None else None
        if line != last_line:
            yield text, beginning
        else:
            yield (f" | {text}" if beginning == "| " and cell != last_cell else text), None
        last_line, last_cell = line, cell


def _line(block) -> tuple[int, str]:  # type: ignore[no-untyped-def]
    """Which line a block belongs to, and how that line begins: a table's row is one line."""
    own = block.mem_id if block is not None else 0
    while block is not None:
        if block.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            return own, "#" * int(block.tag[1]) + " "
        if block.tag == "li":
            return own, "- "
        if block.tag == "tr":
            return block.mem_id, "| "
        if block.tag not in ("p", "div", "br", "td", "th"):
            return own, ""
        block = block.parent
    return own, ""


def pdf(content: bytes) -> dict[str, str]:
    """Read the text of a PDF; scanned ones hold none."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise RefusedError("is encrypted: save it without a password")
    if len(reader.pages) > MAX_PAGES:
        raise RefusedError(f"has over {MAX_PAGES:,} pages: split it")
    pages, length = [], 0
    for page in reader.pages:
        pages.append(page.extract_text() or "")
        length += len(pages[-1])
        if length > MAX_CHARACTERS:
            raise RefusedError(f"holds over {MAX_CHARACTERS:,} characters: split it")
    if not length:
        raise RefusedError("holds no text, only pictures of it: save it with its text")
    title = str((reader.metadata.title if reader.metadata else "") or "")
    # A heading sign at the start of a line would be the document's own: text of a PDF has no Markdown.
    return {"markdown": "\n\n".join(pages).replace("\n#", "\n"), "title": title, "audience": ""}


def docx(content: bytes) -> dict[str, str]:
    """Read a Word document: headings, lists and tables. Unpacked size is looked at before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        raise RefusedError(f"unpacks to {unpacked:,} bytes, over the limit of {MAX_UNPACKED_BYTES:,}: split it")
    import docx as python_docx
    from docx.table import Table

    document = python_docx.Document(io.BytesIO(content))
    lines: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            rows = [" | ".join(" ".join(cell.text.split()) for cell in row.cells) for row in block.rows]
            lines.append("\n".join(f"| {row} |" for row in rows))
        elif text := " ".join(block.text.split()):
            lines.append(_docx_mark(str(block.style.name if block.style is not None else "")) + text)
    markdown = "\n\n".join(lines).replace("\n\n- ", "\n- ")
    return {"markdown": markdown, "title": document.core_properties.title or "", "audience": ""}


def _docx_mark(style: str) -> str:
    if style == "Title":
        return "# "
    if style.startswith("Heading") and style[-1:].isdigit():
        return "#" * min(6, int(style[-1])) + " "
    return "- " if style.startswith("List") else ""


_CONVERTERS = {".html": html, ".htm": html, ".pdf": pdf, ".docx": docx}

if __name__ == "__main__":
    main()
