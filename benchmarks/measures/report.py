"""Results as plain tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Result = Mapping[str, Any]

PLACES = (
    ("end to end, F1 within 161 km", "e2e.F1"),
    ("  precision", "e2e.P"),
    ("  recall", "e2e.R"),
    ("recognition, exact, F1", "rec_exact.F1"),
    ("recognition, overlap, F1", "rec_overlap.F1"),
    ("  precision", "rec_overlap.P"),
    ("  recall", "rec_overlap.R"),
    ("resolution of those found, Acc@161", "matched.acc"),
    ("  median km", "matched.median_km"),
    ("  AUC (0 is perfect)", "matched.auc"),
    ("exact span and within 161 km, recall, demonyms aside", "exact_and_right.recall"),
    ("a candidate within 161 km, share of annotated places", "coverage"),
)
"""Label -> figure, in the order of the table."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return columns aligned, the first to the left.

    >>> table(["", "F1"], [["one", "0.5"]]).splitlines()
    ['     F1', 'one 0.5']
    """
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(" ".join(map(_padded, range(len(widths)), line, widths)) for line in lines)


def _padded(column: int, cell: str, width: int) -> str:
    return f"{cell:<{width}}" if column == 0 else f"{cell:>{width}}"


def places(result: Result) -> str:
    """Return figures of places, a column for each corpus, and how each was measured."""
    rows = [[label, *(f"{one[key]:.3f}" for one in result.values())] for label, key in PLACES]
    measured = [f"  {name}: {one['measured']}" for name, one in result.items()]
    return "\n".join(["Places", table(["", *result], rows), *measured])


def entities(result: Result) -> str:
    """Return F1 of the core groups, a line for each development corpus."""
    rows = [
        [name, group, *(f"{one[key]:.3f}" for key in ("f1", "precision", "recall")), f"{one['mentions']:,}"]
        for name, groups in result.items()
        for group, one in groups.items()
    ]
    head = ["Entities, strict span and label", "", "F1", "P", "R", "mentions"]
    return table(head, rows) + "\n  development corpora: training looked at them, but did not learn from them"


def calibration(result: Result) -> str:
    """Return the reliability table of each corpus."""
    parts = ["Calibration: of the rows with such a score, how many are right"]
    for name, one in result.items():
        rows = [
            [
                f"{bin_['low']:.1f}-{bin_['low'] + 0.1:.1f}",
                f"{bin_['rows']:,}",
                *(f"{bin_[key]:.3f}" for key in ("mean_score", "right")),
                f"{bin_['matched']:,}",
                f"{bin_['right_of_matched']:.3f}",
            ]
            for bin_ in one["bins"]
        ]
        parts.append(table([name, "rows", "mean", "right", "on a place", "right"], rows))
        parts.append(f"  mean distance of score and share right, of rows on an annotated place: {one['error']:.3f}")
    return "\n".join(parts)


def ablations(result: Result) -> str:
    """Return end-to-end F1 with nothing switched off, and how it changes with each piece."""
    (_, base), *others = result.items()
    rows = [["nothing", *(f"{value:.3f}" for value in base.values())]]
    rows += [[name, *(f"{value - base[corpus]:+.3f}" for corpus, value in one.items())] for name, one in others]
    return "Ablations: end-to-end F1, and its change\n" + table(["switched off", *base], rows)


def errors(result: Result) -> str:
    """Return errors by kind, then the most frequent ones, by kind and count."""
    parts = []
    for name, one in result.items():
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in one["kinds"].items())
        parts.append(f"Errors on {name}: {kinds}; the most frequent:")
        order = list(one["kinds"])
        for kind, surface, gold, ours, count in sorted(
            one["most_frequent"], key=lambda error: (order.index(error[0]), -error[-1])
        ):
            surface = " ".join(surface.split())
            parts.append(f"  {count:>3}  {kind:<15}  {surface[:32]:<32}  {gold:<15}  {ours}".rstrip())
    return "\n".join(parts)


def speed(result: Result) -> str:
    """Return speeds, and what they are worth."""
    rows = [[name, f"{value:,}"] for name, value in result.items()]
    note = "  one core, by the processor's clock; they count only on a machine that does nothing else"
    return table(["Speed", ""], rows) + f"\n{note}"
