import pytest

from channels.base import Address, Button, Card, Field, Input, InputKind, Outgoing
from channels.discord.drawing import (
    NONCE,
    Pressed,
    from_custom_id,
    to_custom_id,
    to_form,
    to_nonce,
    to_posts,
    to_rows,
    to_thread_name,
)
from channels.markup import units
from tests.fakes.discord.limits import check_message, check_modal

THREAD = Address(channel="discord", room="1", thread="2")
ROOM = Address(channel="discord", room="1")
LONG = "A sentence with some words in it. " * 400


def out(**fields: object) -> Outgoing:
    given: dict[str, object] = {"id": "7-1-0-say", "address": THREAD} | fields
    return Outgoing(**given)  # type: ignore[arg-type] # any of its fields


def big_card() -> Card:
    return Card(
        title=LONG,
        fields=tuple(Field(name=f"{LONG}{n}", text=LONG) for n in range(12)),
        quotes=tuple(Field(name=f"10:{n:02} customer", text=LONG) for n in range(12)),
        buttons=tuple(Button(name=f"act{n}", label=LONG, value="7") for n in range(30)),
    )


@pytest.mark.parametrize("embeds", [True, False])
@pytest.mark.parametrize("address", [THREAD, ROOM], ids=["thread", "room"])
@pytest.mark.parametrize(
    "outgoing",
    [
        out(text=LONG),
        out(text=""),
        out(text=f"x\n\n{LONG}", footer=LONG.strip()),
        out(text="👍" * 3_000),
        out(card=big_card()),
        out(card=Card(title="")),
        out(card=Card(title="t", fields=(Field(name="", text=""),), quotes=(Field(name="", text=""),))),
        out(card=Card(title="*" * 300, fields=(Field(name="*" * 300, text="*" * 3_000),))),
    ],
    ids=["long", "empty", "footer", "emoji", "card", "no title", "empty fields", "stars"],
)
def test_discord_takes_whatever_is_drawn(outgoing: Outgoing, address: Address, *, embeds: bool) -> None:
    drawn = to_posts(
        out(card=outgoing.card, text=outgoing.text, footer=outgoing.footer, address=address), embeds=embeds
    )
    assert drawn
    for post in drawn:
        check_message({"content": post.text, "embeds": list(post.embeds), "components": list(post.rows)})


def test_a_card_shows_its_newest_quotes_and_the_rest_follows() -> None:
    quotes = tuple(Field(name=f"{n}", text=f"word {n}") for n in range(5))
    first, *rest = to_posts(out(address=ROOM, card=Card(title="t", quotes=quotes)))
    assert [field["name"] for field in first.embeds[0]["fields"]] == ["2", "3", "4"]
    assert "word 1" in rest[0].text


def test_a_redrawn_card_is_one_post() -> None:
    quotes = tuple(Field(name=f"{n}", text=f"word {n}") for n in range(5))
    assert len(to_posts(out(address=ROOM, card=Card(title="t", quotes=quotes), replaces="9"))) == 1


def test_buttons_stand_below_the_last_part() -> None:
    posts = to_posts(out(text=LONG, buttons=(Button(name="solved", label="Solved", value="7"),)))
    assert [bool(post.rows) for post in posts] == [False] * (len(posts) - 1) + [True]


def test_a_button_that_stands_there_twice_is_drawn_once() -> None:
    twice = (Button(name="claim", label="Claim", value="7"),) * 2
    assert len(to_rows(twice)[0]["components"]) == 1


def test_five_stars_are_five_buttons() -> None:
    stars = tuple(Button(name="rate", label=star, value=star) for star in "12345")
    assert [one["custom_id"] for one in to_rows(stars)[0]["components"]] == [f"w|rate|{star}" for star in "12345"]


def test_a_custom_id_says_again_what_was_put_in() -> None:
    written = to_custom_id("claim_send", "12:400000000000000009:1574356326618759168", "ask-7")
    assert from_custom_id(written) == Pressed(
        name="claim_send", value="12:400000000000000009:1574356326618759168", ask="ask-7"
    )


@pytest.mark.parametrize("text", ["", "other", "w|", "w||7", "x|claim|7", "w|claim"])
def test_a_custom_id_of_others_says_nothing(text: str) -> None:
    assert from_custom_id(text) is None


@pytest.mark.parametrize("id", ["7-1-0-say", "123456789012-12345-10-whisper", "aside-press:1574356326618759168"])
def test_a_nonce_is_short_and_the_same_each_time(id: str) -> None:
    nonces = [to_nonce(id, number) for number in range(5)]
    assert len(set(nonces)) == 5
    assert all(units(nonce) <= NONCE for nonce in nonces)
    assert nonces == [to_nonce(id, number) for number in range(5)]


def test_a_form_is_within_discords_limits() -> None:
    inputs = (
        Input(name="text", label="Note for agents; the customer never sees it, whatever it says"),
        Input(name="person", label="Who", kind=InputKind.PERSON),
        Input(name="kind", label="Kind", kind=InputKind.CHOICE, choices=tuple((f"k{n}", LONG) for n in range(40))),
        Input(name="article", label="Article?", kind=InputKind.CHECK),
    )
    check_modal(to_form(Pressed(name="note", value="7"), LONG, inputs, {"text": LONG * 2, "kind": "k3"}))


@pytest.mark.parametrize(
    ("text", "name"),
    [("  \n where is\tit? \nplease", "where is it?"), ("", "Question"), ("x" * 200, "x" * 89 + "…")],
)
def test_a_thread_is_named_after_the_first_line(text: str, name: str) -> None:
    assert to_thread_name(text) == name
