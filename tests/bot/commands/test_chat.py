import asyncio
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console as Screen

from bot.commands import chat
from bot.settings import Settings

ROOT = Path(__file__).parents[3]
SETTINGS = Settings(folder=ROOT)


@pytest.fixture
def talk(tmp_path: Path) -> Callable[..., str]:
    def talk(*lines: str) -> str:
        typed, file = iter(lines), io.StringIO()

        async def read() -> str | None:
            return next(typed, None)

        screen = Screen(file=file, force_terminal=False, soft_wrap=True, highlight=False)
        asyncio.run(chat.talk(SETTINGS, tmp_path / "chat.db", screen, read))
        return file.getvalue()

    return talk


def test_each_line_is_answered_before_the_next_is_read(talk: Callable[..., str]) -> None:
    said = talk("hello", "how long do I have to return something?", "thanks, that solved it")
    places = [said.find(words) for words in ("AI assistant. Hello", "60 days", "from 1 (poor) to 5 (great)")]
    assert (min(places) >= 0, places == sorted(places)) == (True, True)


def test_one_terminal_is_both_customer_and_agent(talk: Callable[..., str]) -> None:
    said = talk(
        "I want to talk to a human", "/agent anna", "/claim", "It leaves today.", "/resolve", "/customer", "/rate 5"
    )
    wanted = (
        "desk: Guest needs a person",
        "claimed by Anna",
        "Anna (agent) to guest: It leaves today.",
        "resolved by an agent",
    )
    assert [words for words in (*wanted, "Thank you for telling us") if words not in said] == []


def test_a_reply_to_an_unclaimed_card_is_sent_on_request(talk: Callable[..., str]) -> None:
    said = talk("I want to talk to a human", "/agent anna", "It leaves today.", "/send")
    assert said.index("only for anna: Not sent") < said.index("Anna (agent) to guest: It leaves today.")


def test_why_explains_the_conversation_in_which_it_is_asked(talk: Callable[..., str]) -> None:
    said = talk("/customer mara", "I want to talk to a human", "/why")
    assert ("conversation 1 at console/you/mara: queued" in said, "asks_for_human" in said) == (True, True)


def test_why_says_when_nothing_has_been_said(talk: Callable[..., str]) -> None:
    assert "Nothing has been said here yet." in talk("/why")


def test_a_kept_conversation_goes_on_at_the_next_start(talk: Callable[..., str]) -> None:
    talk("I want to talk to a human")
    assert "sees this too" in talk("it is about my order")


def test_a_piped_script_ends_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "chat", "--config", str(ROOT / "bot.toml")],
        input="how long do I have to return something?\n/quit\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={"HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )
    assert (done.stderr, done.returncode, "60 days" in done.stdout, list(tmp_path.iterdir())) == ("", 0, True, [])


def test_a_missing_knowledge_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text('[knowledge]\nfolder = "nowhere"\n', "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "chat", "--config", str(tmp_path / "bot.toml")],
        input="",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n"), "nowhere" in done.stderr) == (2, 1, True)
