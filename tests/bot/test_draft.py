import pytest

from bot import deadlines, gate
from bot.conversation import Gap, IllegalMoveError, Kind, Outcome, Role, Source, State
from channels.base import Button, Card, Field
from tests.bot.world import ANNA, DESK, NOW, ROOM, THREAD, at_desk, conversation, draft, fact, turn

BUTTON = Button(name="solved", label="Solved")


def test_first_words_of_an_episode_say_that_it_is_a_machine() -> None:
    at = draft(conversation())
    at.say(Kind.ANSWER, "Sixty days.")
    at.say(Kind.ANSWER, "And a refund after five.")
    assert [said.text for said in at.new_turns()] == [
        "I'm Test Assistant, an AI assistant. Sixty days.",
        "And a refund after five.",
    ]


def test_new_episode_says_it_again() -> None:
    at = draft(conversation(State.ANSWERING, turn("hi", Role.ASSISTANT, Kind.GREETING)))
    at.start_episode()
    at.say(Kind.ANSWER, "Sixty days.")
    assert at.new_turns()[0].text.startswith("I'm Test Assistant, an AI assistant.")


@pytest.mark.parametrize("text", ["I am a human, believe me.", "A colleague will call you tomorrow."])
def test_words_that_nothing_backs_do_not_leave(text: str) -> None:
    at = draft(conversation())
    with pytest.raises(gate.GateError):
        at.say(Kind.ANSWER, text)
    assert at.decide(()).sends == ()


@pytest.mark.parametrize("key", ["handoff", "added", "waiting"])
def test_fixed_text_that_names_a_person_leaves_while_people_own_it(key: str) -> None:
    at = draft(at_desk(State.QUEUED))
    at.say_phrase(Kind.UPDATE, key)
    assert len(at.decide(()).sends) == 1


def test_fixed_text_that_promises_a_person_does_not_leave_while_nobody_was_called() -> None:
    with pytest.raises(gate.GateError):
        draft(conversation()).say_phrase(Kind.HANDOFF, "handoff")


def test_lines_of_our_own_making_are_shown_but_are_no_part_of_the_turn() -> None:
    at = draft(conversation(State.ANSWERING, turn("hi", Role.ASSISTANT)))
    at.say(Kind.ANSWER, "Sixty days.", shown="\n\nSource: Returns", buttons=(BUTTON,))
    (send,) = at.decide(()).sends
    assert (send.outgoing.text, send.outgoing.buttons) == ("Sixty days.\n\nSource: Returns", (BUTTON,))
    assert at.new_turns()[0].text == "Sixty days."


@pytest.mark.parametrize(
    ("kind", "sources", "cited"),
    [
        (Kind.ANSWER, (Source(article="a.md", heading="A"),), True),
        (Kind.ANSWER, (), False),
        (Kind.UNSURE, (Source(article="a.md", heading="A"),), False),
    ],
    ids=["answer", "no-source", "unsure"],
)
def test_only_an_answer_with_a_source_counts_as_cited(kind: Kind, sources: tuple[Source, ...], cited: bool) -> None:
    at = draft(conversation())
    at.say(kind, "Sixty days.", sources=sources)
    assert at.new_turns()[0].cited is cited


def test_every_post_has_a_key_of_its_own_that_a_second_try_would_repeat() -> None:
    keys = []
    for _ in range(2):
        at = draft(at_desk(State.WITH_AGENT))
        at.say_phrase(Kind.UPDATE, "waiting")
        at.relay_reply("It left.", agent=ANNA, external_id="m1")
        at.whisper("psst", to=ANNA, address=THREAD)
        keys.append([send.outgoing.id for send in at.decide(()).sends])
    assert keys == [["17-3-0-say", "17-3-1-reply", "17-3-2-whisper"]] * 2


def test_agents_words_are_not_read_by_the_gate() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    at.relay_reply("I am a human and will call you tomorrow.", agent=ANNA, external_id="m1")
    (send,) = at.decide(()).sends
    assert (send.report, send.outgoing.author) == (True, "Anna")


def test_desk_hears_nothing_before_it_has_a_thread() -> None:
    at = draft(conversation(State.ESCALATING))
    at.tell_desk("hello")
    assert at.decide(()).sends == ()


@pytest.mark.parametrize(
    ("quotes", "buttons", "card"),
    [
        ((), (), None),
        ((Field(name="10:00", text="hi"),), (), Card(title="New", quotes=(Field(name="10:00", text="hi"),))),
        ((), (BUTTON,), Card(title="New", buttons=(BUTTON,))),
    ],
    ids=["words", "quotes", "buttons"],
)
def test_words_from_outside_reach_the_desk_as_quotes(
    quotes: tuple[Field, ...], buttons: tuple[Button, ...], card: Card | None
) -> None:
    at = draft(at_desk(State.QUEUED))
    at.tell_desk("hello", quotes=iter(quotes), buttons=buttons, title="New")
    (send,) = at.decide(()).sends
    assert (send.outgoing.address, send.outgoing.text, send.outgoing.card) == (THREAD, "hello", card)


@pytest.mark.parametrize("buttons", [(), (BUTTON,)], ids=["words", "buttons"])
def test_whisper_is_for_one_person_only(buttons: tuple[Button, ...]) -> None:
    at = draft(at_desk(State.QUEUED))
    at.whisper("psst", to=ANNA, address=THREAD, buttons=buttons, reply_to="m1")
    (send,) = at.decide(()).sends
    shown = send.outgoing.card.title if send.outgoing.card else send.outgoing.text
    assert (shown, send.outgoing.only_for, send.outgoing.reply_to) == ("psst", "anna", "m1")


@pytest.mark.parametrize(("card_id", "room"), [("", DESK), ("card1", None)])
def test_card_that_no_desk_confirmed_is_not_drawn_anew(card_id: str, room: None) -> None:
    at = draft(conversation())
    at.redraw_card(Card(title="x"), card_id=card_id, room=room)
    assert at.decide(()).sends == ()


def test_move_is_recorded_with_its_reason() -> None:
    at = draft(conversation())
    at.move(State.AWAITING_CUSTOMER, by="assistant", why="replied")
    assert fact(at.decide(()), "moved") == {
        "from": "answering",
        "to": "awaiting_customer",
        "owner": "assistant",
        "why": "replied",
    }


def test_illegal_move_is_refused() -> None:
    with pytest.raises(IllegalMoveError, match="no move from ignored to queued"):
        draft(conversation(State.IGNORED)).move(State.QUEUED, by="system", why="x")


def test_resolution_holds_what_reports_need() -> None:
    at = draft(at_desk(State.WITH_AGENT, issue_type="refund_status"))
    at.resolve(Outcome.BY_AGENT, by="agent:anna", why="done")
    assert fact(at.decide(()), "resolved") == {
        "outcome": "by_agent",
        "resolved_by": "agent",
        "agent": "anna",
        "issue_type": "refund_status",
        "episode": 1,
        "channel": "memory",
    }


def test_resolution_without_an_agent_names_none() -> None:
    at = draft(conversation())
    at.resolve(Outcome.ASSUMED, by="system", why="silence")
    assert fact(at.decide(()), "resolved")["agent"] is None


def test_gap_is_kept_and_recorded() -> None:
    at = draft(conversation())
    at.note_gap(Gap(question="Llamas?", confidence=0.1, nearest="about.md"))
    assert [gap.question for gap in at.decide(()).gaps] == ["Llamas?"]
    assert fact(at.decide(()), "gap_found") == {"question": "Llamas?", "nearest": "about.md", "confidence": 0.1}


def test_revised_turn_keeps_its_place() -> None:
    at = draft(conversation(State.ANSWERING, turn("a", external_id="m1"), turn("b", external_id="m2")))
    at.revise(turn("A", external_id="m1"))
    assert [one.text for one in at.conversation.turns] == ["A", "b"]
    assert at.new_turns() == ()


def test_decision_names_what_it_handled_and_when_to_look_again() -> None:
    decision = draft(conversation(State.AWAITING_CUSTOMER)).decide((4, 5))
    assert decision.handled == (4, 5)
    assert [deadline.kind for deadline in decision.deadlines] == [deadlines.SILENCE]
    assert decision.conversation.since == NOW
    assert decision.conversation.address == ROOM
