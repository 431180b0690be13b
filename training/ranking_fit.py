"""Weights of a log-linear model over groups of rows, by Newton's method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.ranking_data import Example
from transforms.geocode.ranking.context import ALONE, COLUMNS, IN_CONTEXT
from transforms.geocode.ranking.features import Array
from transforms.geocode.ranking.weights import run

PENALTY = 2.0
"""The squared weights, times half of this, are taken from the likelihood."""
STEPS = 12
PASSES = 3
"""How often context and weights are learned in turn."""
REPEATED = 0.75
"""A name with n mentions counts as n to this power; half of it, for every document is there in several forms."""
_CONTEXT = np.arange(ALONE, ALONE + IN_CONTEXT)
_BARRED = -1e9


@dataclass
class Rows:
    """The rows of all names whose meaning is known, one group after the other.

    Attributes:
        features: one column for each of `COLUMNS`.
        starts: first row of each group.
        right: whether a row is what the name means; in each group at least one is.
        barred: rows that cannot be meant.
        weight: of each group.
    """

    features: Array
    starts: Array
    right: Array
    barred: Array
    weight: Array


def rows_of(examples: Sequence[Example]) -> Rows:
    """Return the rows of examples.

    What is gold is never `none of these`, and teaches nothing without a right candidate.
    """
    features, sizes, right, barred, weight = [], [], [], [], []
    for example in examples:
        table = example.table
        for start, none in zip(table.starts, table.none, strict=True):
            group = slice(start, none + 1)
            bar = np.zeros(none + 1 - start, dtype=bool)
            bar[-1] = "gold" in example.mode
            meant = (example.right[group] > 0) & ~bar
            if meant.any():
                features.append(table.features[group])
                sizes.append(len(bar))
                right.append(meant)
                barred.append(bar)
                weight.append(example.mentions[start] ** REPEATED / 2)
    starts = np.cumsum([0, *sizes[:-1]])
    return Rows(np.concatenate(features), starts, np.concatenate(right), np.concatenate(barred), np.array(weight))


def fit(rows: Rows, columns: Array, begin: Array | None = None) -> Array:
    """Return weights of all columns that maximize the penalized likelihood; columns not named have 0.

    Several right rows of a name share its target by their own probabilities, so
    that the curvature used is at least the true one; a step that overshoots is halved.
    """
    x = rows.features[:, columns]
    sizes = np.diff(np.append(rows.starts, len(rows.right)))
    weight = np.repeat(rows.weight, sizes)
    beta = np.zeros(len(columns)) if begin is None else begin[columns].copy()
    step, best = np.zeros_like(beta), -np.inf
    for _ in range(STEPS):
        scores = np.where(rows.barred, _BARRED, x @ beta)
        shares, among_all = _softmax(scores, rows.starts, sizes)
        targets, among_right = _softmax(np.where(rows.right, scores, _BARRED), rows.starts, sizes)
        value = float(rows.weight @ (among_right - among_all) - PENALTY / 2 * beta @ beta)
        if value < best:
            step /= 2
            beta = beta - step
            continue
        if value - best < 1e-6 * abs(value):
            break
        best = value
        gradient = x.T @ (weight * (targets - shares)) - PENALTY * beta
        means = np.add.reduceat(x * shares[:, None], rows.starts, axis=0)
        curvature = (x * (weight * shares)[:, None]).T @ x - (means * rows.weight[:, None]).T @ means
        step = np.linalg.solve(curvature + PENALTY * np.eye(len(beta)), gradient)
        beta = beta + step
    full = np.zeros(len(COLUMNS))
    full[columns] = beta
    return full


def _softmax(scores: Array, starts: Array, sizes: Array) -> tuple[Array, Array]:
    """Return shares within each group, and the logarithm of its sum of exponentials."""
    top = np.maximum.reduceat(scores, starts)
    exponentials = np.exp(scores - np.repeat(top, sizes))
    totals = np.add.reduceat(exponentials, starts)
    return exponentials / np.repeat(totals, sizes), np.log(totals) + top


def learn(examples: Sequence[Example]) -> tuple[Array, Array]:
    """Return weights alone and in context, from the context that they themselves give."""
    everything = np.arange(len(COLUMNS))
    for example in examples:
        example.table.features[:, _CONTEXT] = 0.0
    alone = full = fit(rows_of(examples), np.setdiff1d(everything, _CONTEXT))
    for turn in range(PASSES):
        for example in examples:
            run(example.table, alone, full, rounds=3 if turn else 2)
        full = fit(rows_of(examples), everything, full if turn else None)
    return alone, full


def calibrate(probabilities: Array, right: Array) -> tuple[float, float]:
    """Return slope and offset of the line from log odds to log odds of being right, by maximum likelihood."""
    p = np.clip(probabilities, 1e-4, 1 - 1e-4)
    x = np.stack([np.log(p / (1 - p)), np.ones(len(p))], axis=1)
    beta = np.array([1.0, 0.0])
    for _ in range(20):
        shares = 1 / (1 + np.exp(-(x @ beta)))
        gradient = x.T @ (right - shares) - 0.01 * (beta - [1.0, 0.0])
        curvature = (x * (shares * (1 - shares))[:, None]).T @ x + 0.01 * np.eye(2)
        beta = beta + np.linalg.solve(curvature, gradient)
    return float(beta[0]), float(beta[1])
