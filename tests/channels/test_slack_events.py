from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Address, Button, Card, Field, Outgoing
from channels.slack.blocks import to_posts
from channels.slack.events import Own, to_handed_in, to_press, to_words
from tests.fakes.slack import check_content

OWN = Own(user="UBOT", bot="BBOT", team="T1")
NAMES = """type subtype channel ts user text thread_ts message previous_message edited files bot_id actions container
view state values private_metadata message_ts channel_id action_id action_ts id deleted_ts event_ts"""
KEYS = st.sampled_from(NAMES.split())
SAID = st.sampled_from(["message", "message_changed", "message_deleted", "C1", "U1", "1.5", "", "{}", "x", "1e400"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | SAID | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
EVENTS = st.dictionaries(KEYS, JSON, max_size=12)
WORDS = st.text(max_size=60) | st.sampled_from(
    ["<!channel>", "```", "😀" * 50, " ", "\n", "&lt;", "[a](https://e.example)"]
)
LONG = st.builds(lambda text, times: text * times, WORDS, st.sampled_from([1, 40, 300]))
FIELDS = st.lists(st.builds(lambda name, text: Field(name=name, text=text), WORDS, LONG), max_size=6).map(tuple)
BUTTONS = st.lists(st.builds(lambda label: Button(name="claim", label=label, value="7"), WORDS), max_size=6).map(tuple)


@settings(max_examples=120, deadline=None)
@given(EVENTS)
def test_no_event_however_odd_breaks_the_reading(event: dict[str, object]) -> None:
    words = to_words(event, OWN)
    assert words is None or (words.room and words.ts and words.user and words.key)


@settings(max_examples=80, deadline=None)
@given(EVENTS)
def test_no_press_however_odd_breaks_the_reading(payload: dict[str, object]) -> None:
    press = to_press(payload)
    assert press is None or (press.room and press.user and press.name and press.key)
    form = to_handed_in(payload)
    assert form is None or (form.user and form.key)


@settings(max_examples=40, deadline=None)
@given(title=LONG, fields=FIELDS, quotes=FIELDS, buttons=BUTTONS, text=LONG, thread=st.sampled_from(["", "1.5"]))
def test_whatever_is_written_slack_takes_it_and_nobody_is_paged(
    title: str,
    fields: tuple[Field, ...],
    quotes: tuple[Field, ...],
    buttons: tuple[Button, ...],
    text: str,
    thread: str,
) -> None:
    card = Card(title=title, fields=fields, quotes=quotes, buttons=buttons)
    room = Address(channel="slack", room="C1", thread=thread)
    for outgoing in (
        Outgoing(id="1", address=room, card=card),
        Outgoing(id="1", address=room, card=card, replaces="1.5"),
        Outgoing(id="1", address=room, text=text, buttons=buttons, author=title),
    ):
        for post in to_posts(outgoing):
            check_content({"text": post.text, "blocks": list(post.blocks)})
            read = [post.text, *(block["text"]["text"] for block in post.blocks if block["type"] == "section")]
            assert not any(ping in text for ping in ("<!", "<@") for text in read)  # headers and labels are plain text
