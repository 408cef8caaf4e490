"""One-time codes: what looks like one, what is kept of it, when it is right, and how often one is sent."""

import hashlib
import hmac
import re
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.conversation import Conversation, Proof, Step

VALID = timedelta(minutes=10)
LATE = timedelta(hours=1)  # so long after its end what looks like a code is still kept from everybody
MOST_TRIES = 3
MOST_A_DAY = 3
FEW_WORDS = 6
HIDDEN = "••••••"
# Six digits on their own: HP-204171, #204171, 2041.71 and a telephone number hold none.
SIX = re.compile(r"(?<![\w#.,/+-])(?<!\d[ .-])\d{3}[ -]?\d{3}(?![\w/-])(?![ .,]\d)")
ADDRESS = re.compile(r"(?<![\w.+@-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}(?![\w@])")
WORD = re.compile(r"[^\W_]+")
ASKING = frozenset({"code", "codes", "código", "codigo"})
BESIDE = frozenset(
    WORD.findall(
        "yes yeah ok okay sure please send me a the my another new again i want need by mail email e "
        "ja bitte gern schick schicke schicken sende senden sie mir einen den neuen noch einmal nochmal per "
        "oui envoyez envoie moi un le nouveau nouvel autre encore svp s il vous te plaît plait par "
        "sí si envíame enviame envíe envie mándame mandame el otro nuevo por favor quiero "
        "sim envia mande manda um o outro novo quero"
    )
)
"""Words that a request for a code may hold besides the code itself, in five languages."""


class Verdict(StrEnum):
    """What a code was that somebody wrote."""

    RIGHT = "right"
    WRONG = "wrong"
    VOID = "void"  # too late, or tried too often


def typed(text: str) -> tuple[str, ...]:
    """The codes that stand in a text, in their order, as six digits of ASCII each."""
    return tuple("".join(str(int(digit)) for digit in found if digit.isdigit()) for found in SIX.findall(text))


def masked(text: str) -> str:
    """A text without the codes that stand in it."""
    return SIX.sub(HIDDEN, text)


def is_bare(text: str) -> bool:
    """Whether a text is a code and hardly anything else."""
    return bool(typed(text)) and len(WORD.findall(SIX.sub("", text))) <= FEW_WORDS


def is_awaited(proof: Proof | None, at: datetime) -> bool:
    """Whether what looks like a code is taken for one: while it is valid, and for a while after that."""
    return proof is not None and proof.step is Step.CODE and proof.until is not None and at < proof.until + LATE


def asks_for_one(text: str) -> bool:
    """Whether a message asks for a code and for nothing else."""
    words = [word.casefold() for word in WORD.findall(text)]
    asking = [word for word in words if word in ASKING]
    return bool(asking) and len(words) <= 2 * FEW_WORDS and all(word in BESIDE for word in words if word not in asking)


def address_in(text: str) -> str:
    """The first e-mail address in a text, empty where there is none."""
    found = ADDRESS.search(text)
    return found[0].rstrip(".") if found else ""


def awaiting(proof: Proof, code: str, *, of: Conversation, customer: str, at: datetime) -> Proof:
    """What is kept when a code is sent in a conversation; earlier codes are right no more."""
    until = at + VALID
    return replace(proof, step=Step.CODE, customer=customer, digest=_digest(code, of.id, until), until=until, tries=0)


def tried(proof: Proof, codes: tuple[str, ...], *, of: Conversation, at: datetime) -> tuple[Verdict, Proof]:
    """Hold codes against the one that was sent, in their order; what is kept after that."""
    for code in codes:
        if proof.until is None or at >= proof.until or proof.tries >= MOST_TRIES:
            return Verdict.VOID, proof
        if hmac.compare_digest(_digest(code, of.id, proof.until), proof.digest) and proof.customer:
            return Verdict.RIGHT, proof
        proof = replace(proof, tries=proof.tries + 1)
    return (Verdict.WRONG if proof.tries < MOST_TRIES else Verdict.VOID), proof


def keys(of: Conversation, address: str) -> tuple[str, str]:
    """Under what a code is counted: who asks, and the address, neither readable."""
    asks = f"{of.address.channel}\0{of.customer.id}"
    return f"person {_hash(asks)}", f"address {_hash(address.strip().casefold())}"


def _digest(code: str, conversation: str, until: datetime) -> str:
    return _hash(f"{conversation}\0{until.isoformat()}\0{code}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
