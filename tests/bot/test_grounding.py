import pytest

from bot.conversation import Passage
from bot.grounding import Claim, check

SHIPPING = Passage(
    article="shipping.md",
    title="Shipping times and costs",
    heading="",
    text="""## How much is shipping?

| Country | Standard | Standard price | Free from |
|---|---|---|---|
| Canada | 5–8 working days | $14.95 | $150 |
| Norway | 7–12 working days | $24.95 | never |

## Which countries?

Harbor & Pine ships to Canada and Norway. Harbor & Pine does not ship to Japan.

## When does it leave?

Orders placed before 13:00 Eastern Time leave the warehouse the same day. Later ones leave on the next working day.""",
    score=1.0,
)


def reason_against(text: str, *passages: Passage, question: str = "How does shipping work?") -> str:
    """Why a sentence that cites the first passage is dropped; empty when it is kept."""
    checked = check([Claim(text=text, sources=(1,))], passages or (SHIPPING,), question=question)
    assert len(checked.kept) + len(checked.dropped) == 1
    return checked.dropped[0].reason if checked.dropped else ""


@pytest.mark.parametrize(
    "text",
    [
        "Harbor & Pine does not ship to Japan.",
        "Harbor & Pine doesn't ship to Japan.",
        "Standard shipping to Canada takes 5–8 working days and costs $14.95.",
        "Orders placed before 1 pm Eastern Time leave the same day.",
        "You're welcome to ask more.",
    ],
)
def test_what_the_passage_says_is_kept(text: str) -> None:
    assert reason_against(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Harbor & Pine ships to Japan.",
        "Harbor & Pine does not ship to Peru.",
        "Standard shipping to Canada takes 5–9 working days.",
        "Standard shipping to Canada takes 5–8 weeks.",
        "Standard shipping to Canada costs €14.95.",
        "Orders placed after 13:00 Eastern Time leave the warehouse the same day.",
        "Shipping is described at https://harbor.example/shipping.",
    ],
)
def test_what_the_passage_does_not_say_is_dropped(text: str) -> None:
    assert reason_against(text) != ""
