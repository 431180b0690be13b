"""What goes wrong most, by kind."""

from collections import Counter
from collections.abc import Iterable

from benchmarks.coverage import look_up
from benchmarks.measures.places import Pair
from transforms.gazetteer.lookup import Gazetteer

MISSED = "missed"
NO_CANDIDATE = "no candidate"
WRONG_CANDIDATE = "wrong candidate"
FALSE_ALARM = "false alarm"
KINDS = (MISSED, NO_CANDIDATE, WRONG_CANDIDATE, FALSE_ALARM)

Error = tuple[str, str, str, str]
"""Kind, surface, annotated place, our place."""


def error_of(pair: Pair, gazetteer: Gazetteer) -> Error | None:
    """Return the error of a pair; None if there is none, or if it cannot be decided.

    A place without any candidate within 161 km is counted so whether it was
    found or not: no recognition and no ranking could have got it right.
    """
    gold, row = pair.gold, pair.row
    ours = f"{row.name}, {row.admin1 or ''}, {row.country or ''} ({row.basis})" if row else ""
    if gold is None:
        return FALSE_ALARM, row.surface if row else "", "", ours
    if gold.get("lat") is None or pair.right:
        return None
    there = f"{gold['lat']:.2f} {gold['lon']:.2f}"
    if not look_up(gold, gazetteer).found:
        return NO_CANDIDATE, gold["surface"], there, ours
    return (MISSED if row is None else WRONG_CANDIDATE), gold["surface"], there, ours


def most_frequent(judged: Iterable[Pair], gazetteer: Gazetteer) -> Counter[Error]:
    """Return each distinct error with its count."""
    return Counter(error for pair in judged if (error := error_of(pair, gazetteer)) is not None)


def by_kind(errors: Counter[Error]) -> dict[str, int]:
    """Return the number of errors of each kind."""
    return {kind: sum(count for error, count in errors.items() if error[0] == kind) for kind in KINDS}
