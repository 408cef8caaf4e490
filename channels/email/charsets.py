"""Bytes to text, whatever a mail claims about its charset. Never raises."""

import codecs
import re
from functools import lru_cache

GUESSED_BYTES = 4_000  # enough to tell a charset by; all of a long text would take seconds
NAME = re.compile(r"[\w.:+-]{1,40}")
# What is written on the left means what is on the right: the wider twin that the same software really writes.
ALIASES = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_2004",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-11": "cp874",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "ansi": "cp1252",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
}
# Python has these as codecs too, but no mail is written in them, and some take quadratic time.
REFUSED = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SINGLE_BYTE = re.compile(r"cp125|iso8859|latin|mac|koi8")


@lru_cache(maxsize=256)
def known(name: str) -> str:
    """Python's name of a charset, empty for one that does not exist."""
    name = name.strip().strip("\"'").lower()
    if not NAME.fullmatch(name):
        return ""
    try:
        found = codecs.lookup(ALIASES.get(name, name))
        if found.name in REFUSED:
            return ""
        b"ab".decode(found.name, "replace")  # codecs that are not for text, such as zlib, refuse here
    except (LookupError, ValueError):
        return ""
    return found.name


def decode(data: bytes, declared: str = "", *, hint: str = "") -> str:
    """Text of `data`: by its byte order mark, by the declared charset, by `hint`, by what it looks like."""
    for bom, name in BOMS:
        if data.startswith(bom):
            return data.removeprefix(bom if name == "utf-8" else b"").decode(name, "replace")
    name = known(declared)
    if name.startswith(("utf-16", "utf_16", "utf-32")) and b"\0" not in data[:200]:
        name = ""
    if name == "iso2022_jp_2004":
        data = data.replace(b"\x1b$B", b"\x1b$(Q")  # the older name of a part of it
    utf8 = _strict(data, "utf-8")
    if utf8 is not None and b"\x1b$" in data:  # a Japanese text that says nothing of its charset, or the wrong thing
        return data.replace(b"\x1b$B", b"\x1b$(Q").decode("iso2022_jp_2004", "replace")
    if utf8 is not None and (not name or name == "utf-8" or (SINGLE_BYTE.match(name) and not data.isascii())):
        return utf8
    for candidate in (name, known(hint)):
        if candidate and (text := _strict(data, candidate)) is not None:
            return text
    if utf8 is not None:
        return utf8
    for candidate in (name, "utf-8"):
        if candidate and (lenient := data.decode(candidate, "replace")).count("\ufffd") * 50 <= len(lenient):
            return lenient
    return _guess(data)


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (ValueError, LookupError):
        return None


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes  # seldom needed, slow to import

    best = from_bytes(data[:GUESSED_BYTES]).best() if len(data) > 20 else None
    if best is not None and known(best.encoding):
        return data.decode(known(best.encoding), "replace")
    return data.decode("cp1252", "replace")
