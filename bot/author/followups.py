"""Follow-ups: which questions lean on what was said before, and whether a rewritten one still is the customer's."""

import re
from collections.abc import Sequence

from bot.stem import stem
from bot.words import content_tokens, language_of, tokens

SHORT = 5
"""So few words seldom say by themselves what they are about."""

LONGEST_LEANING = 25
LONGEST = 400
OWN_SHARE = 0.5
LINK = re.compile(r"https?:|www\.|@|[{}<>\[\]\n]")
_BEGINNINGS_TEXT = "and but or so also und aber oder auch et mais ou aussi pero o tambien mas ou tambem"
_BEGINNINGS = frozenset(_BEGINNINGS_TEXT.split())
_LEANING_TEXT = """
it its that this these those they them their one ones same other another then he she him her instead
dies diese dieser dieses jene denen sie ihn ihm davon dafur damit dort dann stattdessen ca cela celui celle ceux ceci
ils elles leur meme eso esto esa ese esos esas ellos ellas alli entonces mismo misma isso isto esse essa esses essas
eles elas mesmo mesma entao
"""
_LEANING = frozenset(_LEANING_TEXT.split())


def leans(question: str, history: Sequence[tuple[str, str]]) -> bool:
    """Whether a question cannot be understood without the turns before it, as far as its words tell."""
    words = tokens(question)
    if not history or not words or len(words) > LONGEST_LEANING:
        return False
    return len(words) <= SHORT or words[0] in _BEGINNINGS or not _LEANING.isdisjoint(words)


def is_a_line(rewritten: str) -> bool:
    """Whether a rewritten question is one line of plain words."""
    return bool(rewritten) and len(rewritten) <= LONGEST and not LINK.search(rewritten)


def is_usable(rewritten: str, question: str, history: Sequence[tuple[str, str]]) -> bool:
    """Whether a rewritten question is one line in the customer's matter: at least half of its words were said."""
    if not is_a_line(rewritten):
        return False
    said = {stem(token) for text in (question, *(text for _, text in history)) for token in tokens(text)}
    wanted = {stem(token) for token in content_tokens(rewritten, language_of(rewritten))}
    return bool(wanted) and len(wanted & said) >= OWN_SHARE * len(wanted)
