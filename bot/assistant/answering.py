"""What was found, said to the customer with its sources, or a person offered; what silence after it means."""

from bot import gate, handoff, privacy
from bot.assistant.talk import last_telling
from bot.conversation import (
    Attempt,
    Gap,
    Kind,
    Outcome,
    Source,
    State,
)
from bot.draft import ASSISTANT, SYSTEM, Draft
from channels.base import Button


def record_attempt(draft: Draft, attempt: Attempt, question: str) -> None:
    """Append what was found; each question that the knowledge could not answer is logged as a gap."""
    draft.record(
        "answered" if attempt.grounded else "not_answered",
        by=ASSISTANT,
        confidence=round(attempt.confidence, 3),
        sources=[handoff.name_source(source) for source in attempt.sources],
        passages=[handoff.name_source(Source(article=p.article, heading=p.heading)) for p in attempt.passages[:5]],
        why_not=attempt.why_not,
        missed=len(attempt.missed),
        issue_type=draft.conversation.issue_type,
    )
    for left in attempt.missed if attempt.grounded else (question,):
        draft.note_gap(
            Gap(
                question=left[:500],
                confidence=attempt.confidence,
                nearest=attempt.passages[0].article if attempt.passages else "",
                issue_type=draft.conversation.issue_type,
            )
        )


def answer(
    draft: Draft,
    attempt: Attempt,
    *,
    opening: str = "",
    offer: tuple[str, tuple[Button, ...]] = ("", ()),
) -> None:
    """Say what was found, with its sources; where nothing may be asserted, offer a person.

    `opening` is said before it, `offer` after it: a sentence and buttons for what would help further.
    """
    opening = f"{opening}\n\n" if opening else ""
    files = "\n\n" + draft.phrase("with_files") if any(turn.attachments for turn in draft.new_turns()) else ""
    nearest = attempt.passages[0] if attempt.passages else None
    reply = gate.without_promises(attempt.reply, draft.policy.phrases) if attempt.reply and attempt.grounded else None
    private, way = privacy.offer(draft) if privacy.is_account_matter(draft) else ("", ())
    if reply:
        left = draft.phrase("missed") if attempt.missed else ""
        named = draft.phrase("sources", sources=_names(attempt)) + files
        draft.say(
            Kind.ANSWER,
            opening + reply,
            sources=attempt.sources,
            buttons=(*way, *offer[1], *_buttons(draft)),
            shown="".join(f"\n\n{text}" for text in (left, private, offer[0]) if text),
            footer=named,
        )
        draft.move(State.AWAITING_CUSTOMER, by=ASSISTANT, why="replied")
        return
    kind, text = Kind.OFFER, draft.phrase("offer")
    if attempt.unsure and nearest is not None:
        kind, text = Kind.UNSURE, draft.phrase("unsure", article=nearest.title or nearest.article)
    shown = "".join(f"\n\n{more}" for more in (private, offer[0]) if more)
    draft.say(kind, opening + text + files, buttons=(*way, *offer[1], *_buttons(draft)), shown=shown, fixed=True)
    draft.move(State.AWAITING_CUSTOMER, by=ASSISTANT, why="replied")


def silence(draft: Draft) -> None:
    """The customer did not write again: assumed solved after a cited answer, else abandoned."""
    last = last_telling(draft)
    solved = last is not None and last.kind is Kind.ANSWER and last.cited
    outcome = Outcome.ASSUMED if solved else Outcome.ABANDONED
    draft.resolve(outcome, by=SYSTEM, why="silence after " + (str(last.kind) if last else "no answer"))


def _names(attempt: Attempt) -> str:
    titles = {passage.article: passage.title for passage in attempt.passages}
    shown = []
    for source in attempt.sources:
        title = titles.get(source.article) or source.article
        shown.append(title if source.heading in ("", title) else f"{title} › {source.heading}")
    return "; ".join(dict.fromkeys(shown))


def human_button(draft: Draft) -> Button:
    """The button that calls a person."""
    return Button(name="ask_human", label=draft.phrase("button_human"), value=draft.conversation.id)


def _buttons(draft: Draft) -> tuple[Button, ...]:
    solved = Button(name="solved", label=draft.phrase("button_solved"), value=draft.conversation.id)
    return (solved, human_button(draft))
