"""What may be kept of a model's answer: what its passages say and the gate lets out; without its heart, nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot import gate, grounding, prompts
from bot.author.papers import Written
from bot.author.sentences import joined
from bot.conversation import Attempt, Passage, Source
from bot.grounding import Claim
from bot.rules import Phrases
from bot.words import content_tokens, language_of, tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Whose words are checked: the name that any sentence may use, and what the gate looks for."""

    name: str
    phrases: Phrases


def backed(
    sentences: Sequence[Claim],
    passages: Sequence[Passage],
    plain: Attempt,
    *,
    question: str,
    language: str,
    house: House,
) -> Written:
    """Keep what may be said of these sentences, which were to be written in `language`.

    `plain` is what would be said without the model.
    """
    allowed = [claim for claim in sentences if not _is_forbidden(claim.text, house)]
    checked = grounding.check(allowed, passages, question=question, names=(house.name,), language=language)
    cited = {claim.text: claim.sources for claim in allowed}
    held = partial(_holds_there, passages=passages, language=language, house=house)
    doubtful = [claim for claim in checked.kept if not held(claim, cited[claim.text])]
    kept = [claim for claim in checked.kept if claim not in doubtful]
    reasons = (
        *("not for the customer" for _ in range(len(sentences) - len(allowed))),
        *(drop.reason for drop in checked.dropped),
        *("the passage that it cites does not say so" for _ in doubtful),
    )
    if checked.heart_gone or not kept or _heart(allowed, question) in {claim.text for claim in doubtful}:
        why_not = f"what the model wrote is not in its passages: {'; '.join(reasons)}"[:300]
        return Written(attempt=without_answer(plain, passages, why_not), dropped=reasons)
    attempt = replace(
        plain,
        passages=tuple(passages),
        reply=joined([claim.text for claim in kept]),
        grounded=True,
        unsure=False,
        sources=_sources(kept, passages),
        why_not="",
        missed=(),
    )
    return Written(attempt=attempt, dropped=reasons)


def without_answer(plain: Attempt, passages: Sequence[Passage], why_not: str) -> Attempt:
    """An attempt that asserts nothing."""
    return replace(
        plain,
        passages=tuple(passages),
        reply=None,
        grounded=False,
        unsure=False,
        sources=(),
        why_not=why_not,
        missed=(),
    )


def _holds_there(
    claim: Claim, cited: tuple[int, ...], *, passages: Sequence[Passage], language: str, house: House
) -> bool:
    """Whether a passage that the model did not cite backs a sentence without any word of the question.

    The question's own words are easily found elsewhere: of "can I return a rope?" a price list for ropes would make a
    yes, though the passage that was cited says no.
    """
    if not claim.sources or not set(claim.sources).isdisjoint(cited):
        return True
    return bool(grounding.check([claim], passages, question="", names=(house.name,), language=language).kept)


def _is_forbidden(text: str, house: House) -> bool:
    return gate.find_problem(text, house.phrases) is not None or prompts.leaks(text)


def _heart(claims: Sequence[Claim], question: str) -> str:
    """The sentence that holds most words of the question."""
    asked = frozenset(content_tokens(question, language_of(question)))
    return max((claim.text for claim in claims), key=lambda text: len(asked & frozenset(tokens(text))), default="")


def _sources(kept: Sequence[Claim], passages: Sequence[Passage]) -> tuple[Source, ...]:
    """Where the sentences stand, in their order."""
    cited = [passages[n - 1] for claim in kept for n in claim.sources if 0 < n <= len(passages)]
    return tuple(dict.fromkeys(Source(article=passage.article, heading=passage.heading) for passage in cited))
