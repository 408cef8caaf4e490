"""Plays every dialogue of this folder, as `warmline replay` does. To add a promise, add a file: no Python is needed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import settings
from bot.commands.dialogue import read
from bot.commands.player import Player, open_player

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with open_player(settings.load(FOLDER.parents[1] / "bot.toml")) as opened:
        yield opened


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_dialogue_goes_as_promised(player: Player, path: Path) -> None:
    (dialogue,) = read(path)
    played = await player.play(dialogue)
    assert not played.failures, "\n".join([dialogue.about, *played.failures])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dialogue_says_what_it_promises(path: Path) -> None:
    (dialogue,) = read(path)
    assert dialogue.about.endswith(".")
