"""What is handed to the author and what comes back; light, for the loop needs it where there is no model, too."""

from dataclasses import dataclass

from bot.conversation import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, with the turns before it (role and text, oldest first) and the language to answer in."""

    text: str
    history: tuple[tuple[str, str], ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What an agent reads first; each part is empty or None where the plain one stands."""

    summary: str = ""
    next_step: str = ""
    draft: Attempt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An attempt at an answer, and what the model said besides: why a person is needed, empty if none is.

    `by_model` is false where it was of no help. `dropped` says why each sentence was taken out; `rewritten` is the
    question that was searched, where it is another; `looked_up` names the look-ups; `failed` the one that broke.
    """

    attempt: Attempt
    by_model: bool = False
    needs_person: str = ""
    dropped: tuple[str, ...] = ()
    rewritten: str = ""
    looked_up: tuple[str, ...] = ()
    failed: str = ""
