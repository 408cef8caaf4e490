import pytest

from bot.llm import Settings
from bot.llm.endpoint import EndpointError, OpenAiEndpoint, retry_after
from bot.llm.settings import OPENAI, endpoint_of, missing_secrets
from tests.bot.llm.conftest import Door
from tests.fakes.model import MODEL


async def test_models_of_the_endpoint_are_listed(door: Door) -> None:
    endpoint = OpenAiEndpoint(door.settings)
    assert await endpoint.models() == (MODEL,)
    await endpoint.close()


async def test_key_that_no_header_can_hold_is_an_error_like_others(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-schlüssel")
    endpoint = OpenAiEndpoint(door.settings)
    with pytest.raises(EndpointError):
        await endpoint.post({"model": MODEL, "messages": []})
    await endpoint.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1e9"}, None),
    ],
    ids=["silent", "seconds", "milliseconds", "a date", "negative", "years"],
)
def test_wait_is_what_the_endpoint_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_address_of_bot_toml_goes_before_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere/v1")
    assert endpoint_of(Settings(base_url="http://here/v1")) == "http://here/v1"
    assert endpoint_of(Settings()) == "http://elsewhere/v1"


def test_openai_itself_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    (problem,) = missing_secrets(Settings(model="gpt"))
    assert "OPENAI_API_KEY" in problem
    assert endpoint_of(Settings()) == OPENAI


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(model="local", base_url="http://localhost:11434/v1")],
    ids=["no model", "a local one"],
)
def test_no_key_is_missed_where_none_is_needed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert missing_secrets(settings) == []
