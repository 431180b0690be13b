"""The user's own article, through the whole chain, against what a careful reader takes from it."""

import json
import math
from pathlib import Path

import pytest

from benchmarks.kills import rows
from tests.test_pipeline import dateline

SEED = Path(__file__).parents[2] / "shared" / "seed"
pytestmark = pytest.mark.skipif(not SEED.exists(), reason="the user's sample article is not part of this repository")
EXPECTED = json.loads((SEED / "expected.json").read_text()) if SEED.exists() else {"places": []}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    output = tmp_path_factory.mktemp("seed")
    dateline("run", "configs/sample.yaml", "--input", str(SEED / "article.txt"), "--output", str(output))
    return output


@pytest.fixture(scope="module")
def article(output):
    (found,) = rows(output, "articles")
    return found


@pytest.fixture(scope="module")
def locations(output):
    return rows(output, "locations")


def kilometres(location, place) -> float:
    """Return great-circle distance by the haversine formula."""
    lat1, lon1, lat2, lon2 = map(
        math.radians, (location["latitude"], location["longitude"], place["lat"], place["lon"])
    )
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(a))


def test_article_fields(article):
    expected = EXPECTED["article"]
    assert article["date_published"].date().isoformat() == expected["date_published"]
    assert article["date_published_precision"] == "day"
    assert article["headline"] == expected["headline"]
    assert article["byline"] == expected["byline"]
    assert article["language"] == expected["language"]
    assert article["dateline"] == expected["dateline"]["surface"]


def test_text_is_the_body(article):
    expected = EXPECTED["article"]
    assert article["text"][article["body_start"] :].startswith(expected["body_starts_with"])
    assert article["text"].endswith(expected["body_ends_with"])
    assert [phrase for phrase in expected["not_in_body"] if phrase in article["text"]] == []
    assert article["removed"]


def test_offsets_lead_back_to_the_file(article):
    whole = (SEED / "article.txt").read_text().replace("\xa0", " ")  # character for character
    start = article["text_start"]
    assert whole[start : start + len(article["text"])] == article["text"]


def test_persons(article):
    assert set(EXPECTED["persons"]) <= set(article["persons"])
    assert [name for name in EXPECTED["not_persons"] if any(name in person for person in article["persons"])] == []


def test_persons_are_merged(output):
    names = {row["surface"]: row["name"] for row in rows(output, "entities") if row["label"] == "PERSON"}
    assert names["Putin"] == "Vladimir Putin"
    assert names["Sinitsyn"] == "Stanislva Sinitsyn"
    assert names["Asmolov"] == "Konstantin Asmolov"


def test_organizations(article):
    assert set(EXPECTED["organizations"]) <= set(article["organizations"])


@pytest.mark.parametrize("place", EXPECTED["places"], ids=lambda place: place["surface"])
def test_place(locations, place):
    found = [
        row
        for row in locations
        if row["surface"] == place["surface"] or row["surface"].removeprefix("the ") == place["surface"]
    ]
    assert found, sorted({row["surface"] for row in locations})
    for row in found:
        assert kilometres(row, place) <= place["km"], row
        assert row["country"] == place["country"]
        assert place.get("geonameid") in (None, row["geonameid"])


def test_the_dateline_is_a_place(locations):
    (found,) = [row for row in locations if row["kind"] == "dateline"]
    expected = EXPECTED["article"]["dateline"]
    assert found["geonameid"] == expected["geonameid"]
    assert found["country"] == expected["country"]


def test_not_places(locations):
    surfaces = {row["surface"] for row in locations}
    assert "UN" not in surfaces
    assert not any("Vinson" in surface for surface in surfaces)
    in_wrong_country = {"Russia": "USA", "China": "MEX", "Australia": "CUB"}
    assert not any((row["surface"], row["country"]) in in_wrong_country.items() for row in locations)


def test_khabarovsk_is_no_person(output):
    assert not [row for row in rows(output, "entities") if row["label"] == "PERSON" and "Khabarovsk" in row["surface"]]
