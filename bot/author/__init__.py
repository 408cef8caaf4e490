"""Let the model write: an answer from passages, a follow-up as a question of its own, what an agent reads first.

The author itself is in `bot.author.author`, which is imported only where bot.toml names a model.
"""

from bot.author.papers import Prepared, Question, Written
from bot.author.sittings import OvertakenError, Sittings

__all__ = ["OvertakenError", "Prepared", "Question", "Sittings", "Written"]
