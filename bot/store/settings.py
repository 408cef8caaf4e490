"""The `[store]` table: where everything is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Paths are relative to bot.toml. A copy is made every `backup_hours` hours and the newest `backups` are kept."""

    path: str = "state/warmline.db"
    backup_folder: str = "state/backups"
    backup_hours: int = 24
    backups: int = 7
