"""The house rules: who imports whom, which modules are pure, and which package has which door."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Every module has a place; a new file fails until someone decides where it belongs. A package is one place.
FLOORS: dict[str, int] = {
    "channels": 0,
    "channels.base": 0,
    "channels.fuse": 0,
    "channels.markup": 0,
    "bot": 0,
    "bot.patterns": 0,
    "bot.stem": 0,
    "bot.stopwords": 0,
    "bot.words": 1,
    "channels.console": 1,
    "channels.discord": 1,
    "channels.email": 1,
    "channels.memory": 1,
    "channels.slack": 1,
    "bot.conversation": 1,
    "bot.hours": 1,
    "bot.logs": 1,
    "bot.outage": 1,
    "bot.report": 2,
    "bot.issue_types": 1,
    "bot.sieve": 1,
    "bot.rules": 2,
    "bot.amounts": 2,
    "bot.evidence": 2,
    "bot.vectors": 2,
    "bot.prompts": 2,
    "bot.deadlines": 2,
    "bot.schedule": 2,
    "bot.phrases": 3,
    "bot.language": 3,
    "bot.triggers": 3,
    "bot.gate": 3,
    "bot.triage": 3,
    "bot.tools": 3,
    "bot.codes": 3,
    "bot.lines": 3,
    "bot.handoff": 3,
    "bot.store": 3,
    "bot.draft": 4,
    "bot.warming": 4,
    "bot.answer": 4,
    "bot.grounding": 4,
    "bot.knowledge": 4,
    "bot.llm": 4,
    "bot.crm": 4,
    "bot.asking": 5,
    "bot.desk": 5,
    "bot.privacy": 5,
    "bot.assistant": 6,
    "bot.author": 6,
    "bot.embeddings": 6,
    "bot.settings": 7,
    "bot.parts": 7,
    "bot.research": 8,
    "bot.sender": 8,
    "bot.verification": 8,
    "bot.decider": 9,
    "bot.loop": 10,
    "bot.app": 11,
    "bot.commands": 12,
    "bot.__main__": 13,
}

PURE = [
    "bot.amounts",
    "bot.answer",
    "bot.asking",
    "bot.assistant",
    "bot.codes",
    "bot.conversation",
    "bot.deadlines",
    "bot.desk",
    "bot.draft",
    "bot.evidence",
    "bot.gate",
    "bot.grounding",
    "bot.handoff",
    "bot.hours",
    "bot.issue_types",
    "bot.lines",
    "bot.language",
    "bot.patterns",
    "bot.prompts",
    "bot.report",
    "bot.privacy",
    "bot.rules",
    "bot.sieve",
    "bot.stem",
    "bot.stopwords",
    "bot.tools",
    "bot.triage",
    "bot.triggers",
    "bot.vectors",
    "bot.words",
    "channels.base",
    "channels.markup",
]
IMPURE_IMPORTS = {
    "os",
    "pathlib",
    "socket",
    "asyncio",
    "logging",
    "sqlite3",
    "time",
    "random",
    "subprocess",
    "structlog",
}

HELP = """
import sys
import bot.__main__
try:
    bot.__main__.main(["--help"])
except SystemExit:
    heavy = {"pydantic", "rich", "sqlite_utils", "asyncio", "bot.loop", "structlog"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""

STARTED = """
import sys
import bot.app
late = {"openai", "httpx", "slack_sdk", "aiohttp", "discord", "aiosmtplib", "bot.author.author", "bot.grounding"}
print(sorted(late & set(sys.modules)), file=sys.stderr)
"""

# Where everything may be caught, and why.
CATCHES_ALL = {
    "bot.decider": "whatever goes wrong while deciding ends at a human",
    "bot.sender": "a mistake in an adapter hinders no other post",
    "bot.loop": "a stop closes the channels in good order whatever the store says",
    "bot.store.writer": "hands the error to whoever awaits the work, in another thread",
    "bot.knowledge.child": "a hostile file may break its parser in any way; the child reports it and goes on",
}

DOORS = {
    "slack_bolt": "channels.slack",
    "slack_sdk": "channels.slack",
    "aiohttp": "channels.slack channels.discord",  # the connections that both SDKs speak over, and their errors
    "discord": "channels.discord",
    "aioimaplib": "channels.email",
    "aiosmtplib": "channels.email",
    "httpx": "bot.llm",
    "openai": "bot.llm",
    "sqlite_utils": "bot.store",
    "sqlite3": "bot.store",
    "apscheduler": "bot.schedule",
    "pydantic": "bot.settings",
}


def sources() -> Iterator[tuple[str, Path]]:
    for package in ("bot", "channels"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


def imports(path: Path) -> set[str]:
    """The modules a file imports, anywhere in it, with `from x import y` counted as x.y where that is a module."""
    names: set[str] = set()
    modules = {name for name, _ in sources()}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            inner = {name for name in full if name in modules}
            names |= inner | ({node.module} if inner != full and node.module else set())
    return names


def place(module: str) -> str:
    """The longest known prefix: files inside a package share its place."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (name := ".".join(parts[:length])) in FLOORS and (name not in ("bot", "channels") or length == len(parts)):
            return name
    pytest.fail(f"{module} has no floor: add it to FLOORS")


ALL = dict(sources())


@pytest.mark.parametrize("module", ALL)
def test_module_imports_only_from_lower_floors(module: str) -> None:
    here = place(module)
    for imported in imports(ALL[module]):
        if imported.split(".")[0] in ("bot", "channels") and place(imported) != here:
            assert FLOORS[place(imported)] < FLOORS[here], f"{module} imports {imported}"


@pytest.mark.parametrize("module", [name for name in ALL if name.startswith("channels")])
def test_channels_know_nothing_of_bot(module: str) -> None:
    assert not [name for name in imports(ALL[module]) if name.split(".")[0] == "bot"]


@pytest.mark.parametrize("module", [name for name in ALL if place(name) in PURE])
def test_pure_module_has_no_clock_and_no_input_or_output(module: str) -> None:
    assert {name.split(".")[0] for name in imports(ALL[module])} & IMPURE_IMPORTS == set()


@pytest.mark.parametrize("module", ALL)
def test_each_dependency_has_one_door(module: str) -> None:
    for imported in imports(ALL[module]):
        door = DOORS.get(imported.split(".")[0])
        assert door is None or place(module) in door.split(), f"{module} imports {imported}, whose door is {door}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    banned = {"utils", "common", "helpers", "core", "models", "managers"}
    assert [name for name in ALL if set(name.split(".")) & banned] == []


def test_everything_is_caught_in_one_place_only() -> None:
    nodes = [(module, node) for module, path in ALL.items() for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    found = [
        module
        for module, node in nodes
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
    ]
    assert set(found) == set(CATCHES_ALL)


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == "[]"


def test_bot_without_a_model_or_channel_imports_nothing_of_theirs() -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == "[]"


def test_every_import_is_declared() -> None:
    declared = (ROOT / "pyproject.toml").read_text("utf-8").lower().replace("-", "_")
    packages = {"yaml": "pyyaml", "docx": "python_docx"}
    ours = {"bot", "channels", "tests"}
    for path in ALL.values():
        for name in {imported.split(".")[0] for imported in imports(path)} - ours - set(sys.stdlib_module_names):
            assert f'"{packages.get(name, name)}' in declared, f"{path} imports {name}, which pyproject.toml lacks"
