import pytest

from bot import desk
from bot.conversation import State
from channels.base import Address
from tests.bot.world import conversation, draft


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (desk.Settings(), (Address(channel="console", room="desk"),)),
        (
            desk.Settings(fallback_room="spare"),
            (Address(channel="console", room="desk"), Address(channel="console", room="spare")),
        ),
        (
            desk.Settings(fallback_channel="email", fallback_room="x@example.org"),
            (Address(channel="console", room="desk"), Address(channel="email", room="x@example.org")),
        ),
    ],
    ids=["one", "another-room", "another-channel"],
)
def test_desks_are_tried_in_the_order_of_the_settings(settings: desk.Settings, expected: tuple[Address, ...]) -> None:
    assert expected == desk.desks(settings)


BILLING = Address(channel="memory", room="billing")


ROUTED = desk.Settings(
    channel="memory", routes=(desk.Route(issue_types=("billing_dispute",), room="billing"),), fallback_room="spare"
)


@pytest.mark.parametrize(
    ("issue_type", "rooms"),
    [("billing_dispute", ["billing", "desk", "spare"]), ("shipping", ["desk", "spare"]), (None, ["desk", "spare"])],
)
def test_issue_type_chooses_the_desk_that_is_tried_first(issue_type: str | None, rooms: list[str]) -> None:
    desks = desk.desks(ROUTED)
    at = draft(conversation(State.ESCALATING, issue_type=issue_type), desks=desks, routes=desk.routes(ROUTED))
    assert rooms == [desks[number].room for number in desk.ladder(at)]
