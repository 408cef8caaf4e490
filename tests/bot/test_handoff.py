from dataclasses import replace

import pytest

from bot import handoff
from bot.conversation import Account, Escalation, Kind, Outcome, Role, Source, State, Trigger, Turn
from bot.hours import Settings
from channels.base import Person
from tests.bot.world import ANNA, MARA, at_desk, attempt, conversation, files, passage, turn

CLOCK = Settings()
WANTS_PERSON = Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="a human please")
QUESTION = turn("Where is my parcel HP-1234?")
ANSWER = turn(
    "It takes three days.",
    Role.ASSISTANT,
    Kind.ANSWER,
    author="PineBot",
    sources=(Source(article="d.md", heading="H"),),
)


def fields(*turns: Turn, escalation: Escalation = WANTS_PERSON, account: Account | None = None) -> dict[str, str]:
    of = conversation(State.ANSWERING, *turns)
    card = handoff.brief(of, escalation, account=account, draft=None, clock=CLOCK)
    return {field.name: field.text for field in card.fields}


def test_brief_has_all_that_an_agent_needs_in_one_order() -> None:
    assert list(fields()) == [
        "Ask",
        "Why",
        "Issue type",
        "Customer",
        "Account",
        "Said of themselves",
        "Tried",
        "Next step",
        "Draft reply",
    ]


@pytest.mark.parametrize(
    ("said", "ask"),
    [
        ((), "(no words yet)"),
        (("hi",), "hi"),
        (("hi", "Where is my parcel now?"), "Where is my parcel now?"),
        (("Where is my parcel now?", "hello??"), "Where is my parcel now? … hello??"),
        (("", "  "), "(no words yet)"),
        (("word " * 200,), ("word " * 200)[:399].rstrip() + "…"),
    ],
    ids=["nothing", "short", "telling", "first-and-last", "blank", "long"],
)
def test_ask_is_the_first_telling_word_and_the_last(said: tuple[str, ...], ask: str) -> None:
    assert fields(*(turn(text) for text in said))["Ask"] == ask


@pytest.mark.parametrize(
    ("more", "ask"),
    [
        (("How long do returns take?", "human please"), "How long do returns take? … human please"),
        (("human",), "Am I talking to a bot here? … human"),
    ],
    ids=["a matter", "nothing else"],
)
def test_ask_is_not_who_we_are_where_there_is_anything_else(more: tuple[str, ...], ask: str) -> None:
    identity = turn("Yes, I am an AI assistant.", Role.ASSISTANT, Kind.IDENTITY)
    assert fields(turn("Am I talking to a bot here?"), identity, *map(turn, more))["Ask"] == ask


@pytest.mark.parametrize(
    ("escalation", "why"),
    [
        (WANTS_PERSON, "asks for human: “a human please”"),
        (
            Escalation(trigger=Trigger.HIGH_STAKES, evidence="my card was stolen", category="lost_stolen"),
            "high stakes (lost stolen): “my card was stolen”",
        ),
        (Escalation(trigger=Trigger.BOT_FAILED, evidence="x" * 300), "bot failed: “" + "x" * 199 + "…”"),
    ],
    ids=["plain", "category", "long"],
)
def test_reason_quotes_the_evidence(escalation: Escalation, why: str) -> None:
    assert fields(escalation=escalation)["Why"] == why


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (MARA, "Mara, on memory"),
        (Person(id="U7"), "U7, on memory"),
        (replace(MARA, email="m@example.org"), "Mara, m@example.org (not verified), on memory"),
        (replace(MARA, email="m@example.org", verified=True), "Mara, m@example.org (verified), on memory"),
    ],
    ids=["name", "id", "unverified", "verified"],
)
def test_customer_is_named_with_what_is_certain(person: Person, shown: str) -> None:
    card = handoff.brief(replace(conversation(), customer=person), WANTS_PERSON, account=None, draft=None, clock=CLOCK)
    assert card.fields[3].text == shown
    assert card.title == f"{person.name or person.id} needs a person"


def test_account_shows_what_is_filled_in() -> None:
    account = Account(id="C-1", name="Mara Moss", email=None, fields=(("plan", "Summit"), ("since", "")))
    assert fields(account=account)["Account"] == "Mara Moss (C-1), plan: Summit"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I am mara.moss+x@example.co.uk", "mara.moss+x@example.co.uk"),
        ("Order no. 4711-22 please", "Order no. 4711-22"),
        ("Bestellung Nr. 4711", "Bestellung Nr. 4711"),
        ("it is HP-2048116", "HP-2048116"),
        ("see #12345", "#12345"),
        ("call +49 170 1234567", "+49 170 1234567"),
        ("charged €49.90 twice", "€49.90"),
        ("charged 49,90 EUR twice", "49,90 EUR"),
        ("nothing here", "nothing yet"),
    ],
    ids=["e-mail", "order", "german-order", "number", "hash", "phone", "amount", "amount-after", "nothing"],
)
def test_what_the_customer_said_of_themselves_is_picked_out(text: str, found: str) -> None:
    assert fields(turn(text))["Said of themselves"] == found


def test_each_detail_is_named_once_and_twelve_at_most() -> None:
    said = handoff.said_of_themselves([turn("#1000 #1000"), *(turn(f"#{number}") for number in range(2000, 2030))])
    assert (said[0], len(said)) == ("#1000", 12)


def test_only_the_customers_own_words_are_searched_for_details() -> None:
    assert handoff.said_of_themselves([turn("mail us at help@example.org", Role.ASSISTANT)]) == ()


@pytest.mark.parametrize("text", ["a" * 100_000, "+1 " * 33_000, "order " * 17_000, "@" * 100_000, "1." * 50_000])
def test_endless_words_are_searched_only_at_their_beginning(text: str) -> None:
    assert len("".join(handoff.said_of_themselves([turn(text)]))) < 4_000


def test_what_was_tried_is_told_with_its_sources() -> None:
    offer = turn("Nothing found.", Role.ASSISTANT, Kind.OFFER)
    greeting = turn("Hello!", Role.ASSISTANT, Kind.GREETING)
    assert fields(QUESTION, greeting, ANSWER, offer)["Tried"] == (
        "answer: It takes three days. [d.md › H]\noffer: Nothing found."
    )
    assert fields(QUESTION)["Tried"] == "nothing: the rule called a person before any answer"


@pytest.mark.parametrize(
    ("escalation", "begins"),
    [
        (Escalation(trigger=Trigger.HIGH_STAKES, evidence="x", category="self_harm"), "Answer now, as a person"),
        (WANTS_PERSON, "They asked for a person"),
        *((Escalation(trigger=t, evidence="x"), "") for t in Trigger if t is not Trigger.HIGH_STAKES),
    ],
)
def test_next_step_fits_the_reason(escalation: Escalation, begins: str) -> None:
    assert handoff.next_step(escalation, "Check the charge.").startswith(begins)
    assert handoff.next_step(escalation, "Check the charge.").endswith(". Check the charge.")


def test_high_stakes_phrase_of_the_owner_has_a_next_step_too() -> None:
    own = Escalation(trigger=Trigger.HIGH_STAKES, evidence="rocket fuel")
    assert handoff.next_step(own) != ""


@pytest.mark.parametrize(
    ("draft", "shown"),
    [
        (None, "none: nothing fitting in the knowledge folder"),
        (attempt(passages=(), reply=None), "none: nothing fitting in the knowledge folder"),
        (attempt(reply=None), "none; the nearest article is returns.md"),
        (attempt(reply=None, passages=(passage(internal=True),)), "none; the nearest article is returns.md (internal)"),
        (attempt(reply="Sixty days."), "Sixty days. [returns.md › How long]"),
        (
            attempt(reply="Sixty days.", passages=(passage(internal=True),)),
            "Sixty days. [returns.md › How long (internal)]",
        ),
    ],
    ids=["none", "nothing", "near", "near-internal", "found", "internal"],
)
def test_draft_reply_names_its_source_and_marks_what_is_internal(draft: object, shown: str) -> None:
    assert handoff.draft_reply(draft) == shown  # type: ignore[arg-type] # attempts


def test_transcript_is_whole_but_for_notes() -> None:
    turns = (QUESTION, ANSWER, turn("odd one", Role.NOTE), turn("On it", Role.AGENT, author="Anna"))
    card = handoff.brief(conversation(State.ANSWERING, *turns), WANTS_PERSON, account=None, draft=None, clock=CLOCK)
    assert [(quote.name, quote.text) for quote in card.quotes] == [
        ("03 Mar 10:00 UTC customer", "Where is my parcel HP-1234?"),
        ("03 Mar 10:00 UTC PineBot (AI)", "It takes three days."),
        ("03 Mar 10:00 UTC Anna (agent)", "On it"),
    ]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (turn("my password", deleted=True), "(deleted by the customer)"),
        (turn("oops", Role.AGENT, deleted=True), "(taken back)"),
        (turn("x" * 2_000), "x" * 1_499 + "…"),
        (turn("", attachments=files("a.png")), "\n[file: a.png, image/png, 10 bytes]"),
    ],
    ids=["deleted", "taken back", "long", "file"],
)
def test_turn_is_quoted_as_written_and_bounded(said: Turn, shown: str) -> None:
    assert handoff.to_quote(said, CLOCK).text == shown


def test_time_of_a_quote_is_the_desks() -> None:
    assert handoff.to_quote(QUESTION, Settings(timezone="America/New_York")).name == "03 Mar 05:00 EST customer"


@pytest.mark.parametrize(
    ("state", "status", "buttons"),
    [
        (State.QUEUED, "waiting for an agent", ["claim", "suggest", "note", "resolve", "assign"]),
        (State.ESCALATING, "waiting for an agent", ["claim", "suggest", "note", "resolve", "assign"]),
        (State.WITH_AGENT, "claimed by Anna", ["suggest", "note", "return", "resolve", "assign", "more_time"]),
        (State.RESOLVED, "resolved by an agent", ["reopen"]),
        (State.AWAITING_CUSTOMER, "back with the assistant", ["claim", "suggest", "note", "resolve", "assign"]),
    ],
)
def test_card_shows_whose_it_is_and_what_can_be_pressed(state: State, status: str, buttons: list[str]) -> None:
    outcome = Outcome.BY_AGENT if state is State.RESOLVED else None
    card = handoff.redrawn(at_desk(state, outcome=outcome), clock=CLOCK)
    assert card is not None
    assert card.title == f"Mara needs a person · {status}"
    assert [button.name for button in card.buttons] == buttons
    assert {button.value for button in card.buttons} == {"17"}


def test_agent_without_a_name_is_shown_by_id() -> None:
    assert handoff.status(at_desk(State.WITH_AGENT, agent=replace(ANNA, name=""))) == "claimed by anna"


def test_conversation_without_a_brief_has_no_card() -> None:
    assert handoff.redrawn(conversation(), clock=CLOCK) is None


def test_card_that_is_drawn_anew_shows_the_last_words_only() -> None:
    said = [turn(f"word {number}") for number in range(5)]
    card = handoff.redrawn(at_desk(State.QUEUED, *said, turn("inside", Role.NOTE)), clock=CLOCK)
    assert card is not None
    assert [quote.text for quote in card.quotes] == ["word 2", "word 3", "word 4"]


def test_card_tells_how_long_nobody_claimed_it() -> None:
    card = handoff.redrawn(at_desk(State.QUEUED), waited_minutes=30, clock=CLOCK)
    assert card is not None
    assert card.title == "Mara needs a person · waiting for an agent for 30 minutes"


@pytest.mark.parametrize(("heading", "name"), [("", "a.md"), ("How long", "a.md › How long")])
def test_source_is_named_by_article_and_heading(heading: str, name: str) -> None:
    assert handoff.name_source(Source(article="a.md", heading=heading)) == name
