"""Amounts: which kind a question asks for, and which kinds a line states."""

import re
from enum import StrEnum

from bot.words import fold, tokens


class Amount(StrEnum):
    """A number of any kind, and what it may count."""

    NUMBER = "number"
    MONEY = "money"
    TIME = "time"


_NUMBER_WORDS = """
biggest largest most highest least smallest lowest amount amounts charge charged cost costs date days expensive
fee fees hours limit long many maximum minimum month much often percentage phone number price prices rate rates
time weeks when year wann wieviel viele viel lange kosten kostet preis gebuhr combien quand cout frais prix
cuanto cuantos cuando cuesta precio quanto quantos quando custa preco taxa
"""
_MONEY_WORDS = """
amount balance charge charged cheap cost costs deposit expensive fee fees much paid pay price prices refund spend
worth kosten kostet preis gebuhr gebuhren teuer cout coute frais prix cuesta cuestan precio caro custa preco taxa
"""
_TIME_WORDS = """
date day days deadline early fast hour hours late long minutes months often quickly soon time weeks when year
wann lange tage stunden wochen quand jours heures semaines cuando dias horas semanas demora tarda quando
"""
_ASKS = {
    Amount.NUMBER: frozenset(_NUMBER_WORDS.split()),
    Amount.MONEY: frozenset(_MONEY_WORDS.split()),
    Amount.TIME: frozenset(_TIME_WORDS.split()),
}
_MARKER = re.compile(r"^(?:\d{1,3}[.)]|[-*+])\s+")  # of a list item: its number is no amount
_DIGIT = re.compile(r"\d")
_MONEY = re.compile(r"[$€£¥]|\b(?:usd|eur|gbp|chf|dollars?|euros?|pounds?|cents?|franken|francs?|reais|pesos?)\b")
_UNITS_OF_TIME = """
days? hours? weeks? months? minutes? years? am pm tage?n? stunden? wochen? monate?n? minuten? jahre?n? uhr jours?
heures? semaines? mois ans? dias? horas? semanas? mes meses minutos? anos? january february march april june july
august september october november december (?:19|20)\\d\\d
"""
_TIME = re.compile(rf"\b(?:{'|'.join(_UNITS_OF_TIME.split())})\b")


def asked_in(question: str) -> frozenset[Amount]:
    """The kinds of amount that a question asks for, by its words in five languages."""
    found = tokens(question)
    return frozenset(kind for kind, words in _ASKS.items() if not words.isdisjoint(found))


def stated_in(line: str) -> frozenset[Amount]:
    """The kinds of amount in a sentence, list item or table row; none without a digit."""
    text = fold(_MARKER.sub("", line, count=1))
    if _DIGIT.search(text) is None:
        return frozenset()
    kinds = [Amount.NUMBER]
    if _MONEY.search(text) is not None:
        kinds.append(Amount.MONEY)
    if _TIME.search(text) is not None:
        kinds.append(Amount.TIME)
    return frozenset(kinds)
