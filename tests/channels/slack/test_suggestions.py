"""A suggested reply on the wire: private, sent or edited, under the agent's name."""

from pathlib import Path
from typing import Any

from tests.channels.slack_bench import DESK, HELP, Service
from tests.channels.test_slack_service import QUESTION, call_a_person, claim, shop
from tests.fakes.slack import buttons_of, texts_of


async def suggested(service: Service, card: str, agent: str = "UANNA") -> dict[str, Any]:
    service.fake.click(agent, DESK, card, "suggest")
    return await service.whispered("Only you see this")


async def ask(service: Service) -> tuple[str, str]:
    return await call_a_person(service, f"{QUESTION} I want to talk to a human")


async def test_suggestion_is_shown_to_one_agent_with_its_source(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await ask(service)
        await claim(service, card)
        whisper = await suggested(service, card)
        assert (whisper["user"], whisper["thread_ts"]) == ("UANNA", card)
        assert "60 days" in "".join(texts_of(whisper))
        assert [button["text"]["text"] for button in buttons_of(whisper)] == ["Send", "Edit and send"]


async def test_send_puts_it_out_under_the_agents_name_and_shows_it_at_the_desk(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        root, card = await ask(service)
        await claim(service, card)
        whisper = await suggested(service, card)
        service.fake.click("UANNA", DESK, whisper["ts"], "send_draft")
        sent = await service.posted(HELP, "60 days")
        assert sent["thread_ts"] == root
        assert sent["text"].startswith("*Anna*\n")
        assert "60 days" in (await service.posted(DESK, "with the help of the assistant"))["text"]
        await service.posted(DESK, "delivered to the customer")


async def test_edit_opens_the_words_in_a_form_and_sends_what_was_made_of_them(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await ask(service)
        await claim(service, card)
        whisper = await suggested(service, card)
        service.fake.click("UANNA", DESK, whisper["ts"], "edit_draft")
        await service.fake.until(lambda: service.fake.views)
        (view,) = service.fake.views
        assert "60 days" in view["blocks"][0]["element"]["initial_value"]
        assert (view["title"]["text"], view["submit"]["text"]) == ("Edit the reply", "Send")
        service.fake.submit("UANNA", view, {"text": "You have *two months*: take your time."})
        assert "take your time" in (await service.posted(HELP, "two months"))["text"]


async def test_send_pressed_twice_sends_once(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await ask(service)
        await claim(service, card)
        whisper = await suggested(service, card)
        for _ in range(2):
            service.fake.click("UANNA", DESK, whisper["ts"], "send_draft")
        await service.whispered("Not sent: these words were sent already")
        assert len([text for text in service.texts(HELP) if "60 days" in text]) == 1


async def test_suggestion_sent_by_whoever_has_not_claimed_claims_it(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await ask(service)
        whisper = await suggested(service, card)
        service.fake.click("UANNA", DESK, whisper["ts"], "send_draft")
        await service.posted(HELP, "*Anna*")
        assert service.rows("select count(*) from events where kind = 'claimed'") == [(1,)]


async def test_resolve_form_begins_with_the_issue_type(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await call_a_person(service, "You charged me twice, I dispute this charge")
        await claim(service, card)
        service.fake.click("UANNA", DESK, card, "resolve")
        await service.fake.until(lambda: service.fake.views)
        chosen = service.fake.views[0]["blocks"][1]["element"]["initial_option"]["value"]
        kinds = service.rows("select json_extract(body, '$.issue_type') from conversations")
        assert [(chosen,)] == kinds
