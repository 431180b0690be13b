"""The accuracy benchmark on invented text, and its figures against the floors."""

import doctest
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measures import ablations, calibration, errors, report
from benchmarks.measures.corpus import Case, fold_of, parsed
from benchmarks.measures.places import Pair, exact_and_right
from tests.helpers.floors import check_floor
from tests.helpers.records import article, location
from transforms.gazetteer.build.assemble import build_gazetteer
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer
from transforms.records import AnnotatedArticle, Entity, Location

ROOT = Path(__file__).parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"
TEXT = (
    "CHAMBERY, France - A train from Lyon stopped near Annecy, Savoie's governor said in Paris. "
    "French and N.Y. passengers had come from Grenoble, Isère, by the Alps. A Turkish minister was with them."
)


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    if DEFAULT_PATH.is_file():
        return Gazetteer(DEFAULT_PATH)
    return Gazetteer(build_gazetteer(tmp_path_factory.mktemp("gazetteer") / "gazetteer.sqlite"))


def case(text: str = TEXT, doc_id: str = "1") -> Case:
    document = {"corpus": "Invented", "doc_id": doc_id, "text": text, "toponyms": []}
    return Case(document, AnnotatedArticle(article=article(text), facts={"entities": (entity(text, "Lyon"),)}))


def entity(text: str, surface: str) -> Entity:
    start = text.index(surface)
    return Entity(
        entity_id="e",
        article_id="a",
        start=start,
        end=start + len(surface),
        surface=surface,
        label="GPE",
        name=surface,
        canonical_id="e",
        model="m",
    )


def row(gazetteer: Gazetteer, *, start: int = 0, score: float = 0.9, name: str = "Lyon") -> Location:
    return location(gazetteer.candidates(name)[0].place, gazetteer, start=start, surface=name, score=score)


def gold(*, start: int = 0, surface: str = "Lyon", lat: float | None = 45.75) -> dict[str, Any]:
    end = start + len(surface)
    return {"start": start, "end": end, "surface": surface, "lat": lat, "lon": 4.85, "type": None}


def test_errors_are_told_apart(gazetteer):
    lyon, paris = row(gazetteer), row(gazetteer, name="Paris")
    judged = [
        Pair(case(), gold(), lyon, 0.5),
        Pair(case(), gold(), None, None),
        Pair(case(), gold(surface="Nosuchtown"), None, None),
        Pair(case(), gold(), paris, 390.0),
        Pair(case(), None, paris, None),
        Pair(case(), gold(lat=None), lyon, None),
    ]
    counted = errors.most_frequent(judged, gazetteer)
    assert errors.by_kind(counted) == {
        errors.MISSED: 1,
        errors.NO_CANDIDATE: 1,
        errors.WRONG_CANDIDATE: 1,
        errors.FALSE_ALARM: 1,
    }
    assert (errors.MISSED, "Lyon", "45.75 4.85", "") in counted


def test_recall_counts_names_with_their_very_span(gazetteer):
    lyon, shifted = row(gazetteer), row(gazetteer, start=1)
    french = gold(surface="French")
    judged = [
        Pair(case(), gold(), lyon, 0.5),
        Pair(case(), gold(), shifted, 0.5),
        Pair(case(), gold(), lyon, 200.0),
        Pair(case(), gold(), None, None),
        Pair(case(), french, None, None),
        Pair(case(), None, lyon, None),
    ]
    assert exact_and_right(judged, gazetteer) == 0.25


def test_reliability(gazetteer):
    judged = [
        Pair(case(), gold(), row(gazetteer, score=0.95), 0.5),
        Pair(case(), gold(), row(gazetteer, score=1.0), 900.0),
        Pair(case(), None, row(gazetteer, score=0.97), None),
        Pair(case(), gold(lat=None), row(gazetteer, score=0.97), None),
        Pair(case(), gold(), None, None),
        Pair(case(), gold(), row(gazetteer, score=0.1), 900.0),
    ]
    low, high = calibration.reliability(judged)
    assert (low.low, low.rows, low.right) == (0.1, 1, 0.0)
    assert (high.rows, high.matched, high.right_of_matched) == (3, 2, 0.5)
    assert high.right == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", ablations.SWITCHES)
def test_every_piece_can_be_switched_off_and_is_on_again(name, gazetteer):
    place = ablations.plain(gazetteer)
    before = place(case().annotated)
    with ablations.SWITCHES[name](gazetteer) as without:
        assert without(case().annotated).article.text == TEXT
    assert place(case().annotated) == before


def test_a_switch_switches(gazetteer):
    off = ablations.SWITCHES["mentions: adjectives"]
    assert "adjective" in {found.kind for found in ablations.plain(gazetteer)(case().annotated).locations}
    with off(gazetteer) as place:
        assert "adjective" not in {found.kind for found in place(case().annotated).locations}


def test_a_switch_for_what_is_gone_is_an_error(gazetteer):
    with pytest.raises(AttributeError, match="no_such_function"):
        ablations.without_part("no_such_function", lambda *_: None)(gazetteer).__enter__()


def test_folds_depend_on_the_document_alone():
    folds = [fold_of(case(doc_id=str(number)), 5) for number in range(100)]
    assert set(folds) == set(range(5))
    assert folds == [fold_of(case("Lyon again.", doc_id=str(number)), 5) for number in range(100)]


def test_text_of_a_document_is_kept(gazetteer):
    document = {"corpus": "Invented", "doc_id": "1", "text": "Rain in Lyon.\n\n Snow.", "title": "T", "url": None}
    assert parsed(document, gazetteer).text == document["text"]


def test_tables():
    result = {"one": {"kinds": {"missed": 2}, "most_frequent": [["missed", "Ab\nc", "1 2", "", 2]]}}
    assert report.errors(result).splitlines()[1].split() == ["2", "missed", "Ab", "c", "1", "2"]
    change = report.ablations({"nothing": {"x": 0.5}, "a": {"x": 0.4}})
    assert "-0.100" in change


@pytest.mark.parametrize("name", ["calibration", "corpus", "report"])
def test_examples(name):
    module = importlib.import_module(f"benchmarks.measures.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not part of this repository")
def test_figures_do_not_fall(tmp_path):
    file = tmp_path / "accuracy.json"
    command = [sys.executable, "-m", "benchmarks.accuracy", "--corpora", str(CORPORA), "--quick", "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    for corpus, figures in json.loads(file.read_text())["places"].items():
        for figure in ("e2e.F1", "matched.acc", "exact_and_right.recall", "coverage"):
            check_floor(f"places.{figure}.{corpus}", figures[figure])
