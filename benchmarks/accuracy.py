"""How right names and places are: every figure, how it was measured, what each piece adds, and what goes wrong.

    python -m benchmarks.accuracy --corpora ../shared/corpora
    python -m benchmarks.accuracy --corpora ../shared/corpora --quick
    python -m benchmarks.accuracy --corpora ../shared/corpora --cross-validate --json accuracy.json

The scorer is the corpora's own, `geo/score.py`. The entity model has seen none of the corpora of places. The ranker's
weights were fitted on two of them: `--cross-validate` fits them five times more, each without the documents that are
judged with them, so that no figure is of a document that was learned from. `--quick` prints places of the two news
corpora and entities of one, without ablations, errors and speeds.
"""

import argparse
import contextlib
import json
import os
import time
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from spacy.language import Language

from benchmarks.measures import ablations, calibration, entities, errors, report, speed
from benchmarks.measures.corpus import CORPORA, Case, Corpus, Place, load_scorer, read_cases
from benchmarks.measures.folds import FOLDS, Prepare, cross_validated
from benchmarks.measures.places import Pair, e2e_f1, figures, pairs
from transforms.extract.models import SHIPPED_NAME, load_model, model_id
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer
from transforms.records import Location

QUICK_CORPORA = CORPORA[:2]
QUICK_ENTITIES = ("ww_dev",)
ERRORS_SHOWN = 50

Result = dict[str, Any]
"""Figures by name, nested; what `--json` writes."""


class Bench:
    """What all measurements share: the model, the gazetteer, the scorer and the documents read.

    Args:
        corpora: the folder with `geo/` and `ner/`.
        chosen: which corpora of places to read.
        model: a spaCy pipeline by name or folder.
        gazetteer: the file.
    """

    def __init__(self, corpora: Path, chosen: Sequence[Corpus], model: str, gazetteer: Path) -> None:
        self.corpora, self.chosen = corpora, chosen
        self.nlp: Language = load_model(model)
        self.gazetteer = Gazetteer(gazetteer)
        self.scorer: types.ModuleType = load_scorer(corpora)
        self.place: Place = ablations.plain(self.gazetteer)
        self.cases: dict[str, list[Case]] = {
            corpus.name: read_cases(corpora / "geo" / f"{corpus.name}.jsonl", self.nlp, self.gazetteer)
            for corpus in chosen
        }

        self.cross_validated = False
        self._prepare: Prepare = lambda case: None
        self._placed: dict[str, list[Sequence[Location]]] = {}

    @contextlib.contextmanager
    def cross_validation(self) -> Iterator[None]:
        """Place each document inside this context with weights of the ranker that were fitted without it."""
        taught = [case for corpus in self.chosen if corpus.taught for case in self.cases[corpus.name]]
        with cross_validated(taught, self.gazetteer) as self._prepare:
            self.cross_validated = True
            self._placed.clear()
            yield

    def places(self) -> Result:
        """Return the figures of each corpus, and how they were measured."""
        return {
            corpus.name: {"measured": self._measured(corpus)}
            | figures(cases, self._as_it_is(corpus.name), self.scorer, self.gazetteer)
            for corpus in self.chosen
            for cases in [self.cases[corpus.name]]
        }

    def _measured(self, corpus: Corpus) -> str:
        if not corpus.taught:
            return "never trained on"
        if self.cross_validated:
            return f"ranker cross-validated, {FOLDS} folds of documents"
        return "the ranker's weights were fitted on it, so these flatter; --cross-validate"

    def calibration(self) -> Result:
        """Return the reliability table of each corpus and its expected error."""
        found = {name: calibration.reliability(self._pairs(name)) for name in self.cases}
        return {
            name: {"error": round(calibration.expected_error(bins), 4), "bins": [one._asdict() for one in bins]}
            for name, bins in found.items()
        }

    def ablations(self) -> Result:
        """Return end-to-end F1 of each corpus with one piece switched off, and with none."""
        rows = {"nothing": self._f1s(self.place)}
        for name, switch in ablations.SWITCHES.items():
            with switch(self.gazetteer) as place:
                rows[name] = self._f1s(place)
        return rows

    def errors(self) -> Result:
        """Return errors by kind and the most frequent ones, of each corpus."""
        found = {name: errors.most_frequent(self._pairs(name), self.gazetteer) for name in self.cases}
        return {
            name: {
                "kinds": errors.by_kind(counted),
                "most_frequent": [[*error, count] for error, count in counted.most_common(ERRORS_SHOWN)],
            }
            for name, counted in found.items()
        }

    def speed(self) -> Result:
        """Return speeds over the first corpus."""
        name = self.chosen[0].name
        return speed.lines(self.cases[name], self.nlp, self.gazetteer, self.place)

    def _found(self, cases: Sequence[Case], place: Place) -> list[Sequence[Location]]:
        found: list[Sequence[Location]] = []
        for case in cases:
            self._prepare(case)
            found.append(place(case.annotated).locations)
        return found

    def _as_it_is(self, name: str) -> list[Sequence[Location]]:
        if name not in self._placed:
            self._placed[name] = self._found(self.cases[name], self.place)
        return self._placed[name]

    def _pairs(self, name: str) -> list[Pair]:
        return list(pairs(self.cases[name], self._as_it_is(name), self.scorer))

    def _f1s(self, place: Place) -> dict[str, float]:
        return {
            name: round(e2e_f1(cases, self._found(cases, place), self.scorer), 4) for name, cases in self.cases.items()
        }


def measure(bench: Bench, args: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    """Yield sections one after the other, each as soon as it is there."""
    yield "places", bench.places()
    yield "entities", entities.scores(bench.nlp, args.corpora, QUICK_ENTITIES if args.quick else None)
    yield "calibration", bench.calibration()
    if not args.quick:
        yield "ablations", bench.ablations()
        yield "errors", bench.errors()
        yield "speed", bench.speed()


def main() -> None:
    """Print each section when it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder with geo/ and ner/")
    parser.add_argument("--quick", action="store_true", help="a subset that takes less than a minute")
    parser.add_argument("--cross-validate", action="store_true", help="judge no document by weights that it taught")
    parser.add_argument("--model", default=SHIPPED_NAME, help="a spaCy pipeline by name or folder")
    parser.add_argument("--gazetteer", type=Path, default=DEFAULT_PATH)
    parser.add_argument("--json", type=Path, help="file to write all figures to")
    args = parser.parse_args()
    begun = time.perf_counter()
    chosen = QUICK_CORPORA if args.quick else CORPORA
    bench = Bench(args.corpora, chosen, args.model, args.gazetteer)
    made_by = {"model": model_id(bench.nlp), "gazetteer": bench.gazetteer.id}
    print(f"{made_by['model']}, {made_by['gazetteer']}, settings as by default")
    results: Result = {"made_by": made_by}
    with bench.cross_validation() if args.cross_validate else contextlib.nullcontext():
        for name, result in measure(bench, args):
            results[name] = result
            print(f"\n{getattr(report, name)(result)}", flush=True)
    print(f"\n{time.perf_counter() - begun:.0f} s")
    if args.json:
        args.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
