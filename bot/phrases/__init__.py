"""Load what the rules look for and what the bot says, a TOML file a language; refuse a bad file by name and place."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from bot.patterns import Pattern, PatternError, compile_pattern
from bot.rules import Language, Phrases, slips
from bot.sieve import Family

LANGUAGES = ("en", "de", "fr", "es", "pt")
FAMILIES = ("asks_for_human", "asks_if_bot", "suspicious", "frustration", "claims_human", "discloses")
GROUPS = ("high_stakes", "promises", "small_talk")
OTHER = ("language", "words", "say")


@cache
def load() -> Phrases:
    """Read every language, once a process. Raises PhrasesError.

    What each pattern needs is read from needs.json, which `python -m bot.phrases` writes; a file that changed since is
    read and compiled anew, which takes seconds.
    """
    return build(sources(), json.loads(files(__name__).joinpath("needs.json").read_text("utf-8")))


def sources() -> dict[str, str]:
    """The shipped phrase files, name and TOML text."""
    folder = files(__name__)
    return {f"{code}.toml": folder.joinpath(f"{code}.toml").read_text("utf-8") for code in LANGUAGES}


def build(texts: Mapping[str, str], known: Mapping[str, Any] | None = None) -> Phrases:
    """Make the phrases of files, given as name and TOML text; `known` is what `needs` gave for the same texts.

    Raises PhrasesError: the file, the table, the pattern.
    """
    languages = {}
    for name, text in texts.items():
        entry = (known or {}).get(name, {})
        needs = iter(entry["needs"]) if entry.get("digest") == _digest(text) else None
        languages[name.removesuffix(".toml")] = _language(name, text, needs)
    _same_sayings(languages)
    return Phrases(languages, _repairs(languages))


def needs(texts: Mapping[str, str]) -> dict[str, Any]:
    """What the patterns of each file need, in their order, and the digest of the file that says so."""
    phrases = build(texts)
    return {
        f"{code}.toml": {
            "digest": _digest(texts[f"{code}.toml"]),
            "needs": [[sorted(each) for each in pattern.needs] for pattern in patterns(language)],
        }
        for code, language in phrases.languages.items()
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _repairs(languages: Mapping[str, Language]) -> dict[str, str]:
    """Map every slip of a word worth repairing to it, and every word that only looks like a slip to itself."""
    repairs = {
        slip: word for language in languages.values() for word in sorted(language.repair) for slip in slips(word)
    }
    return repairs | {word: word for language in languages.values() for word in language.repair | language.spared}


def _language(name: str, text: str, known: Iterator[list[list[str]]] | None) -> Language:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"bot/phrases/{name} is not TOML: {error}"
        raise PhrasesError(message) from error
    for table in tables:
        if table not in (*FAMILIES, *GROUPS, *OTHER):
            message = f"bot/phrases/{name}: nobody reads the table [{table}]; known are {', '.join(FAMILIES + GROUPS)}"
            raise PhrasesError(message)
    words = {macro: _texts(name, f"words.{macro}", value) for macro, value in tables.get("words", {}).items()}
    about = tables.get("language", {})
    return Language(
        code=name.removesuffix(".toml"),
        small_words=frozenset(_texts(name, "language.words", about.get("words", []))),
        repair=frozenset(_texts(name, "language.repair", about.get("repair", []))),
        spared=frozenset(_texts(name, "language.spared", about.get("spared", []))),
        families={key: _family(name, key, tables[key], words, known) for key in FAMILIES if key in tables},
        groups={key: _group(name, key, tables[key], words, known) for key in GROUPS if key in tables},
        say=_sayings(name, tables.get("say", {})),
    )


def _group(
    name: str, table: str, value: Any, words: Mapping[str, tuple[str, ...]], known: Iterator[list[list[str]]] | None
) -> dict[str, Family]:
    if not isinstance(value, dict):
        message = f"bot/phrases/{name}: {table} must hold tables such as [{table}.something]"
        raise PhrasesError(message)
    return {key: _family(name, f"{table}.{key}", member, words, known) for key, member in value.items()}


def _family(
    name: str, table: str, value: Any, words: Mapping[str, tuple[str, ...]], known: Iterator[list[list[str]]] | None
) -> Family:
    if not isinstance(value, dict) or not set(value) <= {"strong", "weak", "unless"}:
        message = f"bot/phrases/{name} [{table}] may hold strong, weak and unless, nothing else"
        raise PhrasesError(message)
    compiled = {
        key: tuple(
            _pattern(name, table, source, words, known) for source in _texts(name, f"{table}.{key}", value.get(key, []))
        )
        for key in ("strong", "weak", "unless")
    }
    return Family(**compiled)


def _pattern(
    name: str,
    table: str,
    source: str,
    words: Mapping[str, tuple[str, ...]],
    known: Iterator[list[list[str]]] | None,
) -> Pattern:
    if known is not None:
        return Pattern(source, words, tuple(map(frozenset, next(known))))
    try:
        return compile_pattern(source, words)
    except PatternError as error:
        message = f"bot/phrases/{name} [{table}] pattern {source!r}: {error}"
        raise PhrasesError(message) from error


def _texts(name: str, table: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        message = f"bot/phrases/{name}: {table} must be a list of texts, none of them empty"
        raise PhrasesError(message)
    return tuple(value)


def _sayings(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) and text for text in value.values()):
        message = f"bot/phrases/{name} [say] must hold a text for every key"
        raise PhrasesError(message)
    return dict(value)


def _same_sayings(languages: Mapping[str, Language]) -> None:
    """Every language must say the same things with the same fields, or a customer would meet a gap."""
    first = next(iter(languages.values()))
    wanted = {key: _fields(text) for key, text in first.say.items()}
    for language in languages.values():
        found = {key: _fields(text) for key, text in language.say.items()}
        for key in sorted(wanted.keys() ^ found.keys()):
            message = (
                f"bot/phrases: [say] {key} must be in {first.code}.toml and in {language.code}.toml, or in neither"
            )
            raise PhrasesError(message)
        for key, fields in wanted.items():
            if found[key] != fields:
                message = (
                    f"bot/phrases/{language.code}.toml [say] {key}: fields {sorted(found[key])}, not {sorted(fields)}"
                )
                raise PhrasesError(message)


def _fields(text: str) -> frozenset[str]:
    return frozenset(field for _, field, _, _ in Formatter().parse(text) if field is not None)


def patterns(language: Language) -> list[Pattern]:
    """All patterns of a language, in the order of its file's tables as the engine reads them."""
    groups = (family for group in language.groups.values() for family in group.values())
    return [
        pattern
        for family in (*language.families.values(), *groups)
        for pattern in (*family.strong, *family.weak, *family.unless)
    ]


class PhrasesError(Exception):
    """A phrase file that cannot be used; the text names file, table and pattern."""
