"""Let the model write: an answer from passages, a follow-up as a question of its own, what an agent reads first."""

from bot.author.author import Author, Prepared, Question
from bot.author.checking import Written
from bot.author.sittings import OvertakenError, Sittings

__all__ = ["Author", "OvertakenError", "Prepared", "Question", "Sittings", "Written"]
