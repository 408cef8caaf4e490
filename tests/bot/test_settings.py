import importlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from bot import settings
from bot.settings import SettingsError
from channels import console

ROOT = Path(__file__).resolve().parents[2]


def load(folder: Path, text: str) -> settings.Settings:
    path = folder / "bot.toml"
    path.write_text(text, "utf-8")
    return settings.load(path)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return caught.value.mistakes


def test_empty_file_is_all_defaults(tmp_path: Path) -> None:
    loaded = load(tmp_path, "")
    assert loaded == settings.Settings(folder=tmp_path)
    assert loaded.channels == {}


def test_shipped_file_can_be_used() -> None:
    loaded = settings.load(ROOT / "bot.toml")
    assert list(loaded.channels) == ["console"]


def test_given_values_take_the_place_of_defaults(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "[deadlines]\nping_minutes = [5, 6]\n[hours]\nholidays = [2026-12-25]\n[knowledge]\nrefresh_seconds = 2",
    )
    assert loaded.deadlines.ping_minutes == (5, 6)
    assert loaded.deadlines.answer_seconds == settings.Settings().deadlines.answer_seconds
    assert loaded.hours.holidays == (date(2026, 12, 25),)
    assert loaded.knowledge.refresh_seconds == 2.0


def test_paths_begin_at_the_file_itself(tmp_path: Path) -> None:
    loaded = load(tmp_path, "")
    assert loaded.path("state/x.db") == tmp_path / "state" / "x.db"
    assert loaded.path("/elsewhere/x.db") == Path("/elsewhere/x.db")


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("[console]", True),
        ("[console]\nenabled = true", True),
        ("[console]\nenabled = false", False),
        ("", False),
    ],
)
def test_channel_is_on_where_its_table_is_and_does_not_say_no(tmp_path: Path, text: str, on: bool) -> None:
    assert ("console" in load(tmp_path, text).channels) is on


def test_channel_gets_its_own_settings(tmp_path: Path) -> None:
    assert load(tmp_path, '[console]\ndesk_room = "desk"').channels["console"] == console.Settings(desk_room="desk")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[asistant]", "asistant: nobody reads this; did you mean 'assistant'?"),
        ("[zzz]", "zzz: nobody reads this; known are assistant, knowledge"),
        ("[deadlines]\nping_minuts = [1]", "deadlines.ping_minuts: nobody reads this; did you mean 'ping_minutes'?"),
        ("[triggers]\nenabled = false", "triggers.enabled: nobody reads this; known are max_turns"),
        ("deadlines = 5", "deadlines: must be a table; write [deadlines] and its keys below it"),
        ("console = true", "console: must be a table; write [console]"),
        ("[deadlines]\nanswer_seconds = true", "deadlines.answer_seconds: True cannot be used"),
        ('[deadlines]\nanswer_seconds = "60"', "deadlines.answer_seconds: '60' cannot be used"),
        ("[deadlines]\nanswer_seconds = 1.5", "deadlines.answer_seconds: 1.5 cannot be used"),
        ('[deadlines]\nping_minutes = [10, "30"]', "deadlines.ping_minutes.1: '30' cannot be used"),
        ("[deadlines]\nping_minutes = 10", "deadlines.ping_minutes: 10 cannot be used: input should be a valid list"),
        ('[desk]\nagents = "anna"', "desk.agents: 'anna' cannot be used: input should be a valid list"),
        ("[assistant]\nname = [1]", "assistant.name: [1] cannot be used: input should be a valid string"),
        ('[console]\nenabled = "no"', "console.enabled: 'no' cannot be used: input should be a valid boolean"),
        ('[hours]\nholidays = ["2026-12-25"]', "hours.holidays.0: '2026-12-25' cannot be used"),
        ("[hours]\nmon = 9", "hours.mon: 9 cannot be used"),
        ('[hours]\nmon = "nine"', "hours.mon: 'nine' is not a span of time; write '09:00-17:00' or ''"),
        ("[deadlines]\nping_minutes = []", "deadlines.ping_minutes: [] must rise from above 0, like [10, 30, 120]"),
        ("[deadlines]\nping_minutes = [10, 10]", "deadlines.ping_minutes: [10, 10] must rise"),
        ("[deadlines]\nping_minutes = [0]", "deadlines.ping_minutes: [0] must rise"),
        ("[deadlines]\nping_minutes = [99999999]", "deadlines.ping_minutes: [99999999] must rise"),
        ("[answer]\nunsure_at = 0.9\nanswer_at = 0.5", "answer.unsure_at: 0.9 is above answer.answer_at"),
        ("[answer]\nanswer_at = nan", "answer.answer_at: nan is out of range; write a number from 0 to 1"),
        ('[store]\npath = ""', "store.path: empty; name a file, such as 'state/warmline.db'"),
        ('[desk]\nroom = ""', "desk.room: empty, so no human could ever be called"),
        ('[desk]\nfallback_room = "desk"', "desk.fallback_room: the desk itself"),
        ('[console]\n[desk]\nchannel = "slak"', "desk.channel: 'slak' is not switched on; write [slak]"),
        ('[console]\n[desk]\nfallback_channel = "mail"', "desk.fallback_channel: 'mail' is not switched on"),
        ("[triage]\ntypes = 5", "triage.types must be an array"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_key_and_the_fix(tmp_path: Path, text: str, mistake: str) -> None:
    assert [one[: len(mistake)] for one in mistakes(tmp_path, text)] == [mistake]


@pytest.mark.parametrize("name", settings.LIMITS)
@pytest.mark.parametrize("side", [0, 1], ids=["least", "most"])
def test_every_number_has_its_limits(tmp_path: Path, name: str, side: int) -> None:
    table, _, key = name.partition(".")
    limit = settings.LIMITS[name][side]
    outside = limit + (1 if side else -1)
    found = mistakes(tmp_path, f"[{table}]\n{key} = {outside}")
    assert f"{name}: {outside:g} is out of range; write a number from" in found[0]


@pytest.mark.parametrize("name", ["Anna", "Sarah Miller", "Dr. Bob", "", "   ", "🌲"])
def test_persona_that_could_be_a_persons_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    (mistake,) = mistakes(tmp_path, f'[assistant]\nname = "{name}"')
    assert mistake.startswith("assistant.name: ")
    assert "write one such as" in mistake or "say that it is a machine" in mistake


@pytest.mark.parametrize("name", ["Anna (AI)", "PineBot", "Acme Support", "Warmline Assistant"])
def test_persona_that_is_plainly_a_machine_is_fine(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, f'[assistant]\nname = "{name}"').assistant.name == name


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = '[asistant]\n[assistant]\nname = "Anna"\n[deadlines]\nanswer_seconds = "x"\n[hours]\nmon = "y"'
    text += "\n[store]\nbackups = 0"
    assert [one.partition(":")[0] for one in mistakes(tmp_path, text)] == [
        "asistant",
        "deadlines.answer_seconds",
        "hours.mon",
        "assistant.name",
        "store.backups",
    ]


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file; name another with --config"):
        settings.load(tmp_path / "bot.toml")


def test_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read as UTF-8 text"):
        settings.load(tmp_path)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bot.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read as UTF-8 text"):
        settings.load(path)


def test_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "[desk\nroom = 1")
    assert mistake.startswith("not TOML: ")
    assert "line 1" in mistake


def shown_and_default() -> Iterator[tuple[str, str, str, object]]:
    """Table, key, its line in the shipped bot.toml ("" where there is none) and the default, for every setting."""
    parts = {part.name: getattr(settings.Settings(), part.name) for part in fields(settings.Settings)}
    tables = {name: part for name, part in parts.items() if name not in ("channels", "folder", "triage")}
    services = {name: importlib.import_module(f"channels.{name}").Settings() for name in settings.channel_names()}
    text = (ROOT / "bot.toml").read_text("utf-8")
    for table, part in (tables | services).items():
        section = re.split(r"^\[(?!\[)", text.partition(f"\n[{table}]")[2], maxsplit=1, flags=re.MULTILINE)[0]
        for key in fields(part):
            line = re.search(rf"^(?:{key.name} =|# \[+{table}\.{key.name}\]).*", section, re.MULTILINE)
            yield table, key.name, line[0] if line else "", getattr(part, key.name)


def test_every_key_is_shown_in_the_shipped_file() -> None:
    assert [f"{table}.{key}" for table, key, line, _ in shown_and_default() if not line] == []


def test_a_value_that_is_not_the_default_says_so() -> None:
    silent = []
    for table, key, line, default in shown_and_default():
        if not line.startswith("#"):
            plain = list(default) if isinstance(default, tuple) else default
            if tomllib.loads(line) != {key: plain} and "default: " not in line.lower():
                silent.append(f"{table}.{line} (default: {default!r})")
    assert silent == []


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('model = "m"\nturn_seconds = 40', "llm.turn_seconds"),
        ('model = "m"\nbase_url = "localhost:11434"', "llm.base_url"),
        ('model = "m"\ndaily_money = 5', "llm.daily_money"),
        ('model = "m"\nsearch_language = "English"', "llm.search_language"),
        ("tries = 0", "llm.tries"),
    ],
    ids=["too slow for the deadline", "no address", "a cap without prices", "no language", "never tried"],
)
def test_model_that_cannot_be_asked_as_set_is_a_mistake(tmp_path: Path, table: str, key: str) -> None:
    (mistake,) = mistakes(tmp_path, f"[llm]\n{table}")
    assert mistake.startswith(f"{key}: ")


def test_without_a_model_nothing_else_of_its_table_matters(tmp_path: Path) -> None:
    assert load(tmp_path, "[llm]\nturn_seconds = 50").llm.enabled is False


def mail(more: str) -> str:
    return f"[console]\nenabled = true\n[email.caps]\nmailbox_hour = 300\n[[email.mailboxes]]\n{more}"


def test_tables_inside_a_table_are_filled(tmp_path: Path) -> None:
    box = 'address = "help@example.org"\naliases = ["info@example.org"]\nimap_host = "imap.example.org"\n'
    own = load(tmp_path, mail(box)).channels["email"]
    assert own.caps.mailbox_hour == 300
    assert [(one.address, one.aliases, one.imap_port) for one in own.mailboxes] == [
        ("help@example.org", ("info@example.org",), 993)
    ]


@pytest.mark.parametrize(
    ("box", "told"),
    [
        ('address = "a@b.test"\nadress = ""', "email.mailboxes.0.adress: nobody reads this"),
        ('name = "PineBot"', "email.mailboxes.0.address: is missing; write it"),
        ('address = "a@b.test"\nimap_port = "993"', "email.mailboxes.0.imap_port: '993' cannot be used"),
        ('address = "a@b.test"\nauth = "magic"', "email.mailboxes.0.auth: 'magic' cannot be used"),
        ('address = "a@b.test"\nissue_type = "weather"', "email.mailboxes: there is no issue type 'weather'"),
    ],
    ids=["unknown key", "missing key", "wrong type", "wrong word", "unknown issue type"],
)
def test_mistake_in_a_table_inside_a_table_is_named(tmp_path: Path, box: str, told: str) -> None:
    (mistake,) = mistakes(tmp_path, mail(box))
    assert mistake.startswith(told)


TOOL = '[[tools.allow]]\ntool = "{tool}"\nissue_types = ["{kind}"]\nfields = {fields}\n'


def test_look_ups_are_allowed_by_issue_type_and_column(tmp_path: Path) -> None:
    table = TOOL.format(tool="look_up_order", kind="order_status", fields='["last order"]')
    (allowed,) = load(tmp_path, table).tools.allow
    assert (allowed.tool, allowed.issue_types, allowed.fields) == ("look_up_order", ("order_status",), ("last order",))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tool": "delete_order", "kind": "order_status", "fields": '["plan"]'}, "there is no tool 'delete_order'"),
        ({"tool": "look_up_order", "kind": "weather", "fields": '["plan"]'}, "there is no issue type 'weather'"),
        ({"tool": "look_up_order", "kind": "order_status", "fields": "[]"}, "shows no column"),
    ],
    ids=["tool", "issue type", "no column"],
)
def test_look_up_that_is_allowed_in_vain_is_a_mistake(tmp_path: Path, given: dict[str, str], told: str) -> None:
    (mistake,) = mistakes(tmp_path, TOOL.format(**given))
    assert mistake.startswith("tools.allow: ")
    assert told in mistake
