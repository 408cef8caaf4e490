"""Read knowledge/, cut articles into passages, search them; current within two looks at the folder."""

from bot.knowledge.folder import KnowledgeError
from bot.knowledge.library import Changes, Knowledge, Settings, Skipped

__all__ = ["Changes", "Knowledge", "KnowledgeError", "Settings", "Skipped"]
