"""Where others read along: what is about one customer's account, order or payment is offered a private place."""

from collections.abc import Sequence

from bot.conversation import Escalation
from bot.draft import Draft
from channels.base import Button

ACCOUNT_MATTERS = frozenset(
    {
        "account_access",
        "account_close",
        "account_closure",
        "account_details",
        "account_open",
        "account_security",
        "billing_dispute",
        "billing_info",
        "data_protection",
        "fraud",
        "lost_stolen",
        "lost_stolen_fraud",
        "order_change_cancel",
        "order_status",
        "payment_problem",
    }
)
"""Issue types, and categories of high stakes, that cannot be settled without somebody's data."""


def is_account_matter(draft: Draft, escalations: Sequence[Escalation] = ()) -> bool:
    """Whether a conversation is about somebody's own data, by its issue type or by what called a person."""
    return not ACCOUNT_MATTERS.isdisjoint({draft.conversation.issue_type or "", *(one.category for one in escalations)})


def offer(draft: Draft) -> tuple[str, tuple[Button, ...]]:
    """A sentence and the button that lead to a private place; nothing where nobody else reads along."""
    if not draft.public:
        return "", ()
    button = Button(name="private", label=draft.phrase("button_private"), value=draft.conversation.customer.id)
    return draft.phrase("private_offer"), (button,)
