"""What agents do at the desk and what it does to a conversation; what a silent desk does; what arrived there."""

from bot.desk.acts import act, ask_rating
from bot.desk.cards import left_open, relay
from bot.desk.forms import filled_in, forms
from bot.desk.notes import NOTE_MARKS
from bot.desk.receipts import card_arrived, card_number, not_delivered, reply_arrived
from bot.desk.reminders import TRIES_BEFORE_A_WORD, lapse, opening_hours, post_again
from bot.desk.replies import hear, not_done
from bot.desk.settings import Route, Settings, desks, ladder, routes
from bot.desk.suggestions import suggest

__all__ = [
    "NOTE_MARKS",
    "TRIES_BEFORE_A_WORD",
    "Route",
    "Settings",
    "act",
    "ask_rating",
    "card_arrived",
    "card_number",
    "desks",
    "filled_in",
    "forms",
    "hear",
    "ladder",
    "lapse",
    "left_open",
    "not_delivered",
    "not_done",
    "opening_hours",
    "post_again",
    "relay",
    "reply_arrived",
    "routes",
    "suggest",
]
