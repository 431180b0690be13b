"""Whether a score of 0.9 means that 90 of 100 are right."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.measures.places import Pair

BINS = 10


class Bin(NamedTuple):
    """Rows whose scores are in one tenth."""

    low: float
    rows: int
    mean_score: float
    right: float
    """Share of all rows that are right; a false alarm is wrong."""
    matched: int
    right_of_matched: float
    """Share of those that are right among the rows on an annotated place with coordinates."""


def reliability(judged: Iterable[Pair]) -> list[Bin]:
    """Return a line for each tenth of the scores that has rows.

    Rows on annotations without coordinates are left out.
    """
    tenths: list[list[Pair]] = [[] for _ in range(BINS)]
    for pair in judged:
        if pair.row is not None and not (pair.gold is not None and pair.km is None):
            tenths[min(BINS - 1, int(pair.row.score * BINS))].append(pair)
    return [_bin(index / BINS, found) for index, found in enumerate(tenths) if found]


def _bin(low: float, found: Sequence[Pair]) -> Bin:
    matched = [pair for pair in found if pair.gold is not None]
    right = sum(pair.right for pair in matched)
    mean = sum(pair.row.score for pair in found if pair.row) / len(found)
    return Bin(low, len(found), mean, right / len(found), len(matched), right / max(1, len(matched)))


def expected_error(bins: Sequence[Bin]) -> float:
    """Return mean distance of score and share right on annotated places, weighed by count (ECE); 0 is perfect.

    >>> round(expected_error([Bin(0.9, 10, 0.95, 0.8, 8, 1.0)]), 2)
    0.05
    """
    total = sum(one.matched for one in bins)
    return sum(one.matched * abs(one.mean_score - one.right_of_matched) for one in bins) / max(1, total)
