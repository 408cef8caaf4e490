import pytest

from bot.amounts import Amount, asked_in, stated_in

NUMBER, MONEY, TIME = Amount.NUMBER, Amount.MONEY, Amount.TIME


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How much is a repair?", {NUMBER, MONEY}),
        ("How long may I keep it?", {NUMBER, TIME}),
        ("What is the largest tent?", {NUMBER}),
        ("Wie lange dauert der Versand?", {NUMBER, TIME}),
        ("Combien coûte la livraison ?", {NUMBER, MONEY}),
        ("¿Cuándo llega?", {NUMBER, TIME}),
        ("Where is the shop?", set()),
    ],
)
def test_a_question_tells_the_kinds_of_amount_that_it_asks_for(question: str, kinds: set[Amount]) -> None:
    assert asked_in(question) == kinds


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("A repair costs $12.", {NUMBER, MONEY}),
        ("It takes 3 days.", {NUMBER, TIME}),
        ("Within 5 Werktagen, spätestens 2 Wochen danach.", {NUMBER, TIME}),
        ("Returns cost 4 euros within 30 days.", {NUMBER, MONEY, TIME}),
        ("The tent holds 4 people.", {NUMBER}),
        ("It takes some days.", set()),
        ("1. Print the label.", set()),
        ("- 2 poles", {NUMBER}),
    ],
)
def test_a_line_states_the_kinds_of_amount_beside_its_numbers(line: str, kinds: set[Amount]) -> None:
    assert stated_in(line) == kinds
