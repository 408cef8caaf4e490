"""needs.json is a copy of knowledge that the phrase files hold: it must never fall behind them."""

import json
from importlib.resources import files

from bot.phrases import build, needs, patterns, sources


def test_needs_are_written_for_the_phrases_as_they_are() -> None:
    written = json.loads(files("bot.phrases").joinpath("needs.json").read_text("utf-8"))
    assert needs(sources()) == written, "run `python -m bot.phrases`"


def test_a_phrase_file_that_changed_is_read_anew() -> None:
    texts = {"pt.toml": sources()["pt.toml"]}
    stale = {name: {"digest": "of another text", "needs": []} for name in texts}
    fresh, again = build(texts), build(texts, stale)
    for code, language in fresh.languages.items():
        expected = [(pattern.source, pattern.needs) for pattern in patterns(language)]
        assert expected == [(pattern.source, pattern.needs) for pattern in patterns(again.languages[code])]
