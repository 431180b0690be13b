"""Which of its candidates a name means: a log-linear model over facts and context.

Each candidate of a name, and "none of these", has a score: the weighted sum of
its features. Its probability is the share of its exponential in the name. The
first round knows the names alone; each further round adds the context, from the
probabilities of the round before (see `rank_context`). `training/train_ranking.py`
learns the weights.
"""

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transforms.geocode.ranking.context import ALONE, COLUMNS, IN_CONTEXT, CandidateMatrix
from transforms.geocode.ranking.features import Array, Name

DEFAULT_WEIGHTS = Path(__file__).with_name("weights.tsv")
ROUNDS = 3
"""The first and two with context; more change hardly any place."""
SURELY_ONE = 0.15
"""A name for which "none of these" is not more probable gets its best place, though many share its probability."""
MAX_ROWS = 1_500
"""Candidates that are weighed together; the context of more names would take the square of their number."""
NEAR = 0.9
"""A doubtful name counts where `some_50` is at least this: there is most of a place within 50 km."""
_DOUBTFUL, _SOME_NEAR = COLUMNS.index("doubtful"), COLUMNS.index("some_50")
SETTINGS = {
    "threshold": "a name whose best candidate is less probable means none of them, unless it surely means one",
    "slope": "of the line that turns the log odds of a probability into those of being right",
    "offset": "of the same line",
    "demonym_score": "how often the country of a demonym was right",
}
"""Lines of the file of weights that are not features, with their meaning."""


@dataclass(frozen=True)
class Weights:
    """What the ranker has learned.

    Attributes:
        alone: weight of each column in the first round; that of the context is 0.
        full: weight of each column in the rounds with context.
        threshold, slope, offset, demonym_score: as in `SETTINGS`.
    """

    alone: Array
    full: Array
    threshold: float
    slope: float
    offset: float
    demonym_score: float

    def score(self, probability: float) -> float:
        """Return the share of places of this probability that are right, 0 to 1."""
        probability = min(max(probability, 1e-4), 1 - 1e-4)
        return 1 / (1 + math.exp(-(self.slope * math.log(probability / (1 - probability)) + self.offset)))


@functools.cache
def load_weights(path: Path = DEFAULT_WEIGHTS) -> Weights:
    """Read the file that training wrote: tab-separated name, alone, in context, meaning.

    Raises:
        ValueError: a feature of this version is missing, or one is unknown.
    """
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    rows = {name: (float(alone), float(full)) for name, alone, full, _ in lines[1:]}
    wrong = set(rows) ^ {*COLUMNS, *SETTINGS}
    if wrong:
        raise ValueError(f"{path}: {', '.join(sorted(wrong))}: missing or unknown; run training/train_ranking.py")
    alone, full = (np.array([rows[name][k] for name in COLUMNS]) for k in (0, 1))
    return Weights(alone, full, *(rows[name][1] for name in SETTINGS))


def rank(names: Sequence[Name], text: str = "", *, country: str | None = None, rounds: int = ROUNDS) -> None:
    """Set the probabilities of all names' candidates; they add up to 1 with "none of these".

    Args:
        names: all names of an article, each once, and those of its publisher.
        text: the article's text, into which the names' spans point.
        country: ISO 3166-1 alpha-2 of the publisher's country, where its address tells.
        rounds: 1 for no context.
    """
    weights = load_weights()
    for group in _groups(names):
        table = CandidateMatrix(group, text, country)
        shares = guarded(table, run(table, weights.alone, weights.full, rounds))
        for name, start, none in zip(table.ranked, table.starts, table.none, strict=True):
            name.probabilities = shares[start:none].tolist()


def _groups(names: Sequence[Name]) -> Iterator[list[Name]]:
    """Yield the names of a text, at most `MAX_ROWS` candidates at a time, each time with those of the publisher."""
    publisher = [name for name in names if name.kind == "publisher"]
    group: list[Name] = []
    rows = 0
    for name in names:
        if name.kind != "publisher":
            size = len(name.candidates) + 1
            if group and rows + size > MAX_ROWS:
                yield [*group, *publisher]
                group, rows = [], 0
            group.append(name)
            rows += size
    yield [*group, *publisher]


def run(table: CandidateMatrix, alone: Array, full: Array, rounds: int = ROUNDS) -> Array:
    """Return probabilities of a table's rows after all rounds; `table.features` is left as the last round saw it."""
    table.features[:, ALONE : ALONE + IN_CONTEXT] = 0.0
    shares = table.shares(table.features @ alone)
    for _ in range(rounds - 1):
        table.set_context(shares)
        shares = table.shares(table.features @ full)
    return shares


def is_placed(probability: float, none: float, threshold: float) -> bool:
    """Return True if a name gets its best place, by the probability of that and of "none of these".

    >>> is_placed(0.4, 0.5, 0.3), is_placed(0.2, 0.1, 0.3), is_placed(0.2, 0.5, 0.3)
    (True, True, False)
    """
    return probability >= threshold or (probability > 0 and none <= SURELY_ONE)


def guarded(table: CandidateMatrix, shares: Array) -> Array:
    """Return the probabilities, with 0 for what a doubtful name may mean far from all other places of the article."""
    far = (table.features[:, _DOUBTFUL] > 0) & (table.features[:, _SOME_NEAR] < NEAR)
    return np.where(far, 0.0, shares)


def reliability(scored: Sequence[tuple[float, bool]], bins: int = 10) -> list[tuple[float, float, int, float, float]]:
    """Return the share of right predictions by score, in bins of equal width.

    Args:
        scored: score from 0 to 1, and whether it was right.
        bins: how many.

    Returns:
        (from, to, number, mean score, share right) of each bin that is not empty.

    >>> reliability([(0.95, True), (0.91, True), (0.2, False)], bins=2)
    [(0.0, 0.5, 1, 0.2, 0.0), (0.5, 1.0, 2, 0.93, 1.0)]
    """
    rows = []
    for k in range(bins):
        inside = [pair for pair in scored if min(int(pair[0] * bins), bins - 1) == k]
        if inside:
            mean = sum(score for score, _ in inside) / len(inside)
            right = sum(is_right for _, is_right in inside) / len(inside)
            rows.append((k / bins, (k + 1) / bins, len(inside), round(mean, 4), right))
    return rows
