"""An English word without its endings: the algorithm of M. F. Porter (1980), as SQLite's `porter` tokenizer runs it.

The index stems inside SQLite; whoever compares words outside of it (how rare is a word, does a sentence hold it) must
come to the same stems. A test compares the two over many words.
"""

from functools import lru_cache

_SHORTEST = 3
_LONGEST_BYTES = 64

_STEP_2 = (
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("logi", "log"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
)
_STEP_3 = (
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
)
# The longer of two ends comes first.
_STEP_4 = (
    *("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate"),
    *("iti", "ous", "ive", "ize"),
)


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Take the endings off one folded word; words of one or two letters, or over 64 bytes, stay as they are."""
    if len(word.encode("utf-8", "replace")) > _LONGEST_BYTES or len(word.encode("utf-8", "replace")) < _SHORTEST:
        return word
    word = _past_and_gerund(_plural(word))
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    word = _replaced(word, _STEP_2)
    word = _replaced(word, _STEP_3)
    return _final_e_and_l(_without_suffix(word))


def _is_vowel(word: str, at: int) -> bool:
    if word[at] in "aeiou":
        return True
    return word[at] == "y" and at > 0 and not _is_vowel_before(word, at)


def _is_vowel_before(word: str, at: int) -> bool:
    return _is_vowel(word, at - 1)


def _measure(word: str) -> int:
    """Count the changes from vowel to consonant: Porter's m."""
    count, before = 0, False
    for at in range(len(word)):
        now = word[at] in "aeiou" or (word[at] == "y" and at > 0 and not before)
        count += before and not now
        before = now
    return count


def _has_vowel(word: str) -> bool:
    return any(_is_vowel(word, at) for at in range(len(word)))


def _ends_short(word: str) -> bool:
    """Consonant, vowel, consonant other than w, x, y: Porter's *o."""
    end = len(word) - 1
    return (
        end >= 2
        and not _is_vowel(word, end)
        and word[end] not in "wxy"
        and _is_vowel(word, end - 1)
        and not _is_vowel(word, end - 2)
    )


def _plural(word: str) -> str:
    if (word.endswith("sses") and len(word) > 4) or (word.endswith("ies") and len(word) > 3):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def _past_and_gerund(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for end in ("ed", "ing"):
        if word.endswith(end):
            root = word[: -len(end)]
            return _mended(root) if _has_vowel(root) else word
    return word


def _mended(root: str) -> str:
    if root.endswith(("at", "bl", "iz")):
        return root + "e"
    if len(root) > 1 and root[-1] == root[-2] and not _is_vowel(root, len(root) - 1) and root[-1] not in "lsz":
        return root[:-1]
    if _measure(root) == 1 and _ends_short(root):
        return root + "e"
    return root


def _replaced(word: str, table: tuple[tuple[str, str], ...]) -> str:
    for end, instead in table:
        if word.endswith(end):
            root = word[: -len(end)]
            return root + instead if _measure(root) > 0 else word
    return word


def _without_suffix(word: str) -> str:
    for end in _STEP_4:
        if word.endswith(end):
            root = word[: -len(end)]
            fits = _measure(root) > 1 and (end != "ion" or root.endswith(("s", "t")))
            return root if fits else word
    return word


def _final_e_and_l(word: str) -> str:
    if word.endswith("e"):
        root = word[:-1]
        measure = _measure(root)
        if measure > 1 or (measure == 1 and not _ends_short(root)):
            word = root
    if word.endswith("ll") and _measure(word[:-1]) > 1:
        word = word[:-1]
    return word
