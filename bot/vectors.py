"""Embeddings: how near a passage is to a question in meaning, and one ranking out of that and of the words."""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import mul
from statistics import fmean, pstdev
from typing import TypeAlias

from bot.conversation import Passage

Vector: TypeAlias = "array[float]"

ROUGHLY = 100  # so many are weighed exactly, of those whose signs agree best with the question's


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A passage and where it lies: its vector of length 1, and the signs of it as one number."""

    passage: Passage
    vector: Vector
    signs: int


def to_vector(numbers: Iterable[float]) -> Vector:
    """Numbers as a vector of length 1, in 32-bit floats; one of nothing but zeros stays as it is."""
    found = array("f", numbers)
    length = math.sqrt(sum(map(mul, found, found)))
    return array("f", (number / length for number in found)) if length else found


def placed(passage: Passage, vector: Vector) -> Placed:
    """A passage ready to be searched."""
    return Placed(passage=passage, vector=vector, signs=_signs(vector))


def nearest(question: Vector, among: Sequence[Placed], limit: int) -> tuple[Passage, ...]:
    """The passages nearest in meaning, best first, each with its cosine (-1.0 to 1.0) for a score.

    Numbers of another length, from a model that was there before, are passed over. The signs sort out most of them
    in microseconds; thousands of cosines would take a tenth of a second each time.
    """
    same = [one for one in among if len(one.vector) == len(question)]
    signs = _signs(question)
    rough = sorted(same, key=lambda one: (one.signs ^ signs).bit_count())[:ROUGHLY]
    exact = [replace(one.passage, score=sum(map(mul, one.vector, question))) for one in rough]
    return tuple(sorted(exact, key=lambda passage: -passage.score)[:limit])


def fused(by_words: Sequence[Passage], by_meaning: Sequence[Passage], limit: int) -> tuple[Passage, ...]:
    """Both rankings as one, best first: a score counts by how far it lies above its own ranking's mean, half and half.

    Who is missing in one of them counts there as its last.
    """
    if not by_words or not by_meaning:
        return tuple(by_words or by_meaning)[:limit]
    words, meaning = _standing(by_words), _standing(by_meaning)
    every = {_key(passage): passage for passage in (*by_meaning, *by_words)}  # by words last: its score is the judge's
    last = min(words.values()), min(meaning.values())
    worth = {key: words.get(key, last[0]) + meaning.get(key, last[1]) for key in every}
    return tuple(sorted(every.values(), key=lambda passage: -worth[_key(passage)])[:limit])


def _standing(ranking: Sequence[Passage]) -> Mapping[tuple[str, str], float]:
    """How many standard deviations each passage lies above the mean of its ranking."""
    scores = [passage.score for passage in ranking]
    mean, spread = fmean(scores), pstdev(scores) or 1.0
    return {_key(passage): (passage.score - mean) / spread for passage in ranking}


def _key(passage: Passage) -> tuple[str, str]:
    return passage.article, passage.text


def _signs(vector: Vector) -> int:
    return int("".join("1" if number > 0 else "0" for number in vector) or "0", 2)
