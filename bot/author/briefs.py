"""What the model prepares for an agent, held against the conversation and the passages: no invented facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import grounding
from bot.author.sentences import to_claims, to_text
from bot.conversation import Json, Passage
from bot.grounding import Claim
from bot.words import sentences

AGENTS_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The texts as the model gave them; `reply` is a draft for the customer."""

    summary: str
    next_step: str
    reply: tuple[Claim, ...]


def read(value: Mapping[str, Json]) -> Brief:
    """Read what the model prepared. Raises BrokenReplyError."""
    return Brief(
        summary=to_text(value.get("summary")),
        next_step=to_text(value.get("next_step")),
        reply=to_claims(value.get("suggested_reply")),
    )


def checked(brief: Brief, transcript: Sequence[tuple[str, str]], passages: Sequence[Passage]) -> Brief:
    """Leave out of summary and next step what neither the conversation nor a passage says; the reply stays as it is."""
    material = (*_as_passages(transcript), *passages)
    return Brief(
        summary=_backed(brief.summary, material), next_step=_backed(brief.next_step, material), reply=brief.reply
    )


def _as_passages(transcript: Sequence[tuple[str, str]]) -> tuple[Passage, ...]:
    return tuple(
        Passage(article="conversation", heading=role, text=f"{role}: {text}", score=0.0) for role, text in transcript
    )


def _backed(text: str, material: Sequence[Passage]) -> str:
    everything = tuple(range(1, len(material) + 1))
    claims = [Claim(text=sentence, sources=everything) for sentence in sentences(" ".join(text.split()))]
    kept = grounding.check(claims, material, question="", language=AGENTS_LANGUAGE).kept if claims else ()
    return " ".join(claim.text for claim in kept)
