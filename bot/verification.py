"""A customer who is not verified: offered a code by mail, sent one, and believed when they bring it back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from bot import assistant, codes, privacy, tools
from bot.codes import Verdict
from bot.conversation import Account, CodeSent, Kind, Owner, Proof, Proven, Role, State, Step
from bot.draft import ASSISTANT, CUSTOMER, Draft
from bot.parts import Parts
from bot.triggers import Reading
from channels.base import Button, Change, Message, WritesFirst

Offer: TypeAlias = tuple[str, tuple[Button, ...]]
NOTHING: Offer = ("", ())
LONGEST_QUESTION = 500


class Verification:
    """Offers, sends and tries codes. What is said never tells whether an address is on record."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def offer(self, draft: Draft, question: str) -> Offer:
        """A sentence and a button that lead to a code, where a look-up could answer once we know who asks."""
        conversation = draft.conversation
        if not self._may_offer(draft) or codes.is_awaited(conversation.proof, draft.at):
            return NOTHING
        if await self._known(draft) is not None:
            return NOTHING
        kind = conversation.issue_type or ""
        draft.change(proof=Proof(step=Step.OFFERED, question=question[:LONGEST_QUESTION], issue_type=kind))
        draft.record("code_offered", by=ASSISTANT)
        return draft.phrase("code_offer"), (_button(draft),)

    async def hear(self, draft: Draft, messages: Sequence[Message], reading: Reading) -> str | None:
        """Take what the customer wrote for a code, an address or a request, where it is one; None where it is not.

        Else all is said and an empty text comes back, or after the right code the question that is to be answered now.
        """
        new = [one for one in messages if one.change is Change.NEW]
        text = "\n".join(one.text for one in new if one.sender.id == draft.conversation.customer.id)
        if draft.public:
            return self._refuse_in_public(draft, text)
        proof = draft.conversation.proof
        if proof is None:
            return None
        if codes.is_awaited(proof, draft.at) and (found := codes.typed(text)):
            return await self._try(draft, proof, found)
        if not self._may_offer(draft):
            return None
        if proof.step is Step.ADDRESS and (address := codes.address_in(text)):
            await self._send(draft, proof, address, await self._parts.crm.at_email(address))
            return ""
        if codes.asks_for_one(text) or (reading.yes and _was_offered_with_an_answer(draft)):
            await self._begin(draft, proof)
            return ""
        return None

    def is_about_a_code(self, draft: Draft, text: str) -> bool:
        """Whether a message, as it may be read, goes on with the code and says nothing new of the matter."""
        proof = draft.conversation.proof
        if proof is None:
            return False
        names_address = proof.step is Step.ADDRESS and bool(codes.address_in(text))
        return codes.HIDDEN in text or names_address or codes.asks_for_one(text)

    async def press(self, draft: Draft) -> None:
        """The button that asks for a code; one of an earlier offer does nothing."""
        proof = draft.conversation.proof
        if proof is None or draft.conversation.owner is not Owner.ASSISTANT or not self._may_offer(draft):
            return
        assistant.begin(draft)
        await self._begin(draft, proof)

    def _may_offer(self, draft: Draft) -> bool:
        """Whether a code could lead to something: a model, an allowed look-up, mail, and nobody else reading.

        Not by mail: who wrote a mail that nobody vouches for could be anybody each time, so a code proves one mail.
        """
        parts, conversation = self._parts, draft.conversation
        channel = parts.channels.get(conversation.address.channel)
        return (
            parts.author is not None
            and parts.tools.verified_hours > 0
            and self._mail() is not None
            and not isinstance(channel, WritesFirst)
            and not draft.shared
            and bool(tools.allowed(conversation, parts.tools))
            and not tools.is_verified(conversation, parts.tools)
            and not assistant.gives_orders(conversation, parts.policy.phrases)
        )

    def _mail(self) -> WritesFirst | None:
        return next((one for one in self._parts.channels.values() if isinstance(one, WritesFirst)), None)

    async def _known(self, draft: Draft) -> Account | None:
        conversation = draft.conversation
        return await self._parts.crm.proven(conversation.customer, channel=conversation.address.channel, at=draft.at)

    async def _begin(self, draft: Draft, proof: Proof) -> None:
        """Send a code to the address on record, or ask for one where we do not know who this is."""
        conversation = draft.conversation
        account = await self._parts.crm.find(
            replace(conversation.customer, email=None, verified=False), channel=conversation.address.channel
        )
        if account is not None and account.email:
            await self._send(draft, proof, account.email, account)
        else:
            draft.change(proof=replace(proof, step=Step.ADDRESS))
            _say(draft, "code_address")

    async def _send(self, draft: Draft, proof: Proof, address: str, account: Account | None) -> None:
        """Send a code, or seem to where nobody has this address; both count, and both sound the same."""
        keys = codes.keys(draft.conversation, address)
        if await self._parts.store.codes_sent(keys, draft.at) >= codes.MOST_A_DAY:
            draft.change(proof=None)
            draft.record("code_refused", by=ASSISTANT, why="too many in a day")
            _say(draft, "code_limit")
            return
        code, customer = self._parts.new_code(), account.id if account else ""
        awaited = codes.awaiting(proof, code, of=draft.conversation, customer=customer, at=draft.at)
        draft.change(proof=awaited)
        draft.count_code(CodeSent(keys=keys, most=codes.MOST_A_DAY))
        draft.record("code_sent", by=ASSISTANT, on_record=account is not None)
        minutes = str(int(codes.VALID.total_seconds() // 60))
        mail = self._mail()
        if account is not None and account.email and mail is not None:
            words = draft.phrase("code_mail", code=f"{code[:3]} {code[3:]}", minutes=minutes)
            draft.post_code(mail.first_address(account.email), draft.phrase("code_mail_subject"), words)
        _say(draft, "code_sent", minutes=minutes)

    async def _try(self, draft: Draft, proof: Proof, found: tuple[str, ...]) -> str:
        verdict, proof = codes.tried(proof, found, of=draft.conversation, at=draft.at)
        account = await self._parts.crm.customer(proof.customer) if verdict is Verdict.RIGHT else None
        if verdict is Verdict.RIGHT and account is None:
            verdict = Verdict.VOID  # the customer is forgotten since
        draft.record("code_tried", by=CUSTOMER, verdict=str(verdict))
        draft.change(proof=None if account is not None else proof)
        if account is None:
            key = "code_wrong" if verdict is Verdict.WRONG else "code_void"
            _say(draft, key, buttons=(_button(draft),) if verdict is Verdict.VOID else ())
            return ""
        until = draft.at + timedelta(hours=self._parts.tools.verified_hours)
        conversation = draft.conversation
        draft.prove(
            Proven(
                channel=conversation.address.channel, person=conversation.customer.id, customer=account.id, until=until
            ),
            account,
        )
        draft.record("verified", by=CUSTOMER, account=account.id, until=until.isoformat())
        draft.change(issue_type=proof.issue_type or conversation.issue_type)
        return proof.question

    def _refuse_in_public(self, draft: Draft, text: str) -> str | None:
        """A code does nothing where others read it, and is not asked of a model either."""
        if not self._parts.tools.allow or not codes.is_bare(text):
            return None
        _, way = privacy.offer(draft)
        _say(draft, "private_offer", buttons=way)
        return ""


def _say(draft: Draft, key: str, *, buttons: tuple[Button, ...] = (), **fields: str) -> None:
    draft.say(Kind.CHECK, draft.phrase(key, **fields), buttons=(*buttons, assistant.human_button(draft)), fixed=True)
    draft.move(State.AWAITING_CUSTOMER, by=ASSISTANT, why=f"said: {key}")


def _button(draft: Draft) -> Button:
    return Button(name="send_code", label=draft.phrase("button_code"), value=draft.conversation.id)


def _was_offered_with_an_answer(draft: Draft) -> bool:
    """Whether our last word was an answer with the offer of a code: a yes is meant for that."""
    proof = draft.conversation.proof
    ours = [turn for turn in draft.conversation.turns if turn.role is Role.ASSISTANT]
    return proof is not None and proof.step is Step.OFFERED and bool(ours) and ours[-1].kind is Kind.ANSWER
