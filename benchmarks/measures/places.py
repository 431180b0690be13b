"""How well places are found and placed, by the corpora's scorer, and what only we count."""

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.coverage import look_up
from benchmarks.measures.corpus import KM, Case, as_predictions
from transforms.gazetteer.lookup import Gazetteer
from transforms.records import Location

Gold = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """An annotated place and the row that the scorer matches with it; one of both may be missing."""

    case: Case
    gold: Gold | None
    row: Location | None
    km: float | None
    """Between the two, where both have coordinates."""

    @property
    def right(self) -> bool:
        """Return True if the row is at the place of the annotation."""
        return self.km is not None and self.km <= KM

    @property
    def exact(self) -> bool:
        """Return True if both have the same characters."""
        return bool(self.gold and self.row and (self.gold["start"], self.gold["end"]) == (self.row.start, self.row.end))


def pairs(cases: Sequence[Case], found: Sequence[Sequence[Location]], scorer: types.ModuleType) -> Iterator[Pair]:
    """Yield every annotated place and every row once, matched as the scorer matches.

    Rows on neutral spans are left out.
    """
    for case, predicted, rows in zip(cases, as_predictions(cases, found), found, strict=True):
        gold = case.document["toponyms"]
        matched = scorer.match(gold, predicted["toponyms"])
        for index, toponym in enumerate(gold):
            row = rows[matched[index]] if index in matched else None
            yield Pair(case, toponym, row, _distance(toponym, row, scorer))
        neutral = case.document.get("neutral") or ()
        for index in set(range(len(rows))) - set(matched.values()):
            if not any(scorer.common(span, predicted["toponyms"][index]) > 0 for span in neutral):
                yield Pair(case, None, rows[index], None)


def _distance(gold: Gold, row: Location | None, scorer: types.ModuleType) -> float | None:
    if row is None or gold.get("lat") is None:
        return None
    return float(scorer.km_between(gold["lat"], gold["lon"], row.latitude, row.longitude))


def figures(
    cases: Sequence[Case], found: Sequence[Sequence[Location]], scorer: types.ModuleType, gazetteer: Gazetteer
) -> dict[str, float]:
    """Return all figures of one corpus, by name."""
    (row,) = scorer.evaluate([case.document for case in cases], as_predictions(cases, found), KM).values()
    flat = {f"{part}.{key}": row[part][key] for part in ("e2e", "rec_exact", "rec_overlap") for key in ("P", "R", "F1")}
    flat |= {f"matched.{key}": row["res_matched"][key] for key in ("acc", "median_km", "auc")}
    flat["exact_and_right.recall"] = exact_and_right(list(pairs(cases, found, scorer)), gazetteer)
    flat["coverage"] = coverage(cases, gazetteer)
    return {key: round(value, 4) for key, value in flat.items()}


def exact_and_right(judged: Sequence[Pair], gazetteer: Gazetteer) -> float:
    """Return share of annotated places with coordinates, demonyms aside, found with their very span and within 161 km.

    This is how Mordecai 3's paper counts recall.
    """
    located = [pair for pair in judged if pair.gold and pair.gold.get("lat") is not None]
    names = [pair for pair in located if pair.gold and look_up(pair.gold, gazetteer).kind == "name"]
    return sum(pair.exact and pair.right for pair in names) / max(1, len(names))


def coverage(cases: Sequence[Case], gazetteer: Gazetteer) -> float:
    """Return share of annotated places with coordinates whose name has a candidate within 161 km: the ceiling of
    ranking.
    """
    located = [toponym for case in cases for toponym in case.document["toponyms"] if toponym.get("lat") is not None]
    return sum(look_up(toponym, gazetteer).found for toponym in located) / max(1, len(located))


def e2e_f1(cases: Sequence[Case], found: Sequence[Sequence[Location]], scorer: types.ModuleType) -> float:
    """Return the figure that counts: end-to-end F1 within 161 km."""
    (row,) = scorer.evaluate([case.document for case in cases], as_predictions(cases, found), KM).values()
    return float(row["e2e"]["F1"])
