"""Places of an article: golden cases, mentions, ranking, the transform."""

import datetime
import json
import math
import re
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from tests.helpers.floors import check_floor
from transforms import Geocode
from transforms.failures import FAILURES
from transforms.gazetteer.build.assemble import build_gazetteer
from transforms.gazetteer.candidates import options_for, plain_name
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer
from transforms.geocode.geocode import geocode
from transforms.geocode.mentions import trimmed
from transforms.records import AnnotatedArticle, Article, Entity

CASES = sorted((Path(__file__).parent / "data" / "geocode").glob("*.json"))
CORPORA = Path(__file__).parents[2] / "shared" / "corpora" / "geo"
RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    if DEFAULT_PATH.is_file():
        return Gazetteer(DEFAULT_PATH)
    return Gazetteer(build_gazetteer(tmp_path_factory.mktemp("gazetteer") / "gazetteer.sqlite"))


def article(text: str, dateline: str | None = None) -> Article:
    start = text.index(dateline) if dateline else None
    return Article(
        article_id="a1",
        source_uri="case.txt",
        source_kind="text",
        date_fetched=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        dateline=dateline,
        dateline_start=start,
        dateline_end=start + len(dateline) if dateline else None,  # type: ignore[operator]
        text=text,
        text_basis="file",
        text_sha256="0",
        word_count=len(text.split()),
    )


def entities(text: str, named: list[list[str]]) -> tuple[Entity, ...]:
    """Return every occurrence of each surface."""
    found = [
        Entity(
            entity_id=f"{match.start()}",
            article_id="a1",
            start=match.start(),
            end=match.end(),
            surface=surface,
            label=label,
            name=surface,
            canonical_id=f"{match.start()}",
            model="golden",
        )
        for surface, label in named
        for match in re.finditer(re.escape(surface), text)
    ]
    return tuple(sorted(found, key=lambda entity: entity.start))


def annotated(text: str, named: list[list[str]], dateline: str | None = None) -> AnnotatedArticle:
    return AnnotatedArticle(article=article(text, dateline), facts={"entities": entities(text, named)})


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path, gazetteer):
    case = json.loads(path.read_text(encoding="utf-8"))
    found = geocode(annotated(case["text"], case["entities"], case.get("dateline")), gazetteer)
    rows = [[row.surface, row.kind, row.place_id, row.country] for row in found.locations]
    assert rows == case["places"]
    assert all(case["text"][row.start : row.end] == row.surface for row in found.locations)
    assert all(0 < row.score <= 1 and row.uncertainty_km > 0 for row in found.locations)


def test_article_carries_places_and_gazetteer(gazetteer):
    found = geocode(annotated("From Oslo to Bergen, and Oslo again.", [["Oslo", "LOC"], ["Bergen", "LOC"]]), gazetteer)
    assert found.article.places == ("Oslo", "Bergen")
    assert found.article.gazetteer == gazetteer.id
    assert {row.gazetteer for row in found.locations} == {gazetteer.id}


def test_row_of_a_city(gazetteer):
    (row,) = geocode(annotated("He lives in Vladivostok.", [["Vladivostok", "LOC"]]), gazetteer).locations
    assert (row.geonameid, row.feature_class, row.feature_code) == (2013348, "P", "PPL")
    assert (row.admin1, row.country, row.basis) == ("Primorye", "RUS", "model")
    assert (round(row.latitude, 1), round(row.longitude, 1)) == (43.1, 131.9)
    assert row.population > 500_000  # type: ignore[operator]


def test_rivals_are_kept(gazetteer):
    (row,) = geocode(annotated("He lives in Cambridge.", [["Cambridge", "LOC"]]), gazetteer).locations
    assert row.candidates > 5
    assert row.runner_up not in (None, row.place_id)
    assert 0 < row.runner_up_score <= row.score  # type: ignore[operator]


def test_min_score_leaves_out_doubtful_places(gazetteer):
    doubtful = annotated("He lives in Springfield.", [["Springfield", "LOC"]])
    assert geocode(doubtful, gazetteer, min_score=0.99).locations == ()


def test_places_in_organizations_are_a_setting(gazetteer):
    named = [["Ohio Department of Health", "ORG"], ["UN Security Council", "ORG"], ["USS Carl Vinson", "ORG"]]
    case = annotated("The Ohio Department of Health asked the UN Security Council and the USS Carl Vinson.", named)
    assert geocode(case, gazetteer, organizations=False).locations == ()
    rows = geocode(case, gazetteer).locations
    assert [(row.surface, row.basis, row.feature_code) for row in rows] == [("Ohio", "organization", "ADM1")]


def test_same_input_same_output(gazetteer):
    case = annotated("From Paris to Moscow, Idaho.", [["Paris", "LOC"], ["Moscow", "LOC"], ["Idaho", "LOC"]])
    assert geocode(case, gazetteer) == geocode(case, gazetteer)


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("the Korean Peninsula", (0, 20), "Korean Peninsula"),
        ("North Korea's", (0, 13), "North Korea"),
        ("the Philippines’ ", (0, 17), "Philippines"),
        ("“Rome”,", (0, 7), "Rome"),
        ("\nOslo\n", (0, 6), "Oslo"),
        ("...", (0, 3), "..."),
        ("", (0, 0), ""),
    ],
)
def test_trimmed(text, span, expected):
    start, end = trimmed(text, *span)
    assert text[start:end] == expected


@pytest.mark.parametrize(
    ("surface", "name"),
    [
        ("the Korean\nPeninsula", "Korean Peninsula"),
        ("The Hague", "Hague"),
        ("U.S.", "U.S."),
        ("China’s", "China"),
    ],
)
def test_plain_name(surface, name):
    assert plain_name(surface) == name


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Primorsky region", "Primorye"),
        ("Liaocheng City", "Liaocheng"),
        ("Trans-Baikal", "Zabaykalskiy (Transbaikal) Kray"),
        ("TransBaikal", "Zabaykalskiy (Transbaikal) Kray"),
        ("northern Iraq", "Iraq"),
        ("city of Homs", "Homs"),
        ("Anbar province", "Anbar"),
        ("Lake Baikal", "Lake Baikal"),
        ("Saint Petersburg", "Saint Petersburg"),
        ("Sao Paulo", "São Paulo"),
        ("Us", None),
        ("in", None),
    ],
)
def test_options(name, first, gazetteer):
    options = options_for(name, gazetteer)
    assert (options.candidates[0].place.name if options else None) == first


def test_transform(gazetteer):
    good = annotated("Rain fell in Oslo.", [["Oslo", "LOC"]])
    with beam.Pipeline(runner=RUNNER) as pipeline:
        results = pipeline | beam.Create([good]) | Geocode(gazetteer=str(gazetteer.path))
        surfaces = results.main | beam.FlatMap(lambda found: [row.surface for row in found.locations])
        assert_that(surfaces, equal_to(["Oslo"]), label="placed")
        assert_that(results[FAILURES], equal_to([]), label="none failed")


def test_one_bad_article_fails_alone(gazetteer):
    good = annotated("Rain fell in Oslo.", [["Oslo", "LOC"]])
    bad = good.with_rows("entities", (None,))
    with beam.Pipeline(runner=RUNNER) as pipeline:
        results = pipeline | beam.Create([bad, good]) | Geocode(gazetteer=str(gazetteer.path))
        stages = results[FAILURES] | beam.Map(lambda failure: (failure.stage, failure.reason, failure.source))
        kept = results.main | beam.Map(lambda found: len(found.locations))
        assert_that(stages, equal_to([("geocode", "unexpected", "case.txt")]), label="failed")
        assert_that(kept, equal_to([1]), label="kept")


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_bad_min_score_is_refused(score):
    with pytest.raises(ValueError, match=rf"min_score: got {score}; expected a score, 0 to 1"):
        Geocode(min_score=score)


def test_missing_gazetteer_is_refused(tmp_path):
    missing = tmp_path / "none.sqlite"
    with pytest.raises(ValueError, match=re.escape(str(missing))):
        Geocode(gazetteer=str(missing))


@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not part of this repository")
@pytest.mark.parametrize("corpus", ["lgl_train", "geowebnews_train"])
def test_gold_mentions_are_placed(corpus, gazetteer):
    """Share of gold toponyms placed within 161 km when the mentions are given."""
    right = total = 0
    for line in (CORPORA / f"{corpus}.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n"):
        document = json.loads(line)
        named = [
            Entity(
                entity_id=str(gold["start"]),
                article_id="a1",
                start=gold["start"],
                end=gold["end"],
                surface=gold["surface"],
                label="LOC",
                name=gold["surface"],
                canonical_id=str(gold["start"]),
                model="gold",
            )
            for gold in document["toponyms"]
        ]
        case = AnnotatedArticle(article=article(document["text"]), facts={"entities": tuple(named)})
        placed = {row.start: row for row in geocode(case, gazetteer).locations}
        for gold in document["toponyms"]:
            if gold["lat"] is not None:
                total += 1
                row = placed.get(gold["start"])
                right += row is not None and _kilometres(row, gold) <= 161
    check_floor(f"places.gold_mentions.{corpus}", right / total)


def _kilometres(row, gold) -> float:
    lat1, lon1, lat2, lon2 = map(math.radians, (row.latitude, row.longitude, gold["lat"], gold["lon"]))
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 12742 * math.asin(math.sqrt(a))
