"""What is looked up for an answer or for an agent: passages, what a model makes of them, the customer's account."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TypeVar

import structlog

from bot import asking, assistant, handoff, tools
from bot.author import Prepared, Question, Sittings, Written
from bot.conversation import Account, Attempt, Conversation, Escalation, Kind, Passage, Role
from bot.draft import Draft
from bot.knowledge import KnowledgeError
from bot.llm import Usage
from bot.parts import Parts

log = structlog.get_logger()

T = TypeVar("T")

TURNS_OF_HISTORY = 6
LOOK_UP_SECONDS = 5
AT_ONCE = ("self_harm", "safety")  # the desk gets the plain brief, without a second's wait for a better one


class Research:
    """Looks up and lets a model write, where there is one; `give_way` is entered while it is waited for."""

    def __init__(self, parts: Parts, give_way: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._parts = parts
        self._give_way = give_way
        self._sittings = Sittings()

    def overtake(self, conversation_id: str) -> None:
        """Something new came to a conversation: what a model is writing for it could not be stored any more."""
        self._sittings.overtake(conversation_id)

    def settle(self, conversation_id: str) -> None:
        """A decision on this conversation is stored, and with it what its requests cost."""
        self._sittings.settle(conversation_id)

    def put_on_record(self, draft: Draft) -> None:
        """Append what was asked of the model since the conversation was last stored."""
        for usage in self._sittings.bill(draft.conversation.id):
            draft.record("model_asked", by="system", **usage.facts())

    async def answer(self, draft: Draft, question: str) -> Written:
        """What can be answered; what the model did is recorded. Raises KnowledgeError, OvertakenError."""
        written = await self._write(draft.conversation, question, toolbox=await self._toolbox(draft))
        _record(draft, written)
        return written

    async def suggestion(self, conversation: Conversation) -> Attempt | None:
        """A reply for an agent to start from, from internal articles too. Raises OvertakenError."""
        question = assistant.ask_of(conversation, self._parts.policy.phrases)
        if not question:
            return None
        try:
            return (await self._write(conversation, question, internal=True)).attempt
        except KnowledgeError:
            log.warning("knowledge_not_read", conversation=conversation.id)
            return None

    async def material(self, conversation: Conversation, first: Escalation, *, hint: str) -> assistant.Material:
        """What an agent is to know when called; what cannot be had is left out. Raises OvertakenError."""
        account = await self._account(conversation)
        attempt = self._draft_for_agent(conversation)
        prepared = await self._prepare(conversation, first, attempt)
        return assistant.Material(
            account=account,
            draft=prepared.draft or attempt,
            hint=hint,
            summary=prepared.summary,
            next_step=prepared.next_step,
        )

    async def _account(self, conversation: Conversation) -> Account | None:
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await self._find(conversation) or await self._proven(conversation)
        except TimeoutError:
            log.warning("account_not_read", conversation=conversation.id)
            return None

    async def _find(self, conversation: Conversation) -> Account | None:
        return await self._parts.crm.find(conversation.customer, channel=conversation.address.channel)

    async def _proven(self, conversation: Conversation) -> Account | None:
        """The account that the customer has shown to be theirs by a code, of late."""
        channel, at = conversation.address.channel, self._parts.clock()
        return await self._parts.crm.proven(conversation.customer, channel=channel, at=at)

    def _draft_for_agent(self, conversation: Conversation) -> Attempt | None:
        question = assistant.ask_of(conversation, self._parts.policy.phrases)
        if not question:
            return None
        try:
            search = partial(self._parts.knowledge.search, internal=True)
            return asking.answer(question, _history(conversation), search, self._parts.answer)
        except KnowledgeError:
            log.warning("knowledge_not_read", conversation=conversation.id)
            return None

    async def _prepare(self, conversation: Conversation, first: Escalation, draft: Attempt | None) -> Prepared:
        """What the model prepares for the agent; nothing where every second counts."""
        author = self._parts.author
        if author is None or first.category in AT_ONCE or self._sittings.is_restless(conversation.id):
            return Prepared()
        transcript = [
            (str(turn.role), turn.text)
            for turn in conversation.turns
            if turn.role is not Role.NOTE and turn.episode == conversation.episode and not turn.deleted
        ]
        spoken, why = conversation.language, handoff.why(first)
        return await self._sit(
            conversation,
            lambda bill: author.prepare(transcript, why, draft, spoken=spoken, bill=bill),
        )

    async def _toolbox(self, draft: Draft) -> tools.Toolbox | None:
        """What the model may look up for this customer; nothing once somebody tried to give it orders."""
        conversation, settings = draft.conversation, self._parts.tools
        if self._parts.author is None or not tools.allowed(conversation, settings):
            return None
        proven = None if tools.is_verified(conversation, settings) else draft.account
        if proven is None and not tools.is_verified(conversation, settings):
            proven = await self._proven(conversation)

        async def find() -> Account | None:
            return proven or await self._find(conversation)

        return tools.toolbox(
            conversation,
            settings,
            find,
            suspicious=assistant.gives_orders(conversation, self._parts.policy.phrases),
            public=draft.shared,
            proven=proven is not None,
        )

    async def _write(
        self,
        conversation: Conversation,
        question: str,
        *,
        internal: bool = False,
        toolbox: tools.Toolbox | None = None,
    ) -> Written:
        """An answer: the model's, or the passages themselves where there is none or it does not help."""
        search, author = partial(self._parts.knowledge.search, internal=internal), self._parts.author
        history = _history(conversation)
        if author is None or self._sittings.is_restless(conversation.id):
            return Written(attempt=asking.answer(question, history, search, self._parts.answer))
        asked = Question(text=question, history=history, language=conversation.language)
        embeddings = self._parts.embeddings

        async def nearest(text: str, seconds: float, bill: list[Usage]) -> Sequence[Passage]:
            return await embeddings.nearest(text, internal=internal, seconds=seconds, bill=bill) if embeddings else ()

        return await self._sit(
            conversation,
            lambda bill: author.look_up(asked, search, bill, toolbox, nearest=nearest if embeddings else None),
        )

    async def _sit(self, conversation: Conversation, work: Callable[[list[Usage]], Awaitable[T]]) -> T:
        """Wait for the model without holding up anybody else. Raises OvertakenError."""
        async with self._sittings.sit(conversation.id) as bill, self._give_way():
            return await work(bill)


def _history(conversation: Conversation) -> tuple[tuple[str, str], ...]:
    """Role and text of the turns before the newest one, as far as a question may lean on them."""
    told = (
        (str(turn.role), turn.text)
        for turn in conversation.turns[:-1]
        if (turn.role is Role.CUSTOMER or turn.kind is Kind.ANSWER) and turn.episode == conversation.episode
    )
    return tuple(told)[-TURNS_OF_HISTORY:]


def _record(draft: Draft, written: Written) -> None:
    """What the model did to the question and what was taken out of its answer: for whoever asks why."""
    if written.rewritten:
        draft.record("rewritten", by="system", question=written.rewritten)
    if written.looked_up:
        draft.record("looked_up", by="system", tools=list(written.looked_up), failed=written.failed)
    if written.dropped:
        draft.record("sentences_dropped", by="system", reasons=list(written.dropped))
