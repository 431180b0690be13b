"""What held-out predictions are worth, and the file of the weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from training.ranking_data import KM, Example, kilometres
from transforms.geocode.ranking.context import COLUMNS, MEANINGS
from transforms.geocode.ranking.features import Array
from transforms.geocode.ranking.weights import SETTINGS, Weights, is_placed


class Judged(NamedTuple):
    """A mention with the ranker's best place for it.

    Attributes:
        probability: of that place; None for a demonym, which leaves no choice.
        always: whether it is placed however doubtful, as are datelines and names that surely mean one of their places.
        found: whether it overlaps a gold toponym.
        right: whether the place is within 161 km of that.
    """

    probability: float | None
    always: bool
    found: bool
    right: bool


class Figures(NamedTuple):
    """Resolution of what was found, and all from the text to the place, within 161 km."""

    found: int
    accuracy: float
    precision: float
    recall: float
    f1: float


def judge(example: Example, shares: Array) -> list[Judged]:
    """Return the best place of each mention whose meaning is known, by the probabilities of the table's rows."""
    table = example.table
    best = [start + int(np.argmax(shares[start:none])) for start, none in zip(table.starts, table.none, strict=True)]
    rows = []
    for index, always, gold in example.judged:
        place = table.ranked[index].candidates[best[index] - table.starts[index]].place
        right = gold is not None and kilometres(place, gold) <= KM
        sure = is_placed(float(shares[best[index]]), float(shares[table.none[index]]), threshold=1.0)
        rows.append(Judged(float(shares[best[index]]), always or sure, gold is not None, right))
    for place, gold in example.fixed:
        rows.append(Judged(None, True, gold is not None, gold is not None and kilometres(place, gold) <= KM))
    return rows


def figures(judged: Sequence[Judged], located: int, threshold: float) -> Figures:
    """Return the figures when only what reaches the threshold is placed.

    Args:
        judged: all mentions.
        located: number of gold toponyms with coordinates, found or not.
        threshold: the least probability.
    """
    placed = [row for row in judged if row.always or (row.probability or 0.0) >= threshold]
    found, right = sum(row.found for row in placed), sum(row.right for row in placed)
    precision, recall = right / max(1, len(placed)), right / max(1, located)
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Figures(found, right / max(1, found), precision, recall, f1)


def write_weights(path: Path, weights: Weights) -> None:
    """Write the file that `ranking.load_weights` reads."""
    lines = [
        "# How much each feature of a candidate speaks for it; written by training/train_ranking.py, not by hand.",
        "# `alone` counts in the first round, which knows no context, `in context` in the others.",
        "name\talone\tin context\tmeaning",
    ]
    for name, meaning in SETTINGS.items():
        lines.append(f"{name}\t0\t{getattr(weights, name):.4f}\t{meaning}")
    for name, alone, full in zip(COLUMNS, weights.alone, weights.full, strict=True):
        lines.append(f"{name}\t{alone:.4f}\t{full:.4f}\t{MEANINGS[name]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
