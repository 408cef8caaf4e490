"""The brief that a human agent reads: why they were called, what was tried, what to do next."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from bot import hours
from bot.conversation import (
    Account,
    Attempt,
    Conversation,
    Escalation,
    Kind,
    Outcome,
    Role,
    Source,
    State,
    Trigger,
    Turn,
)
from channels.base import Button, Card, Field

QUOTE_CHARACTERS = 1_500
READ_ALONG = "; in public: others read along, so no account data there"
QUOTES_REDRAWN = 3  # the whole exchange stands below the card
DETAILS = re.compile(
    r"(?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})"
    r"|(?P<order>(?:order|bestellung|commande|pedido|encomenda|invoice|rechnung|facture|factura|fatura|ticket)"
    r"\s{0,2}(?:number|no\.?|nr\.?|id|nummer|n[o°º]\.?|num[eé]ro|n[uú]mero)?\s{0,2}[:#]?\s{0,2}"
    r"#?[A-Z]{0,4}-?\d[\w-]{2,20})"
    r"|(?P<number>#\d[\w-]{2,20}|\b[A-Z]{1,4}-\d[\w-]{2,20})"
    r"|(?P<phone>\+\d[\d ()/.-]{6,18}\d)"
    r"|(?P<amount>(?:[$€£]\s?\d[\d.,]{0,10}|\b\d[\d.,]{0,10}\s?(?:€|£|EUR|USD|GBP)\b))",
    re.IGNORECASE,
)
NEXT_STEPS: Mapping[str, str] = {
    "billing_dispute": "Check the charges on the account, then confirm or refund by your billing rules.",
    "fraud": "Secure the account first, verify who is writing, then review the recent transactions.",
    "lost_stolen": "Block the card or account first, verify who is writing, then arrange the replacement.",
    "account_security": "Secure the account and end its sessions, then verify who is writing before any change.",
    "legal": "Do not discuss the merits. Acknowledge, and pass it to whoever answers for legal matters.",
    "safety": "Ask whether anybody is hurt, tell them to stop using it, and report it to product safety today.",
    "self_harm": "Answer now, as a person: stay calm, name the local emergency and crisis lines, stay with them.",
    "data_protection": "The legal term runs from today. Verify who is writing, then pass it to data protection.",
    "account_closure": "Verify who is writing, say what closing means for orders and data, then do as they wish.",
    Trigger.HIGH_STAKES: "Much is at stake for them: verify who is writing, then decide it as a person.",
    Trigger.ASKS_FOR_HUMAN: "They asked for a person: begin with what they already said, do not ask for it again.",
    Trigger.FRUSTRATION: "Acknowledge what went wrong in one sentence, then say what you do about it and by when.",
    Trigger.TOO_MANY_TURNS: "Read what was tried: it did not help. Ask one precise question or take it from here.",
    Trigger.CANNOT_RESOLVE: "The knowledge folder does not cover this. Answer it, and consider writing an article.",
    Trigger.BOT_FAILED: "The assistant failed here. Read the last message and answer it yourself.",
}
ENDED: Mapping[Outcome, str] = {
    Outcome.BY_AGENT: "by an agent",
    Outcome.CONFIRMED: "and confirmed by the customer",
    Outcome.ASSUMED: "as it seems: the customer did not write again",
    Outcome.ABANDONED: "without an answer of the customer",
}
WORKING_BUTTONS = ("suggest", "note", "return", "resolve", "assign", "more_time")
LABELS: Mapping[str, str] = {
    "claim": "Claim",
    "assign": "Assign",
    "suggest": "Suggest reply",
    "note": "Note",
    "return": "Return to assistant",
    "resolve": "Resolve",
    "more_time": "Ask for more time",
    "reopen": "Reopen",
}


def brief(
    conversation: Conversation,
    escalation: Escalation,
    *,
    account: Account | None,
    draft: Attempt | None,
    clock: hours.Settings,
    hint: str = "",
    summary: str = "",
    suggested_step: str = "",
    public: bool = False,
) -> Card:
    """The card as it is first shown: `draft` is an answer found for the agent, from internal articles too.

    `summary` and `suggested_step` are a model's; they stand beside what the rules say, never in its place. `public`:
    others read along where the customer wrote.
    """
    turns = [turn for turn in conversation.turns if turn.episode == conversation.episode]
    fields = [
        Field(name="Ask", text=_clip(_ask(turns), 400)),
        *([Field(name="Summary (by AI)", text=_clip(summary, 600))] if summary else []),
        Field(name="Why", text=why(escalation)),
        Field(name="Issue type", text=(conversation.issue_type or "not recognised").replace("_", " ")),
        Field(name="Customer", text=_customer(conversation) + (READ_ALONG if public else "")),
        Field(name="Account", text=_account(account)),
        Field(name="Said of themselves", text=", ".join(said_of_themselves(turns)) or "nothing yet"),
        Field(name="Tried", text=_tried(turns)),
        Field(name="Next step", text=next_step(escalation, hint)),
        *([Field(name="Suggested (by AI)", text=_clip(suggested_step, 300))] if suggested_step else []),
        Field(name="Draft reply", text=draft_reply(draft)),
    ]
    title = f"{conversation.customer.name or conversation.customer.id} needs a person"
    quotes = tuple(to_quote(turn, clock) for turn in conversation.turns if turn.role is not Role.NOTE)
    return Card(title=title, fields=tuple(fields), quotes=quotes, buttons=buttons(conversation))


def redrawn(conversation: Conversation, *, clock: hours.Settings, waited_minutes: int = 0) -> Card | None:
    """The card as it stands now: whose it is, the last words, and only the buttons that can be pressed.

    `waited_minutes` is how long nobody claimed it, 0 where that does not matter. None before the first brief.
    """
    if conversation.brief is None:
        return None
    waits = f" for {waited_minutes} minutes" if waited_minutes else ""
    said = [turn for turn in conversation.turns if turn.role is not Role.NOTE and turn.episode == conversation.episode]
    return replace(
        conversation.brief,
        title=f"{conversation.brief.title} · {status(conversation)}{waits}",
        quotes=tuple(to_quote(turn, clock) for turn in said[-QUOTES_REDRAWN:]),
        buttons=buttons(conversation),
    )


def status(conversation: Conversation) -> str:
    """In a few words, who has it."""
    match conversation.state:
        case State.WITH_AGENT if conversation.agent:
            return f"claimed by {conversation.agent.name or conversation.agent.id}"
        case State.RESOLVED:
            return f"resolved {ENDED[conversation.outcome]}" if conversation.outcome else "resolved"
        case State.ESCALATING | State.QUEUED:
            return "waiting for an agent"
        case _:
            return "back with the assistant"


def buttons(conversation: Conversation) -> tuple[Button, ...]:
    """The buttons that make sense in this state; each carries the conversation's id."""
    names: tuple[str, ...]
    match conversation.state:
        case State.WITH_AGENT:
            names = WORKING_BUTTONS
        case State.RESOLVED:
            names = ("reopen",)
        case _:
            names = ("claim", *WORKING_BUTTONS[:2], "resolve", "assign")
    return tuple(Button(name=name, label=LABELS[name], value=conversation.id) for name in names)


def why(escalation: Escalation) -> str:
    """The trigger and the evidence, quoted."""
    category = f" ({escalation.category.replace('_', ' ')})" if escalation.category else ""
    return f"{str(escalation.trigger).replace('_', ' ')}{category}: “{_clip(escalation.evidence, 200)}”"


def next_step(escalation: Escalation, hint: str = "") -> str:
    """What to do first: by category of stakes, then by issue type, then by trigger."""
    step = NEXT_STEPS.get(escalation.category) or NEXT_STEPS[escalation.trigger]
    return f"{step} {hint}".strip()


def draft_reply(draft: Attempt | None) -> str:
    """A reply to start from with its source, marked where it comes from an internal article."""
    if draft is None or not draft.passages:
        return "none: nothing fitting in the knowledge folder"
    internal = {passage.article for passage in draft.passages if passage.internal}
    if draft.reply is None:
        best = draft.passages[0]
        return f"none; the nearest article is {best.article}{_internal(best.article in internal)}"
    return f"{draft.reply} [{draft_sources(draft)}]"


def draft_sources(draft: Attempt) -> str:
    """Where a draft reply comes from, in one line."""
    internal = {passage.article for passage in draft.passages if passage.internal}
    return "; ".join(f"{name_source(s)}{_internal(s.article in internal)}" for s in draft.sources)


def is_internal(draft: Attempt) -> bool:
    """Whether a draft reply quotes what customers are not to read."""
    internal = {passage.article for passage in draft.passages if passage.internal}
    return any(source.article in internal for source in draft.sources)


def said_of_themselves(turns: list[Turn]) -> tuple[str, ...]:
    """E-mail addresses, order numbers, phone numbers and amounts from the customer's own words, each once."""
    found: dict[str, None] = {}
    for turn in turns:
        if turn.role is Role.CUSTOMER:
            found |= dict.fromkeys(match.group().strip() for match in DETAILS.finditer(turn.text[:4_000]))
    return tuple(found)[:12]


def to_quote(turn: Turn, clock: hours.Settings) -> Field:
    """A turn as the desk reads it: when by the desk's `clock`, who, and the words as they were written."""
    who = {Role.CUSTOMER: "customer", Role.ASSISTANT: f"{turn.author} (AI)"}.get(turn.role, f"{turn.author} (agent)")
    files = "".join(f"\n[file: {a.name}, {a.type}, {a.bytes} bytes]" for a in turn.attachments)
    taken_back = "(deleted by the customer)" if turn.role is Role.CUSTOMER else "(taken back)"
    text = taken_back if turn.deleted else _clip(turn.text, QUOTE_CHARACTERS)
    return Field(name=f"{hours.stamp(turn.at, clock)} {who}", text=text + files)


def name_source(source: Source) -> str:
    """How a source is named to people: the article and its heading."""
    return f"{source.article} › {source.heading}" if source.heading else source.article


def _ask(turns: list[Turn]) -> str:
    """The first of the customer's messages that says something, and the last when it is another one.

    What was answered with a word on who we are was a question about us, not what they came for.
    """
    said = [turn.text.strip() for turn in turns if turn.role is Role.CUSTOMER and turn.text.strip()]
    about_us = {
        turn.text.strip()
        for turn, reply in pairwise(turns)
        if turn.role is Role.CUSTOMER and reply.kind is Kind.IDENTITY
    }
    telling = [text for text in said if len(text.split()) > 3 and text not in about_us] or said
    if not telling:
        return "(no words yet)"
    first, last = telling[0], said[-1]
    return first if first == last else f"{first} … {last}"


def _tried(turns: list[Turn]) -> str:
    lines = []
    for turn in turns:
        if turn.role is Role.ASSISTANT and turn.kind in (Kind.ANSWER, Kind.UNSURE, Kind.OFFER):
            sources = ", ".join(name_source(source) for source in turn.sources)
            lines.append(f"{turn.kind}: {_clip(turn.text, 160)}" + (f" [{sources}]" if sources else ""))
    return "\n".join(lines) or "nothing: the rule called a person before any answer"


def _customer(conversation: Conversation) -> str:
    person = conversation.customer
    email = f", {person.email} ({'verified' if person.verified else 'not verified'})" if person.email else ""
    return f"{person.name or person.id}{email}, on {conversation.address.channel}"


def _account(account: Account | None) -> str:
    if account is None:
        return "no customer record found"
    shown = [f"{name}: {value}" for name, value in account.fields if value]
    return ", ".join([f"{account.name} ({account.id})", *shown])


def _internal(internal: bool) -> str:
    return " (internal)" if internal else ""


def _clip(text: str, characters: int) -> str:
    flat = text.strip()
    return flat if len(flat) <= characters else flat[: characters - 1].rstrip() + "…"
