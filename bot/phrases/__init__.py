"""Load what the rules look for and what the bot says, a TOML file a language; refuse a bad file by name and place."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from bot.patterns import Pattern, PatternError, compile_pattern
from bot.rules import Family, Language, Phrases, family, slips

LANGUAGES = ("en", "de", "fr", "es", "pt")
FAMILIES = ("asks_for_human", "asks_if_bot", "suspicious", "frustration", "claims_human", "discloses")
GROUPS = ("high_stakes", "promises", "small_talk")
OTHER = ("language", "words", "say")


@cache
def load() -> Phrases:
    """Read and compile every language, once a process. Raises PhrasesError."""
    folder = files(__name__)
    return build({f"{code}.toml": folder.joinpath(f"{code}.toml").read_text("utf-8") for code in LANGUAGES})


def build(sources: Mapping[str, str]) -> Phrases:
    """Compile phrase files, given as name and TOML text. Raises PhrasesError: the file, the table, the pattern."""
    languages = {name.removesuffix(".toml"): _language(name, text) for name, text in sources.items()}
    _same_sayings(languages)
    literals = {need for language in languages.values() for pattern in _patterns(language) for need in pattern.needs}
    return Phrases(languages=languages, literals=tuple(sorted(literals)), repairs=_repairs(languages))


def _repairs(languages: Mapping[str, Language]) -> dict[str, str]:
    """Map every slip of a word worth repairing to it, and every word that only looks like a slip to itself."""
    repairs = {
        slip: word for language in languages.values() for word in sorted(language.repair) for slip in slips(word)
    }
    return repairs | {word: word for language in languages.values() for word in language.repair | language.spared}


def _language(name: str, text: str) -> Language:
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
        families={key: _family(name, key, tables[key], words) for key in FAMILIES if key in tables},
        groups={key: _group(name, key, tables[key], words) for key in GROUPS if key in tables},
        say=_sayings(name, tables.get("say", {})),
    )


def _group(name: str, table: str, value: Any, words: Mapping[str, tuple[str, ...]]) -> dict[str, Family]:
    if not isinstance(value, dict):
        message = f"bot/phrases/{name}: {table} must hold tables such as [{table}.something]"
        raise PhrasesError(message)
    return {key: _family(name, f"{table}.{key}", member, words) for key, member in value.items()}


def _family(name: str, table: str, value: Any, words: Mapping[str, tuple[str, ...]]) -> Family:
    if not isinstance(value, dict) or not set(value) <= {"strong", "weak", "unless"}:
        message = f"bot/phrases/{name} [{table}] may hold strong, weak and unless, nothing else"
        raise PhrasesError(message)
    compiled = {
        key: tuple(
            _pattern(name, table, source, words) for source in _texts(name, f"{table}.{key}", value.get(key, []))
        )
        for key in ("strong", "weak", "unless")
    }
    return family(**compiled)


def _pattern(name: str, table: str, source: str, words: Mapping[str, tuple[str, ...]]) -> Pattern:
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


def _patterns(language: Language) -> list[Pattern]:
    families = [
        *language.families.values(),
        *(family for group in language.groups.values() for family in group.values()),
    ]
    return [pattern for one in families for pattern in (*one.strong, *one.weak, *one.unless)]


class PhrasesError(Exception):
    """A phrase file that cannot be used; the text names the file, the table and the pattern."""
