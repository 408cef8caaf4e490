"""Text as the index sees it: folded words, their stems, sentences, and which of five languages it is in."""

import re
import unicodedata
from functools import lru_cache

from bot.stopwords import STOP_WORDS

_WORD = re.compile(r"[^\W_]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_SMALL_WORDS = {name: words | STOP_WORDS["en"] for name, words in STOP_WORDS.items()}
# A sentence ends at . ! ? … and any closing quotes, before white space. Each character is looked at once.
_END = re.compile(r"[.!?…。！？][.!?…。！？\"'”’»)\]*_]*(?:\s+|$)")
_ABBREVIATIONS_TEXT = """
e.g i.e etc dr mr mrs ms vs approx ca incl inc ltd co corp dept fig jan feb apr aug sept sep oct nov dec bzw usw
ggf evtl inkl zzgl str tel z.b d.h u.a z p.ex c.-à-d mme mlle sr sra srta dra ud uds p.ej ej a.m p.m
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_TEXT.split())
_LONG_WORD = 5  # letters: no abbreviation without inner full stops has so many
_NUMBERED = frozenset({"no", "nr", "art", "núm", "num", "fig", "p", "pp", "s"})  # before a number
_MARKUP = re.compile(r"!?\[([^\][]{0,400})\]\([^()\s]{0,2000}\)|[*_`~]{1,3}|<[^<>]{0,200}>")


def fold(text: str) -> str:
    """Lower case without accents, as SQLite's unicode61 tokenizer with remove_diacritics folds."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return _NOT_ASCII.sub(_without_accents, unicodedata.normalize("NFKD", lowered))


def tokens(text: str) -> list[str]:
    """The folded words and numbers of a text, in order."""
    return _WORD.findall(fold(text))


def content_tokens(text: str, language: str) -> list[str]:
    """The words that carry the subject, in order; all words where nothing else would be left."""
    return without_small_words(tokens(text), language)


def without_small_words(found: list[str], language: str) -> list[str]:
    """Those of a text's folded words that carry the subject; all of them where nothing else would be left."""
    stop = _SMALL_WORDS[language]
    return [token for token in found if token not in stop] or found


def subject_words(text: str) -> list[str]:
    """The words that carry a subject, in order; none where there are only small words."""
    found = tokens(text)
    small = _SMALL_WORDS[language_of_tokens(found)]
    return [token for token in found if token not in small]


def language_of(text: str) -> str:
    """Guess "en", "de", "fr", "es" or "pt" by the small words; "en" where nothing tells."""
    return language_of_tokens(tokens(text))


def language_of_tokens(found: list[str]) -> str:
    """Guess the language that a text's folded words are in, as `language_of` does."""
    counts = {name: sum(map(words.__contains__, found)) for name, words in STOP_WORDS.items()}
    best = max(counts.values())
    return "en" if counts["en"] == best else max(counts, key=lambda name: counts[name])


def sentences(text: str) -> list[str]:
    """Cut one paragraph into whole sentences; full stops of abbreviations, initials and numbers do not end one."""
    found, start = [], 0
    for end in _END.finditer(text):
        if end.end() < len(text) and not _ends_sentence(text, end.start(), end.end()):
            continue
        found.append(text[start : end.end()].strip())
        start = end.end()
    if rest := text[start:].strip():
        found.append(rest)
    return found


def plain(text: str) -> str:
    """A line of Markdown without its marks: link texts stay, addresses, emphasis and tags go."""
    return _MARKUP.sub(r"\1", text)


@lru_cache(maxsize=4_096)
def light_root(token: str) -> str:
    """Where a German, French, Spanish or Portuguese word is cut to find its other forms by prefix.

    Endings of number, gender, case and person go, four letters at least stay ("rechnungen" to "rechnung").
    """
    for end in _LIGHT_ENDINGS:
        if token.endswith(end) and len(token) - len(end) >= 4:
            return token[: -len(end)]
    return token


_LIGHT_ENDINGS_TEXT = """
amientos amiento aciones ationen issons issent aremos eremos iremos acoes acion acao ieren ierte iert ungen
ions ando endo iendo aient erons erais erait ados adas idos idas ados ante ment eurs euse tion ren ern est ste
ten tem ter tes iez ons ent ees era ado ada ido ida nos oes aux es en er em et ee ez ar er ir as os is te n e
s r a o t i
"""
_LIGHT_ENDINGS = tuple(_LIGHT_ENDINGS_TEXT.split())


def _without_accents(found: re.Match[str]) -> str:
    return "".join(letter for letter in found[0] if not unicodedata.combining(letter))


def _ends_sentence(text: str, mark: int, after: int) -> bool:
    following = text[after]
    if following.islower():
        return False
    if text[mark] != "." or (mark >= _LONG_WORD and text[mark - _LONG_WORD : mark].isalpha()):
        return True
    word = text[max(mark - 24, 0) : mark].rpartition("\n")[2].rpartition(" ")[2].lower().lstrip("(\"'“‘")
    if word in _ABBREVIATIONS or (word in _NUMBERED and following.isdigit()):
        return False
    return not (len(word) == 1 and word.isalpha() and following.isupper() and text[mark - 1].isupper())
