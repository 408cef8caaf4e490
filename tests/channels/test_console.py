import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import BufferedReader, BufferedWriter
from pathlib import Path

import pytest
from rich.console import Console as Screen

from channels.base import Action, Address, Attachment, Button, Card, Field, Host, Message, Outgoing, Person, Since
from channels.console import Console, Settings, connect
from channels.console.lines import Lines
from channels.console.screen import to_visible
from tests.channels.test_contract import Bound

ROOM = Address(channel="console", room="you")
DESK = Address(channel="console", room="desk")
NOW = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)
BRIEF = Card(
    title="Mara needs a person",
    fields=(Field(name="Why", text="frustration"),),
    quotes=(Field(name="10:00 customer", text="this is a joke"),),
    buttons=(Button(name="claim", label="Claim", value="4"), Button(name="resolve", label="Resolve", value="4")),
)


async def nothing(*_: object) -> None:
    """A host that keeps nothing."""


async def no_key(content: bytes) -> str:
    return ""


async def never_away() -> Since:
    return Since(bookmarks={}, addresses=())


HOST = Host(since=never_away, keep=nothing, keep_file=no_key, file=nothing)


class Seat:
    """A console with somebody typing at it: what they saw and what went in."""

    def __init__(self, lines: Iterable[str] = (), *, terminal: bool = False) -> None:
        self.file = io.StringIO()
        self.heard: list[Message | Action] = []
        self._lines = iter(lines)
        screen = Screen(file=self.file, force_terminal=terminal, width=100, soft_wrap=not terminal, highlight=False)
        self.console = Console(Settings(), screen=screen, read=self._read, clock=lambda: NOW)

    @property
    def seen(self) -> str:
        return self.file.getvalue()

    async def type(self, *lines: str) -> None:
        for line in lines:
            await self.console.type(line, self.receive)

    async def receive(self, event: Message | Action) -> None:
        self.heard.append(event)

    async def _read(self) -> str | None:
        return next(self._lines, None)


@asynccontextmanager
async def bench() -> AsyncIterator[Bound]:
    """For the contract."""
    seat = Seat()
    yield Bound(channel=seat.console, room=ROOM, shown=lambda: seat.seen.split("\n"))


def says(text: str, *, author: str = "", thread: str = "") -> Outgoing:
    return Outgoing(id=f"say-{text}", address=replace(ROOM, thread=thread), text=text, author=author)


def card(conversation: str = "4", id: str = "4-0-0-card0") -> Outgoing:
    buttons = tuple(replace(button, value=conversation) for button in BRIEF.buttons)
    return Outgoing(id=id, address=DESK, card=replace(BRIEF, buttons=buttons))


def whisper(to: str = "anna") -> Outgoing:
    buttons = (
        Button(name="claim_send", label="Claim and send", value="4:m7"),
        Button(name="keep_note", label="Keep as note", value="4:m7"),
    )
    asked = Card(title="Not sent to the customer.", buttons=buttons)
    return Outgoing(id="w", address=replace(DESK, thread="4-0-0-card0"), card=asked, only_for=to)


def only_action(seat: Seat) -> Action:
    (event,) = seat.heard
    assert isinstance(event, Action)
    return event


def only_message(seat: Seat) -> Message:
    (event,) = seat.heard
    assert isinstance(event, Message)
    return event


async def test_a_plain_line_is_the_guests_message() -> None:
    seat = Seat()
    await seat.type("where is my order?")
    message = only_message(seat)
    assert (message.address, message.sender.id, message.text) == (ROOM, "guest", "where is my order?")


async def test_every_line_has_an_id_of_its_own() -> None:
    seat = Seat()
    await seat.type("yes", "yes")
    assert len({event.external_id for event in seat.heard}) == 2


async def test_ids_differ_from_those_of_an_earlier_start() -> None:
    first, second = Seat(), Seat()
    await first.type("yes")
    await second.type("yes")
    assert first.heard[0].external_id != second.heard[0].external_id


async def test_another_customer_writes_at_an_address_of_their_own() -> None:
    seat = Seat()
    await seat.type("/customer Mara", "hello")
    message = only_message(seat)
    assert (message.address, message.sender) == (replace(ROOM, thread="mara"), Person(id="mara", name="Mara"))


async def test_an_agent_replies_in_the_thread_of_the_newest_card() -> None:
    seat = Seat()
    await seat.console.send(card("3", "3-0-0-card0"))
    await seat.console.send(card("4", "4-0-0-card0"))
    await seat.type("/agent anna", "I will look.")
    message = only_message(seat)
    assert (message.address, message.sender.id) == (replace(DESK, thread="4-0-0-card0"), "anna")


async def test_a_new_card_does_not_take_the_place_of_the_one_at_work() -> None:
    seat = Seat()
    await seat.console.send(card("3", "3-0-0-card0"))
    await seat.type("/agent anna", "/claim")
    await seat.console.send(card("4", "4-0-0-card0"))
    await seat.type("It leaves today.")
    assert [event.address.thread for event in seat.heard] == ["3-0-0-card0", "3-0-0-card0"]


async def test_open_chooses_a_card() -> None:
    seat = Seat()
    await seat.console.send(card("3", "3-0-0-card0"))
    await seat.console.send(card("4", "4-0-0-card0"))
    await seat.type("/agent anna", "/open 3", "/claim")
    assert only_action(seat).value == "3"


@pytest.mark.parametrize("name", ["claim", "return", "resolve", "reopen", "suggest", "more_time"])
async def test_a_desk_command_presses_the_cards_button(name: str) -> None:
    seat = Seat()
    await seat.console.send(card())
    await seat.type("/agent anna", f"/{name}")
    action = only_action(seat)
    assert (action.name, action.value, action.actor.id, action.address.room) == (name, "4", "anna", "desk")


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [("/solved", "solved", ""), ("/human", "ask_human", ""), ("/code", "send_code", ""), ("/rate 5", "rate", "5")],
)
async def test_a_customer_presses_a_button(line: str, name: str, value: str) -> None:
    seat = Seat()
    await seat.type(line)
    action = only_action(seat)
    assert (action.name, action.value, action.address, action.actor.id) == (name, value, ROOM, "guest")


@pytest.mark.parametrize(("line", "name"), [("/send", "claim_send"), ("/keep", "keep_note")])
async def test_a_private_question_is_answered_where_it_was_asked(line: str, name: str) -> None:
    seat = Seat()
    await seat.console.send(whisper())
    await seat.type("/agent anna", line)
    action = only_action(seat)
    assert (action.name, action.value, action.address.thread) == (name, "4:m7", "4-0-0-card0")


async def test_a_private_question_is_answered_once() -> None:
    seat = Seat()
    await seat.console.send(whisper())
    await seat.type("/agent anna", "/send", "/send")
    assert len(seat.heard) == 1


async def test_nobody_else_answers_a_private_question() -> None:
    seat = Seat()
    await seat.console.send(whisper(to="anna"))
    await seat.type("/agent ben", "/send")
    assert seat.heard == []


@pytest.mark.parametrize("line", ["!call the carrier", "/note call the carrier"])
async def test_a_note_is_marked_as_one(line: str) -> None:
    seat = Seat()
    await seat.console.send(card())
    await seat.type("/agent anna", line)
    assert only_message(seat).text == "!call the carrier"


async def test_two_strokes_send_a_message_that_begins_with_one() -> None:
    seat = Seat()
    await seat.type("//claim is what my screen says")
    assert only_message(seat).text == "/claim is what my screen says"


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        (["/dance"], "no command /dance"),
        (["/claim"], "That is for agents"),
        (["/note hello"], "Notes are for agents"),
        (["/agent anna", "/claim"], "nothing on the desk"),
        (["/agent anna", "hello"], "nothing on the desk"),
        (["/agent anna", "/solved"], "That is for customers"),
        (["/agent anna", "/note"], "What should the note say"),
        (["/agent anna", "/open 9"], "On the desk: nothing yet"),
        (["/rate 6"], "How many stars"),
        (["/send"], "Nothing was asked of you"),
        (["/why"], "warmline why"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(lines: list[str], hint: str) -> None:
    seat = Seat()
    await seat.type(*lines)
    assert (seat.heard, hint in seat.seen.rstrip("\n").split("\n")[-1]) == ([], True)


async def test_why_is_asked_for_the_place_where_one_sits() -> None:
    seat = Seat()
    asked: list[Address] = []

    async def explain(address: Address) -> str:
        asked.append(address)
        return "because of a rule"

    seat.console.explain = explain
    await seat.type("/customer Mara", "/why")
    assert (asked, "because of a rule" in seat.seen) == ([replace(ROOM, thread="mara")], True)


async def test_help_names_every_command() -> None:
    seat = Seat()
    await seat.type("/help")
    commands = (
        "agent customer why quit solved human rate claim return resolve reopen suggest more_time open send keep note"
    )
    assert [name for name in commands.split() if f"/{name}" not in seat.seen] == []


async def test_listening_ends_with_the_input() -> None:
    seat = Seat(["hello", "are you there?"])
    await seat.console.listen(seat.receive)
    assert len(seat.heard) == 2


async def test_quit_ends_listening() -> None:
    seat = Seat(["hello", "/quit", "never read"])
    await seat.console.listen(seat.receive)
    assert len(seat.heard) == 1


async def test_the_next_line_is_read_only_when_the_last_is_stored() -> None:
    order: list[str] = []
    lines = iter(["one", "two"])

    async def read() -> str | None:
        order.append("read")
        return next(lines, None)

    async def receive(event: Message | Action) -> None:
        order.append("received")

    await Console(Settings(), screen=Screen(file=io.StringIO()), read=read).listen(receive)
    assert order == ["read", "received", "read", "received", "read"]


async def test_a_line_that_could_not_be_stored_is_handed_in_again() -> None:
    seat = Seat(["hello"])

    async def refuse(event: Message | Action) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await seat.console.listen(refuse)
    await seat.console.listen(seat.receive)
    assert only_message(seat).text == "hello"
    assert seat.seen.count("What you typed could not be stored just now; it is handed in again.") == 1


@pytest.mark.parametrize(("line", "value"), [("/resolve", "3"), ("/send", "4:m7")])
async def test_a_press_that_could_not_be_stored_is_the_same_press_again(line: str, value: str) -> None:
    seat = Seat(["/agent anna", "/open 3", line])
    for posted in (card("3", "3-0-0-card0"), card("4", "4-0-0-card0"), whisper()):
        await seat.console.send(posted)

    async def refuse(event: Message | Action) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await seat.console.listen(refuse)
    await seat.console.listen(seat.receive)
    assert only_action(seat).value == value


async def test_the_assistant_is_always_called_an_ai() -> None:
    seat = Seat()
    await seat.console.send(says("It takes five days."))
    assert seat.seen == "AI assistant: It takes five days.\n"


async def test_files_are_named() -> None:
    seat = Seat()
    files = (Attachment(name="label\x1b.pdf", type="application/pdf", bytes=900),)
    await seat.console.send(replace(says("Here it is.", author="Anna"), attachments=files))
    assert seat.seen == "Anna (agent): Here it is.\n    [file: label.pdf]\n"


async def test_an_agent_is_called_an_agent() -> None:
    seat = Seat()
    await seat.console.send(says("I will look.", author="Anna"))
    assert seat.seen == "Anna (agent): I will look.\n"


async def test_words_to_a_customer_who_does_not_sit_here_name_them() -> None:
    seat = Seat()
    await seat.console.send(says("It takes five days.", thread="mara"))
    assert seat.seen == "AI assistant to mara: It takes five days.\n"


async def test_a_redrawn_card_is_one_line() -> None:
    seat = Seat()
    drawn = replace(BRIEF, title="Mara needs a person · claimed by Anna")
    await seat.console.send(Outgoing(id="r", address=DESK, card=drawn, replaces="4-0-0-card0"))
    assert seat.seen == "desk: Mara needs a person · claimed by Anna\n"


async def test_a_card_lists_its_fields_words_and_buttons() -> None:
    seat = Seat()
    await seat.console.send(card())
    assert seat.seen.splitlines() == [
        "desk: Mara needs a person",
        "    Why: frustration",
        "    | 10:00 customer: this is a joke",
        "    /claim (Claim)   /resolve (Resolve)",
    ]


async def test_piped_output_is_plain() -> None:
    seat = Seat()
    await seat.console.send(card())
    await seat.console.send(says("**Bold** and [red]not red[/red]"))
    assert (seat.seen.isascii(), "\x1b" in seat.seen) == (True, False)


async def test_piped_lines_are_not_wrapped() -> None:
    seat = Seat()
    await seat.console.send(says("word " * 200))
    assert seat.seen.count("\n") == 1


async def test_a_card_is_a_panel_on_a_terminal() -> None:
    seat = Seat(terminal=True)
    await seat.console.send(card())
    assert "╭" in seat.seen


async def test_the_prompt_says_who_one_is_on_a_terminal() -> None:
    seat = Seat(["/customer Mara"], terminal=True)
    await seat.console.listen(seat.receive)
    assert ("Guest > " in seat.seen, "Mara > " in seat.seen) == (True, True)


@pytest.mark.parametrize("terminal", [False, True], ids=["piped", "terminal"])
@pytest.mark.parametrize("author", ["", "Anna"], ids=["assistant", "agent"])
async def test_words_cannot_use_rich_markup(terminal: bool, author: str) -> None:
    seat = Seat(terminal=terminal)
    await seat.console.send(says("[blink]look[/blink] :smile:", author=author))
    assert "[blink]look[/blink] :smile:" in seat.seen


@pytest.mark.parametrize("terminal", [False, True], ids=["piped", "terminal"])
async def test_words_cannot_steer_the_terminal(terminal: bool) -> None:
    seat = Seat(terminal=terminal)
    evil = "\x1b]0;owned\x07\x1b[2J\x9b2J\x08\x08gone\r\u202egnihton"
    quotes = (Field(name=f"10:00 {evil}", text=evil),)
    await seat.console.send(Outgoing(id="q", address=DESK, card=Card(title=evil, quotes=quotes)))
    await seat.console.send(says(evil, author=evil))
    seat.console.echo(evil)
    found = [sign for sign in ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\x08", "\r", "\u202e") if sign in seat.seen]
    assert found == []


async def test_a_later_line_cannot_pass_for_somebody_elses() -> None:
    seat = Seat()
    await seat.console.send(says("fine\ndesk: resolved\nAI assistant: we refund all", author="Anna"))
    assert [line for line in seat.seen.splitlines() if not line.startswith("    ")] == ["Anna (agent): fine"]


def test_half_a_surrogate_pair_can_be_printed() -> None:
    assert to_visible("a\ud800b") == "a?b"


@pytest.fixture
def pipe() -> Iterator[tuple[BufferedReader, BufferedWriter]]:
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as reader, os.fdopen(theirs, "wb") as writer:
        yield reader, writer


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"one\n", b"\n", b"three"], ["one", "", "three"]),
        ([b"dos\r\n"], ["dos"]),
        ([b"caf\xc3\xa9 \xff\n"], ["café �"]),
        ([], []),
    ],
    ids=["two lines", "an empty one, no end", "carriage return", "not UTF-8", "nothing"],
)
async def test_lines_are_read_from_a_pipe(
    pipe: tuple[BufferedReader, BufferedWriter], chunks: list[bytes], lines: list[str]
) -> None:
    reader, writer = pipe
    for chunk in chunks:
        writer.write(chunk)
    writer.close()
    source = Lines(reader)
    found = [line async for line in every(source)]
    assert found == lines


async def every(source: Lines) -> AsyncIterator[str]:
    while (line := await source.read()) is not None:
        yield line


async def test_waiting_for_a_line_holds_nothing_up(pipe: tuple[BufferedReader, BufferedWriter]) -> None:
    reader, writer = pipe
    waiting = asyncio.ensure_future(Lines(reader).read())
    await asyncio.sleep(0)
    writer.write(b"late\n")
    writer.flush()
    assert await waiting == "late"


async def test_without_an_input_there_is_no_line() -> None:
    assert await Lines(None).read() is None


@pytest.fixture
def long_file(tmp_path: Path) -> Iterator[BufferedReader]:
    path = tmp_path / "long.txt"
    path.write_bytes(b"x" * 1_000_000 + b"\nnext\n")
    with path.open("rb") as file:
        yield file


async def test_a_line_of_a_megabyte_is_one_line_of_a_file(long_file: BufferedReader) -> None:
    lines = Lines(long_file)
    assert [len(await lines.read() or ""), await lines.read(), await lines.read()] == [1_000_000, "next", None]


async def test_connecting_neither_reads_nor_prints(capsys: pytest.CaptureFixture[str]) -> None:
    console = connect(Settings(), HOST)
    await console.close()
    assert (console.name, capsys.readouterr().out) == ("console", "")


async def test_a_connected_console_prints_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    await connect(Settings(), HOST).send(says("It takes five days."))
    assert capsys.readouterr().out == "AI assistant: It takes five days.\n"


async def test_what_comes_while_one_types_takes_the_place_of_the_prompt() -> None:
    file = io.StringIO()
    screen = Screen(file=file, force_terminal=True, color_system=None, width=100, highlight=False)

    async def read() -> str | None:
        await console.send(says("Anna is with you now."))
        return None

    console = Console(Settings(), screen=screen, read=read)
    await console.listen(Seat().receive)
    assert file.getvalue() == "Guest > \r\x1b[2KAI assistant: Anna is with you now.\nGuest > "


async def test_longer_words_stand_below_their_speaker_on_a_terminal() -> None:
    seat = Seat(terminal=True)
    await seat.console.send(says("one\ntwo", author="Anna"))
    assert [line.rstrip() for line in plain(seat.seen).splitlines()] == ["Anna (agent)", "    one", "    two"]


async def test_sources_are_dim_on_a_terminal() -> None:
    seat = Seat(terminal=True)
    await seat.console.send(says("Five days.\n\nSource: Shipping › Times"))
    assert "\x1b[2mSource: Shipping › Times\x1b[0m" in seat.seen


async def test_what_the_encoding_lacks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    await connect(Settings(), HOST).send(says("It costs 5 €."))
    sys.stdout.flush()
    assert written.getvalue() == b"AI assistant: It costs 5 ?.\n"


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)
