"""What may leave: every first reply says that it is an AI; no human persona, no promise without a deed."""

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.rules import Phrases, Prepared, find, prepare

SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\w))+(?:[.!?]+|\n+|$)|[.!?\n]+")
"""A sentence with what ends it; a point inside a number or an address ends none."""

WINDOW = 5_000
"""An outgoing text is read in pieces of at most this many characters: the rules look at a bounded text only."""

MARKERS = re.compile(
    r"(?<![a-z])(?:a\.?i\.?|k\.?i\.?|i\.?a\.?|[a-z]*(?<!\btal)(?<!\bab)(?<!\bca)bot|"
    r"assistants?|assistente?n?|assistentin|asistente|assistante|virtual|virtuell\w*|virtuelle?|digital\w*|automat\w*|robot|machine|maschine|llm|gpt)(?![a-z])",
    re.IGNORECASE,
)
TITLES = re.compile(
    r"^(?:dr|prof|mr|mrs|ms|miss|mx|herr|frau|monsieur|madame|mme|mlle|senor|senora|sr|sra|srta|dona|dom|sir)\b\.?",
    re.IGNORECASE,
)
PLACES = (
    " support service help helpdesk desk care centre center store shop info chat online hilfe kundenservice "
    "kundendienst aide assistance boutique ayuda soporte atencion tienda ajuda suporte loja atendimento inc ltd gmbh "
)
"""Words that name a place or a firm, not a somebody."""

FIRST_NAMES = (
    " adam alan alex alexander alice alicia amanda amy ana andrea andrew angela anita ann anna anne anthony "
    "antonio ashley ava barbara beatriz ben benjamin bernd bob brian bruno camila camille carla carlos carmen "
    "carol caroline catarina catherine charles charlotte chloe chris christian christina christine claire clara "
    "claudia daisy dan daniel david deborah diana diego dirk donna edward elena elisabeth elizabeth ella emily "
    "emma eric erik eva felix fernanda francesca francisco frank gabriel gary george gina giulia grace greg "
    "hannah hans harry heidi heike helen helena henry ines ingrid isabel isabella jack jacob jake james jan jane "
    "janet jason javier jean jen jennifer jenny jens jessica jim joan joana joao john jonas jorge jose joseph "
    "josh juan julia julie julien jurgen kai karen karin karl kate katharina katherine kathy katie kelly kevin "
    "kim klaus lara laura lauren lea lena leon leo lily linda lisa lois louis louise luca lucas lucia lucy luis "
    "luisa lukas manuel manuela marc marco marcos maria marie mark markus marta martin mary mateo matt matthew "
    "max megan melissa mia michael michelle miguel mike miriam mohammed monica monika nadia natalie nathan "
    "nicole nina noah nora oliver olivia oscar pablo pamela pat patricia patrick paul paula pedro peter petra "
    "philip philippe pierre priya rachel rafael ralf rebecca ricardo richard rita rob robert rosa ruth ryan "
    "sabine sally sam samantha samuel sandra sara sarah scott sean sebastian silvia simon sofia sonia sophia "
    "sophie stefan stefanie stephanie stephen steve steven susan susanne tanja teresa theo thomas tim tina "
    "tobias tom tony ursula valentina vanessa vera victor victoria vincent walter will william yann zoe "
)
"""Enough first names to tell `Sarah Support` from `Acme Support`; a name alone needs a marker in any case."""


def check(
    text: str, *, first: bool, language: str, name: str, phrases: Phrases, backed: frozenset[str] = frozenset()
) -> str:
    """Give back the text that may leave; a conversation's first reply begins with the disclosure unless it has one.

    `backed` names the promised deeds that a state or a receipt makes true, such as "handoff". Raises GateError.
    """
    if problem := find_problem(text, phrases, backed=backed):
        raise GateError(problem)
    if not first or _discloses(text, phrases):
        return text
    return f"{phrases.say(language, 'disclosure', name=name)} {text}".strip()


def find_problem(text: str, phrases: Phrases, *, backed: frozenset[str] = frozenset()) -> str | None:
    """Find what must not leave: a claim to be human, or a promise that nothing backs; None when all is well."""
    return next((problem for deed, problem in _problems(text, phrases) if deed not in backed), None)


@lru_cache(maxsize=512)
def _problems(text: str, phrases: Phrases) -> tuple[tuple[str, str], ...]:
    """Every problem, with the deed that is promised; kept, for the same answers are given again and again."""
    return tuple(
        problem for piece in _pieces(text) for problem in _problems_in(prepare(piece, phrases, ours=True), phrases)
    )


def _problems_in(piece: Prepared, phrases: Phrases) -> Iterator[tuple[str, str]]:
    for family in phrases.families("claims_human"):
        if words := find(family, piece):
            yield "", f"claims to be human: {words!r}"
    for deed, family in phrases.group("promises"):
        if words := find(family, piece):
            yield deed, f"promises what nothing backs ({deed}): {words!r}"


def without_promises(text: str, phrases: Phrases) -> str:
    """Drop the sentences that must not leave, such as a promise in a quoted article; empty when nothing is left."""
    if find_problem(text, phrases) is None:
        return text
    kept = "".join(sentence for sentence in _sentences(text) if find_problem(sentence, phrases) is None).strip()
    return kept if any(character.isalnum() for character in kept) else ""


def persona_problem(name: str) -> str | None:
    """Say why a name would pass for a person's; None when it is plain that a machine bears it, or a firm."""
    words = re.findall(r"[^\W\d_]+", name)
    if not words:
        return f"{name!r} is no name; write one such as 'Warmline Assistant'"
    if MARKERS.search(name) or _names_a_firm(name, words):
        return None
    return f"{name!r} could be a person's name; say that it is a machine, such as '{name.strip()} (AI)'"


def _names_a_firm(name: str, words: list[str]) -> bool:
    """Tell whether a name is a place's or a brand's: `Acme Support`, `HelpLine`, never `Tom, support`."""
    if TITLES.match(name) or re.search(r"\b(?:from|of|vom|von|aus|du|de|del|da|do|im|in|at)\b|[,@|]", name.lower()):
        return False
    brand = any(
        re.search(r"[a-z][A-Z]", word) or word.lower().endswith(("line", "desk", "hub", "care")) for word in words
    )
    names_somebody = any(f" {word.lower()} " in FIRST_NAMES for word in words)
    return brand or "&" in name or (f" {words[-1].lower()} " in PLACES and not names_somebody)


def _discloses(text: str, phrases: Phrases) -> bool:
    return _opens_with_disclosure(text[:WINDOW], phrases)


@lru_cache(maxsize=512)
def _opens_with_disclosure(text: str, phrases: Phrases) -> bool:
    opening: Prepared = prepare(text, phrases, ours=True)
    return any(find(family, opening) for family in phrases.families("discloses"))


def _sentences(text: str) -> Iterator[str]:
    for found in SENTENCE.finditer(text):
        yield found[0]


def _pieces(text: str) -> Iterator[str]:
    """Whole sentences, together at most `WINDOW` characters; an endless sentence is cut, with an overlap."""
    piece = ""
    for sentence in _sentences(text):
        if piece and len(piece) + len(sentence) > WINDOW:
            yield piece
            piece = ""
        piece += sentence
        while len(piece) > WINDOW:
            yield piece[:WINDOW]
            piece = piece[WINDOW - 200 :]
    if piece:
        yield piece


class GateError(Exception):
    """A text that must not leave; the message says what was found in it."""
