import ast
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.__main__ import main
from channels.slack.manifest import EVENTS, SCOPES, manifest
from tests.fakes.slack import SCOPES_OF

CODE = Path(__file__).resolve().parents[3] / "channels" / "slack"
WITHOUT_SCOPE = {"auth.test", "apps.connections.open", "chat.getPermalink", "views.open"}
READ_AS_MORE = {"users:read.email", "app_mentions:read", "channels:read", "groups:read", "files:read"}


def called() -> set[str]:
    """The methods of Slack's Web API that the code calls."""
    found = set()
    for path in CODE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                method = node.func.attr.replace("_", ".", 1)
                found.add(method if method not in ("assistant.threads_setStatus",) else "assistant.threads.setStatus")
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return {method for method in found if method in SCOPES_OF or method in WITHOUT_SCOPE}


def test_manifest_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack", "manifest"]) == 0
    assert json.loads(capsys.readouterr().out) == manifest()


def test_link_carries_the_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack", "manifest", "--link", "--name", "Pine & Bot"]) == 0
    (carried,) = parse_qs(urlsplit(capsys.readouterr().out.strip()).query)["manifest_json"]
    assert json.loads(carried) == manifest("Pine & Bot")


@pytest.mark.parametrize("method", sorted(called() - WITHOUT_SCOPE))
def test_every_method_that_the_code_calls_has_its_scopes(method: str) -> None:
    assert set(SCOPES_OF[method]) & set(SCOPES)


def test_no_scope_is_asked_for_that_nothing_needs() -> None:
    needed = {scope for method in called() - WITHOUT_SCOPE for scope in SCOPES_OF[method]}
    assert set(SCOPES) - needed - READ_AS_MORE == set()


@pytest.mark.parametrize("event", [event for event in EVENTS if not event.startswith("message.")])
def test_every_event_is_one_that_the_code_reads(event: str) -> None:
    source = "".join(path.read_text("utf-8") for path in CODE.glob("*.py") if path.name != "manifest.py")
    assert f'"{event}"' in source


def test_new_apps_get_the_view_that_slack_gives_them() -> None:
    assert manifest()["features"]["agent_view"]["agent_description"]


def test_bot_without_slack_does_not_import_it(tmp_path: Path) -> None:
    config = tmp_path / "bot.toml"
    config.write_text("[console]\nenabled = true\n[slack]\nenabled = false\n", "utf-8")
    code = (
        "import sys\nfrom pathlib import Path\nimport bot.app\nfrom bot import settings\n"
        f"settings.load(Path({str(config)!r}))\n"
        "print([name for name in ('slack_bolt', 'slack_sdk', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
