"""Links, pictures, addresses and markup in a text: what a sentence may only hold where its passage holds it too."""

import re
import unicodedata
from collections.abc import Iterator

from bot.rules import normalise

_TARGET = r"\(\s{0,9}<?([^()\s<>]{0,2000}(?:\([^()\s]{0,200}\)[^()\s<>]{0,2000})?)>?(?:\s[^()]{0,200})?\s{0,9}\)"
_MARKDOWN = re.compile(rf"!?\[([^\][]{{0,400}})\]{_TARGET}")
_REFERENCE = re.compile(r"!?\[[^\][]{1,200}\]\[[^\][]{0,100}\]|^\s{0,3}\[[^\][]{1,100}\]:\s", re.MULTILINE)
_TAG = re.compile(r"<\s{0,3}[/!?]?\s{0,3}[A-Za-z@#][^<>]{0,2000}>|&lt;\s{0,3}/?[A-Za-z][^<>&]{0,200}")
_MENTION = re.compile(r"(?<![\w.])@(?:everyone|here|channel|all)\b", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_SCHEME = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,15}://|(?:data|javascript|vbscript|mailto|tel|sms|file|blob|about|view-source|xmpp|skype|"
    r"whatsapp|slack|tg|magnet|intent):)[^\s<>\"'`|\\^{}\])]{1,2000}",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![\w@./-])(?:[^\W_][\w-]{0,62}\.){1,6}[^\W\d_]{2,24}(?::\d{1,5})?(?:[/?#][^\s<>\"'`|\\^{}\])]{0,2000})?"
)
_DEFANGED = re.compile(r"\s?(?:\[\s?\.\s?\]|\(\s?\.\s?\)|\{\s?\.\s?\}|\[\s?dot\s?\]|\(\s?dot\s?\))\s?", re.IGNORECASE)
_FULL_STOPS = str.maketrans({"。": ".", "．": ".", "｡": ".", "․": "."})
_ENDS = ".,;:!?…*_~)\"'>"
_ENDINGS = frozenset(
    {"com", "net", "org", "info", "biz", "co", "io", "me", "ai", "app", "dev", "shop", "link", "site"}
) | {
    *(
        "de",
        "fr",
        "es",
        "pt",
        "uk",
        "us",
        "eu",
        "ru",
        "cn",
        "tk",
        "ml",
        "xyz",
        "top",
        "online",
        "help",
        "support",
        "ly",
    ),
}
_SHORT = frozenset({"e.g", "i.e", "a.m", "p.m", "z.b", "d.h", "u.a", "p.ex", "p.ej", "c.-a-d", "u.s", "u.k", "u.s.a"})


def taken_out(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without its links, and what they were: each address in one spelling, each tag as it stands.

    The words of a link stay in the text, and are themselves looked at where they look like an address.
    """
    found: list[str] = []
    plain = _DEFANGED.sub(".", text.translate(_FULL_STOPS))
    while (link := _MARKDOWN.search(plain)) is not None:  # a picture may be the label of a link: the innermost first
        if link[2] or link[0].startswith("!"):
            found.append(("!" if link[0].startswith("!") else "") + one_spelling(link[2]))
        plain = f"{plain[: link.start()]} {link[1]} {plain[link.end() :]}"
    found += [reference[0].strip() for reference in _REFERENCE.finditer(plain)]
    for pattern in (_SCHEME, _MAIL, _TAG, _MENTION, _BARE):
        found += [one_spelling(match[0]) for match in pattern.finditer(plain) if not _is_short(match[0])]
        plain = pattern.sub(_blank if pattern is not _BARE else _blank_unless_short, plain)
    return plain, tuple(dict.fromkeys(found))


def one_spelling(address: str) -> str:
    """One spelling of an address: no scheme of the web, no www, small letters in the host, no mark at its end."""
    bare = address.strip().rstrip(_ENDS)
    bare = re.sub(r"^<?(?:https?://)?(?:www\.)?", "", bare, flags=re.IGNORECASE)
    bare = re.sub(r"^mailto:", "", bare, flags=re.IGNORECASE)
    host, mark, path = re.match(r"([^/?#]*)([/?#]?)(.*)", bare, re.DOTALL).groups()  # type: ignore[union-attr] # matches anything
    return f"{host.lower()}{mark}{path}".rstrip("/")


def unbacked(text: str, allowed: frozenset[str]) -> Iterator[str]:
    """Name every link, picture, address or tag of a text that is not among the `allowed` ones."""
    # Hidden characters and wide letters must not make another address of one that looks the same.
    for link in taken_out(normalise(text))[1]:
        if link not in allowed and not (link.startswith("!") and link[1:] in allowed and f"!{link[1:]}" in allowed):
            yield link


def has_mixed_letters(text: str) -> bool:
    """Whether letters of two alphabets stand in one word, as in a forged name."""
    if text.isascii():
        return False
    return any(len(_alphabets(word)) > 1 for word in re.findall(r"[^\W\d_]+", text) if not word.isascii())


def _alphabets(word: str) -> set[str]:
    named = {unicodedata.name(letter, "?").split()[0] for letter in word}
    return named & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}


def _is_short(text: str) -> bool:
    labels = text.rstrip(".").lower()
    return labels in _SHORT or all(len(label) == 1 for label in labels.split(".")) or _is_glued(text)


def _is_glued(text: str) -> bool:
    """Whether two sentences only lack the space between them: "the page.Note"."""
    end = text.rpartition(".")[2]
    return end[:1].isupper() and end[1:].islower() and end.lower() not in _ENDINGS


def _blank(_: re.Match[str]) -> str:
    return " "


def _blank_unless_short(match: re.Match[str]) -> str:
    return match[0] if _is_short(match[0]) else " "
