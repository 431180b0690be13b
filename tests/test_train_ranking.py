"""Learning the ranker's weights: the fit, the figures and the file, on invented documents."""

import numpy as np
import pytest

from tests.test_geocode import annotated
from training import ranking_data, ranking_fit, train_ranking
from training.ranking_figures import Judged, figures, judge, write_weights
from transforms.gazetteer.build.assemble import build_gazetteer
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer
from transforms.geocode.ranking.context import COLUMNS
from transforms.geocode.ranking.weights import Weights, load_weights

TEXT = "Police in Paris and Dallas, Texas, met on Monday."
GOLD = [("Paris", 33.66, -95.55), ("Dallas", 32.78, -96.81), ("Texas", 31.25, -99.25)]


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    if DEFAULT_PATH.is_file():
        return Gazetteer(DEFAULT_PATH)
    return Gazetteer(build_gazetteer(tmp_path_factory.mktemp("gazetteer") / "gazetteer.sqlite"))


def document(golds=GOLD, neutral=()):
    toponyms = [
        {
            "start": TEXT.index(s),
            "end": TEXT.index(s) + len(s),
            "surface": s,
            "lat": lat,
            "lon": lon,
            "geonames_id": None,
        }
        for s, lat, lon in golds
    ]
    spans = [{"start": TEXT.index(s), "end": TEXT.index(s) + len(s)} for s in neutral]
    return {"corpus": "made", "text": TEXT, "toponyms": toponyms, "neutral": spans}


def whole(doc, gazetteer, mode="pipeline"):
    found = annotated(TEXT, [[name, "LOC"] for name, _, _ in GOLD])
    return next(e for e in ranking_data.forms_of(doc, found, gazetteer) if e.mode == mode)


def meant(example, name):
    """What the name is taught to mean."""
    index = next(k for k, one in enumerate(example.table.ranked) if one.name == name)
    start, none = example.table.starts[index], example.table.none[index]
    candidates = [*(c.place for c in example.table.ranked[index].candidates), None]
    counts = example.right[start : none + 1]
    return [place and (place.name, place.code) for place, n in zip(candidates, counts, strict=True) if n]


def test_a_name_means_its_gold_place(gazetteer):
    example = whole(document(), gazetteer)
    assert meant(example, "Paris") == [("Paris", "PPL")]
    assert ("Texas", "ADM1") in meant(example, "Texas")
    assert example.located == 3


def test_a_mention_without_gold_means_none(gazetteer):
    assert meant(whole(document(GOLD[1:]), gazetteer), "Paris") == [None]


def test_a_mention_on_a_neutral_span_teaches_nothing(gazetteer):
    assert meant(whole(document(GOLD[1:], neutral=["Paris"]), gazetteer), "Paris") == []


def test_a_gold_place_that_is_no_candidate_is_none_in_the_pipeline_only(gazetteer):
    at_sea = [("Paris", 0.0, -150.0), *GOLD[1:]]
    assert meant(whole(document(at_sea), gazetteer), "Paris") == [None]
    gold = whole(document(at_sea), gazetteer, mode="gold")
    rows = ranking_fit.rows_of([gold])
    assert not rows.right[rows.barred].any()


def test_learning_finds_what_is_right(gazetteer):
    examples = [whole(document(), gazetteer), whole(document(), gazetteer, mode="gold")] * 10
    alone, full = ranking_fit.learn(examples)
    shares = train_ranking.run(examples[0].table, alone, full)  # type: ignore[attr-defined]
    assert all(row.right for row in judge(examples[0], shares))


def test_fit_raises_the_likelihood_of_the_right_rows():
    features = np.zeros((4, len(COLUMNS)))
    features[[0, 2], 0] = 1.0
    right = np.array([True, False, True, False])
    rows = ranking_fit.Rows(features, np.array([0, 2]), right, np.zeros(4, dtype=bool), np.array([50.0, 50.0]))
    weights = ranking_fit.fit(rows, np.arange(len(COLUMNS)))
    assert weights[0] > 2
    assert not weights[1:].any()
    assert not ranking_fit.fit(rows, np.arange(1, len(COLUMNS))).any()


def test_calibration_finds_the_line():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, 20_000)
    odds = 0.5 * np.log(p / (1 - p)) + 1.0
    slope, offset = ranking_fit.calibrate(p, rng.uniform(size=p.size) < 1 / (1 + np.exp(-odds)))
    assert (slope, offset) == (pytest.approx(0.5, abs=0.05), pytest.approx(1.0, abs=0.05))


def test_figures_by_threshold():
    rows = [
        Judged(0.9, False, found=True, right=True),
        Judged(0.3, False, found=False, right=False),
        Judged(0.1, True, found=True, right=True),
        Judged(None, True, found=True, right=False),
    ]
    assert figures(rows, 5, 0.5) == (3, 2 / 3, 2 / 3, 0.4, pytest.approx(0.5))
    assert figures(rows, 5, 0.2).precision == 0.5
    assert figures([], 5, 0.2).f1 == 0.0


def test_every_group_names_features():
    named = {name for names in train_ranking.GROUPS.values() for name in names}
    assert named <= set(COLUMNS)
    left = train_ranking.without(("known",))
    assert {COLUMNS[k] for k in left} == {c for c in COLUMNS if "known" not in c}


def test_weights_written_are_the_weights_read(tmp_path):
    path = tmp_path / "ranking.tsv"
    alone, full = np.arange(len(COLUMNS)) / 4, np.arange(len(COLUMNS)) / -8
    write_weights(path, Weights(alone, full, 0.25, 0.5, -1.0, 0.75))
    read = load_weights(path)
    assert read.alone == pytest.approx(alone, abs=1e-4)
    assert read.full == pytest.approx(full, abs=1e-4)
    assert (read.threshold, read.slope, read.offset, read.demonym_score) == (0.25, 0.5, -1.0, 0.75)
