"""What an article is about, from rows made by hand over the shipped gazetteer."""

import dataclasses

import pytest

from tests.helpers.records import article, location
from transforms.gazetteer.build.assemble import build_gazetteer
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer, Place
from transforms.geocode.focus import Focus, focus_columns, focus_of, inside_all, narrowing, path_of
from transforms.records import Article, Location

FAR = "x" * 500 + " "
"""Puts what follows behind the lead."""


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    if DEFAULT_PATH.is_file():
        return Gazetteer(DEFAULT_PATH)
    return Gazetteer(build_gazetteer(tmp_path_factory.mktemp("gazetteer") / "gazetteer.sqlite"))


def place(name: str, code: str, country: str | None, gazetteer: Gazetteer) -> Place:
    found = [c.place for c in gazetteer.candidates(name) if c.place.code.startswith(code)]
    return next(one for one in found if one.country == country)


PLACES = {
    "Iraq": ("PCLI", "IQ"),
    "Kirkuk": ("PPL", "IQ"),
    "Mosul": ("PPL", "IQ"),
    "Turkey": ("PCLI", "TR"),
    "Ankara": ("PPL", "TR"),
    "Houston": ("PPL", "US"),
    "Dallas": ("PPL", "US"),
    "Austin": ("PPL", "US"),
    "Moscow": ("PPL", "RU"),
    "Khabarovsk": ("PPL", "RU"),
    "Syria": ("PCLI", "SY"),
    "Korean Peninsula": ("PEN", None),
}


def rows(text: str, gazetteer: Gazetteer, kinds: dict[str, str]) -> tuple[Location, ...]:
    """Return a row for each occurrence of a name of `PLACES`."""
    found = []
    for name, (code, country) in PLACES.items():
        start = text.find(name)
        while start >= 0:
            kind = kinds.get(name, "name") if start == text.find(name) else "name"
            where = place(name, code, country, gazetteer)
            found.append(location(where, gazetteer, start=start, surface=name, kind=kind))
            start = text.find(name, start + 1)
    return tuple(sorted(found, key=lambda row: row.start))


def focus(text: str, gazetteer: Gazetteer, *, headline: str | None = None, **kinds: str) -> Focus | None:
    about: Article = dataclasses.replace(article(text), headline=headline)
    return focus_of(about, rows(text, gazetteer, kinds), gazetteer)


@pytest.mark.parametrize(
    ("text", "name", "country"),
    [
        ("Kirkuk in Iraq. Later Kirkuk again, and Turkey.", "Kirkuk", "IQ"),
        ("Iraq, Iraq, Iraq and Iraq again; once Kirkuk.", "Iraq", "IQ"),
        ("Kirkuk and Mosul in Iraq; Mosul, Kirkuk.", "Iraq", "IQ"),
        ("Houston, Dallas and Austin.", "Texas", "US"),
        ("Houston, Houston, Houston and Dallas.", "Houston", "US"),
        ("Iraq, Turkey and Syria; Iraq.", "Iraq", "IQ"),
        ("Korean Peninsula, Korean Peninsula; Moscow.", "Korean Peninsula", "RU"),
    ],
)
def test_focus_is_the_smallest_place_with_half_of_the_evidence(text, name, country, gazetteer):
    found = focus(text, gazetteer)
    assert found is not None
    assert (found.place.name, found.country.country) == (name, country)
    assert 0.0 < found.score <= 1.0


def test_score_is_the_share_of_the_evidence(gazetteer):
    half = focus(FAR + "Kirkuk, Ankara, Ankara, Kirkuk.", gazetteer)
    assert (half.place.name, half.score) == ("Kirkuk", 0.5)
    whole = focus(FAR + "Kirkuk, Kirkuk in Iraq.", gazetteer)
    assert (whole.place.name, whole.score) == ("Kirkuk", 1.0)
    third = focus(FAR + "Iraq, Turkey, Syria.", gazetteer)
    assert third.score == 0.3333


def test_an_unsupported_dateline_says_only_the_country(gazetteer):
    found = focus("Moscow - Floods reached Khabarovsk. " + FAR + "Khabarovsk.", gazetteer, Moscow="dateline")
    assert found.place.name == "Khabarovsk"
    alone = focus("Khabarovsk - Floods came.", gazetteer, Khabarovsk="dateline")
    assert alone.place.name == "Khabarovsk"


def test_the_headline_and_the_lead_weigh_more(gazetteer):
    text = "Kirkuk. " + FAR + "Ankara."
    assert focus(text, gazetteer).place.name == "Kirkuk"
    assert focus(text, gazetteer, headline="Unrest in Ankara").place.name == "Ankara"


def test_demonyms_count_for_their_country(gazetteer):
    found = focus(FAR + "Kirkuk, Turkey, Turkey", gazetteer, Turkey="demonym")
    assert found.country.country == "TR"
    assert found.score == 0.6


def test_a_capital_speaks_for_its_country_too(gazetteer):
    assert focus(FAR + "Turkey, Turkey, Turkey; Ankara, Ankara.", gazetteer).place.name == "Turkey"
    assert focus(FAR + "Ankara, Ankara.", gazetteer).place.name == "Ankara"
    assert focus(FAR + "Turkey, Turkey; Ankara, Ankara, Ankara.", gazetteer).place.name == "Ankara"


def test_no_place_no_focus(gazetteer):
    assert focus("Nothing here.", gazetteer) is None
    assert focus_columns(article("Nothing here."), (), gazetteer) == {}


def test_columns(gazetteer):
    text = "Houston, Dallas and Austin."
    columns = focus_columns(article(text), rows(text, gazetteer, {}), gazetteer)
    assert columns["focus_name"] == columns["focus_admin1"] == "Texas"
    assert columns["focus_country"] == "USA"
    assert columns["focus_feature_code"] == "ADM1"
    assert 25 < columns["focus_latitude"] < 37
    assert dataclasses.replace(article(text), **columns).focus_score == columns["focus_score"] == 1.0


def test_paths(gazetteer):
    assert path_of(place("Texas", "ADM1", "US", gazetteer)) == ("US", "US.TX")
    assert path_of(place("Iraq", "PCLI", "IQ", gazetteer)) == ("IQ",)
    assert path_of(place("Houston", "PPL", "US", gazetteer))[:2] == ("US", "US.TX")


def test_towns_of_a_county_are_about_the_county():
    direct = {("US", "US.LA", "US.LA.079", town): 1.0 for town in ("alexandria", "pineville", "ball")}
    found = [path for path, _ in narrowing(direct, inside_all(direct))]  # type: ignore[arg-type]
    assert found == [("US",), ("US", "US.LA"), ("US", "US.LA", "US.LA.079")]


def test_doubt_counts_for_no_place(gazetteer):
    text = FAR + "Kirkuk in Iraq."
    located = tuple(dataclasses.replace(row, score=0.5) for row in rows(text, gazetteer, {}))
    assert focus_of(article(text), located, gazetteer).score == 0.5
