from bot import desk
from bot.conversation import Role, State
from tests.bot.desk.examples import ALL, decide, filled
from tests.bot.world import THREAD, at_desk, draft, texts, whispers


def test_note_from_a_form_stays_inside() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.act(at, filled("note", '{"text": "knows the boss"}'), ALL)
    decision = decide(at)
    assert (texts(decision), texts(decision, THREAD)) == ([], ["📝 Anna: knows the boss"])
    assert [(t.role, t.text) for t in decision.turns] == [(Role.NOTE, "knows the boss")]


def test_empty_note_is_not_kept_and_how_to_write_one_is_said() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.act(at, filled("note", '{"text": " "}'), ALL)
    decision = decide(at)
    assert decision.turns == ()
    assert "with '!' in front" in whispers(decision)[0][1]
