"""Find passages for a question: the query we build, its typing errors repaired, earlier turns at a budget."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from bot.conversation import Passage, Role
from bot.evidence import Found
from bot.knowledge.ranking import Part, Ranking
from bot.knowledge.vocabulary import Vocabulary, Word
from bot.stem import stem
from bot.store.knowledge import Index
from bot.words import language_of, language_of_tokens, tokens, without_small_words

PASSAGES = 10
PAIR_WEIGHT = 0.6
NEAR_WORDS = 4  # between the two words of a pair
TITLE_WEIGHT = 0.7
EARLIER_TITLE_WEIGHT = 1.0  # an earlier turn's words count most where they name the page
HISTORY_SHARE = 0.8  # what a word of an earlier turn counts at most
HISTORY_BUDGET = 10.0  # so many words of earlier turns may count in full together
MAX_CHARACTERS = 6_000  # a question is looked at no further
MAX_TOKENS = 400
MAX_OWN, MAX_HISTORY, MAX_PAIRS = 28, 12, 12  # the rarest words of a long text: each costs time
LEANING_TOKENS = 7  # "and how fast is express?": so short, a question is only half of one
COMMON_WEIGHT = 1.0  # words of earlier turns below it (in over a quarter of all passages) are not searched

_REFERENCE = re.compile(r"(?:\b[A-Za-z]{1,4}[-#]?|#|\b(?=\d{7}))(\d{5,20})\b")  # an order number, a customer number
# Asks for a time or a price, which an article states in other words than these.
_HOW = re.compile(
    r"\b(?:how (?:fast|soon|quick|quickly|early|late|cheap|expensive|pricey)|wie (?:schnell|bald|früh|spät|teuer))\b",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"\W*(?:(?:and )?(?:what|how) about|(?:und )?(?:was ist|wie ist es) mit|et pour|y (?:para|que tal)|que tal"
    r"|e (?:para|quanto a))\b",
    re.IGNORECASE,
)


class Edition:
    """The folder as the index held it at one moment: its words and its passages, unchanging."""

    def __init__(self, index: Index) -> None:
        """Raises IndexUnusableError."""
        contents = index.contents()
        self.vocabulary = Vocabulary(contents)
        self.ranking = Ranking(index, contents)


def search(edition: Edition, question: str, history: Sequence[tuple[str, str]], *, internal: bool) -> Found:
    """Search the index. `history` is role and text of the earlier turns, oldest first.

    Raises IndexChangedError, IndexUnusableError.
    """
    vocabulary = edition.vocabulary
    asked, leans = _subject(question[:MAX_CHARACTERS], vocabulary), _leans(question)
    before = _carried(history, Role.CUSTOMER) if leans else _carried(history, Role.CUSTOMER, Role.ASSISTANT)
    asked_tokens, before_tokens = tokens(asked), tokens(before)
    language = language_of_tokens(asked_tokens + before_tokens)
    own = _words(without_small_words(asked_tokens, language), vocabulary, language, own=True)
    asked_stems = {word.term.stem for word in own}
    earlier = _words(without_small_words(before_tokens, language), vocabulary, language, own=False)
    earlier = [word for word in earlier if word.term.stem not in asked_stems]
    share = 1.0 if leans else HISTORY_SHARE
    alpha = min(share, HISTORY_BUDGET / len(earlier)) if earlier else 0.0
    own = _rarest(own, MAX_OWN)
    # Common words of earlier turns cost most time and tell least.
    earlier = [word for word in earlier if word.term.weight > COMMON_WEIGHT and word.term.known]
    earlier = _rarest(earlier, MAX_HISTORY)
    parts = [
        *(Part(word.match, 1.0, TITLE_WEIGHT) for word in own),
        *(Part(word.match, alpha, alpha * EARLIER_TITLE_WEIGHT) for word in earlier),
        *(Part(pair, PAIR_WEIGHT) for pair in _pairs(asked_tokens, own)),
    ]
    found = _readable(edition.ranking.best(parts, internal=internal, limit=PASSAGES), language)
    return Found(
        passages=found, terms=tuple(word.term for word in own + earlier), alpha=alpha, among=vocabulary.passages
    )


def _words(found: list[str], vocabulary: Vocabulary, language: str, *, own: bool) -> list[Word]:
    """The words with distinct stems, in order."""
    distinct: dict[str, str] = {}
    for token in found[:MAX_TOKENS]:
        distinct.setdefault(stem(token), token)
    prefix = language != "en"
    return [vocabulary.word(token, own=own, prefix=prefix) for token in distinct.values()]


def _rarest(words: list[Word], most: int) -> list[Word]:
    """At most so many words, the rarest, in their order."""
    if len(words) <= most:
        return words
    least = sorted((word.term.weight for word in words), reverse=True)[most - 1]
    return [word for word in words if word.term.weight >= least][:most]


def _subject(text: str, vocabulary: Vocabulary) -> str:
    """Leave out numbers that no article holds, which say whose order it is, and that it asks how fast or how soon."""
    left = _REFERENCE.sub(lambda found: found[0] if vocabulary.holding(stem(found[1])) else " ", text)
    left = _HOW.sub(" ", left)
    return left if left.strip(" ?!.") else text


def _readable(found: tuple[Passage, ...], language: str) -> tuple[Passage, ...]:
    """Leave out what is in a third language, neither the question's nor English, unless there is nothing else."""
    own = tuple(passage for passage in found if _language_of(passage.text) in (language, "en"))
    return own or found


@lru_cache(maxsize=2_048)
def _language_of(text: str) -> str:
    """The language of a passage: the same ones are found for question after question."""
    return language_of(text)


def _leans(question: str) -> bool:
    """Tell whether a question is one only together with the one before ("what about boots?")."""
    return _LEANING.match(question) is not None and len(tokens(question[:200])) <= LEANING_TOKENS


def _carried(history: Sequence[tuple[str, str]], *roles: Role) -> str:
    """The last turn of each of these: more than that drowns the question."""
    last = {role: text for role, text in history if role in roles}
    return " ".join(text[:MAX_CHARACTERS] for text in last.values())


def _pairs(asked: list[str], own: list[Word]) -> list[str]:
    """Neighbouring words of the question, small words between them left out, near each other in a passage."""
    by_stem = {word.term.stem: word for word in own}
    row = [word for token in asked if (word := by_stem.get(stem(token)))]
    pairs = {
        f"NEAR({one.match} {two.match}, {NEAR_WORDS})": one.term.weight + two.term.weight
        for one, two in pairwise(row)
        if one is not two
    }
    return sorted(pairs, key=lambda pair: -pairs[pair])[:MAX_PAIRS]
