"""The `[assistant]` table of bot.toml."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[assistant]` table: the name under which it answers. It must not pass for a person's."""

    name: str = "Warmline Assistant"
