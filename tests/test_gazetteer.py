"""The gazetteer: what it holds, what it refuses, how it is built."""

import sqlite3
import time
from pathlib import Path

import pytest

from benchmarks.coverage import lookups
from transforms.gazetteer.build import assemble as build
from transforms.gazetteer.build.rows import Row, slug_of, table
from transforms.gazetteer.distance import km_between
from transforms.gazetteer.lookup import DEFAULT_PATH, FORMAT, Gazetteer, GazetteerError, Match
from transforms.gazetteer.names import normalize

CORPORA = Path(__file__).parents[2] / "shared/corpora/geo"


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    if DEFAULT_PATH.is_file():
        return Gazetteer(DEFAULT_PATH)
    return Gazetteer(build.build_gazetteer(tmp_path_factory.mktemp("gazetteer") / "gazetteer.sqlite"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("São Paulo", "SAO PAULO"),
        ("Saint-Denis", "St. Denis"),
        ("Mount Vernon", "Mt. Vernon"),
        ("The Gambia", "gambia"),
        ("U.S.", "US"),
        ("Xi'an", "Xi’an"),
        ("Łódź", "Lodz"),
        ("Trans-Baikal", "Trans Baikal"),
        ("Côte d’Ivoire", "Cote d'Ivoire"),
        ("Straße", "Strasse"),
        ("Bosnia & Herzegovina", "Bosnia and Herzegovina"),
    ],
)
def test_spellings_of_one_name(one, other):
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize("name", ["", "  ", "...", "-"])
def test_names_without_letters(name):
    assert normalize(name) == ""


@pytest.mark.parametrize(
    ("name", "place_id"),
    [
        ("Russia", "geonames:2017370"),
        ("China", "geonames:1814991"),
        ("Australia", "geonames:2077456"),
        ("America", "geonames:6252001"),
        ("U.S.", "geonames:6252001"),
        ("UK", "geonames:2635167"),
        ("Britain", "geonames:2635167"),
        ("DRC", "geonames:203312"),
        ("Burma", "geonames:1327865"),
        ("Moscow", "geonames:524901"),
        ("Kiev", "geonames:703448"),
        ("Kyiv", "geonames:703448"),
        ("Rostow", "geonames:501175"),
        ("Roma", "geonames:3169070"),
        ("Москва", "geonames:524901"),
        ("Primorsky", "geonames:2017623"),
        ("Ill.", "geonames:4896861"),
        ("Crimea", "geonames:703883"),
        ("Korean Peninsula", "dateline:korean-peninsula"),
        ("Siberia", "dateline:siberia"),
        ("Africa", "geonames:6255146"),
        ("Deutschland", "geonames:2921044"),
        ("Rapides Parish", "admin2:US.LA.079"),
    ],
)
def test_most_important_place_of_a_name(name, place_id, gazetteer):
    assert gazetteer.candidates(name)[0].place.place_id == place_id


@pytest.mark.parametrize(("code", "city"), [("THE", "Teresina"), ("MAN", "Manchester"), ("MOW", "Moscow")])
def test_airport_codes_are_no_names(code, city, gazetteer):
    assert city not in {candidate.place.name for candidate in gazetteer.candidates(code)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MOSCOW", True),
        ("Ill.", True),
        ("Rostow", True),
        ("BAAR", True),
        ("SWITZERLAND", True),
        ("Bruselas", True),
        ("Dekalb", True),
        ("DEAR ABBY", False),
        ("GIRLS BASKETBALL", False),
        ("MIGRATION", False),
        ("Reuters", False),
        ("AP", False),
        ("THE", False),
        ("", False),
    ],
)
def test_is_place(name, expected, gazetteer):
    assert gazetteer.is_place(name) is expected


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("Russian", "Russia"),
        ("Russians", "Russia"),
        ("French", "France"),
        ("South Korean", "South Korea"),
        ("Texan", "Texas"),
        ("Scottish", "Scotland"),
        ("European", "Europe"),
        ("Chechen", "Chechnya"),
        ("Nigerien", "Niger"),
        ("Nigerian", "Nigeria"),
        ("Quebecois", "Quebec"),
        ("Republican", None),
        ("Catholic", None),
    ],
)
def test_demonyms(word, place, gazetteer):
    found = gazetteer.demonym(word)
    assert (found.name if found else None) == place


def test_points_of_countries_and_states(gazetteer):
    usa = gazetteer.candidates("USA")[0].place
    assert (usa.lat, usa.lon) == pytest.approx((39.8, -98.6), abs=0.2)
    ohio = gazetteer.candidates("Ohio")[0].place
    assert ohio.code == "ADM1"
    assert (ohio.lat, ohio.lon) == pytest.approx((40.3, -82.8), abs=0.5)


def test_divisions_and_countries_have_names(gazetteer):
    assert gazetteer.division("US.LA") == "Louisiana"
    assert gazetteer.division("US.LA.079") == "Rapides Parish"
    assert gazetteer.division("XX.99") is None
    assert gazetteer.iso3("RU") == "RUS"
    assert gazetteer.iso3("XK") == "XKX"
    assert gazetteer.iso3(None) is None


def test_every_country_has_a_code_and_a_point(gazetteer):
    with sqlite3.connect(gazetteer.path) as connection:
        rows = connection.execute("SELECT iso2, iso3, lat, lon FROM countries JOIN places ON id = place").fetchall()
    assert len(rows) >= 245
    assert all(len(iso3) == 3 and abs(lat) <= 900_000 and abs(lon) <= 1_800_000 for _, iso3, lat, lon in rows)


def test_small_and_quick(gazetteer):
    assert gazetteer.path.stat().st_size < 40_000_000
    started = time.perf_counter()
    Gazetteer(gazetteer.path).candidates("Moscow")
    assert time.perf_counter() - started < 0.05


def test_says_where_it_is_from(gazetteer):
    assert "GeoNames" in gazetteer.attribution
    assert "CLDR" in gazetteer.attribution
    assert gazetteer.id.startswith(f"gazetteer-{FORMAT}-")


def test_missing_file_says_how_to_build(tmp_path):
    with pytest.raises(GazetteerError, match=r"no gazetteer at .*none\.sqlite; build it with `dateline gazetteer"):
        Gazetteer(tmp_path / "none.sqlite")


def test_file_of_another_format_is_refused(tmp_path):
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (key, value)")
        connection.execute("INSERT INTO meta VALUES ('format', '0')")
    with pytest.raises(GazetteerError, match=rf"old\.sqlite has format 0, this version reads {FORMAT}; build"):
        Gazetteer(path)


def test_file_that_is_no_gazetteer_is_refused(tmp_path):
    path = tmp_path / "noise.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(GazetteerError, match=r"noise\.sqlite has format none"):
        Gazetteer(path)


def town(number: int, population: int = 1000, **values) -> Row:
    return Row(geonameid=number, name="Testville", code="PPL", lat=1.5, lon=-2.25, radius_km=2.0, country="US",
               admin1="US.OH", population=population, **values)  # fmt: skip


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Build a gazetteer of a few rows."""

    def make(*rows: Row, name: str = "small.sqlite"):
        monkeypatch.setattr(build, "all_rows", lambda: iter(rows))
        monkeypatch.setattr(build, "demonyms", lambda targets: {"testvillian": rows[0].geonameid})
        return build.build_gazetteer(tmp_path / name, progress=lambda line: None)

    return make


def test_build_keeps_all_of_a_row(small):
    gazetteer = Gazetteer(small(town(7, alternate=frozenset({"Prüfstadt"}), abbreviation=frozenset({"Tv."}))))
    ((candidate,), (other,), (short,)) = map(gazetteer.candidates, ("testville", "Prufstadt", "TV"))
    assert (candidate.match, other.match, short.match) == (Match.MAIN, Match.ALTERNATE, Match.ABBREVIATION)
    assert candidate.place == other.place == short.place
    assert (candidate.place.lat, candidate.place.lon, candidate.place.population) == (1.5, -2.25, 1000)
    assert (candidate.place.country, candidate.place.admin1, candidate.place.admin2) == ("US", "US.OH", None)
    assert gazetteer.demonym("Testvillian") == candidate.place


def test_build_orders_by_importance(small):
    gazetteer = Gazetteer(small(town(7, 10), town(8, 5000), town(9, 300)))
    assert [candidate.place.number for candidate in gazetteer.candidates("Testville")] == [8, 9, 7]


def test_build_is_deterministic_and_leaves_nothing_aside(small, tmp_path):
    rows = [town(7, short=frozenset({"A town", "B town", "C town"})), town(8, 5000)]
    first, second = small(*rows, name="one.sqlite"), small(*rows, name="two.sqlite")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.sqlite", "two.sqlite"]


def test_other_content_has_another_id(small):
    one, other = small(town(7), name="one.sqlite"), small(town(7, 2000), name="two.sqlite")
    assert Gazetteer(one).id != Gazetteer(other).id


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("regions.tsv", 8),
        ("divisions.tsv", 5),
        ("demonyms.tsv", 2),
        ("countries.tsv", 4),
        ("abbreviations.tsv", 2),
        ("census.tsv", 4),
        ("airports.tsv", 7),
    ],
)
def test_tables_are_whole(name, width):
    rows = list(table(name))
    assert rows
    assert all(len(row) == width and None not in row.values() for row in rows)


@pytest.mark.parametrize("name", ["regions.tsv", "divisions.tsv", "countries.tsv", "admin1.tsv", "admin2.tsv"])
def test_points_of_tables_are_on_earth(name):
    points = [(float(row["lat"]), float(row["lon"])) for row in table(name)]
    assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in points)


def test_geonames_ids_of_tables_are_given_once():
    given = [row["geonameid"] for name in ("regions.tsv", "divisions.tsv") for row in table(name)]
    ids = [number for number in given if number]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("name", "lat", "lon"),
    [
        ("Badrinath", 30.74, 79.49),
        ("Kananaskis", 50.9, -115.1),
        ("Cité Soleil", 18.58, -72.33),
        ("Hodeidah", 14.8, 42.95),
        ("Heathrow", 51.47, -0.45),
        ("Heathrow Airport", 51.47, -0.45),
        ("Leyte Island", 10.8, 124.9),
        ("Jowhar", 2.78, 45.5),
        ("Harwinton", 41.75, -73.06),
        ("Readington Twp.", 40.58, -74.78),
        ("Rapides Parish", 31.2, -92.53),
        ("Loudon Co.", 35.73, -84.31),
        ("N. Korea", 40, 127),
        ("Arish", 31.13, 33.8),
        ("Mississippi River", 29.15, -89.25),
        ("Uluru", -25.34, 131.03),
        ("Sambisa Forest", 11.25, 13.4),
        ("Copenhagen Airport", 55.62, 12.65),
        ("Green Bay", 44.52, -88.02),
    ],
)
def test_places_that_news_names(name, lat, lon, gazetteer):
    distances = [km_between(lat, lon, c.place.lat, c.place.lon) for c in gazetteer.candidates(name)]
    assert min(distances, default=9999) < 60


@pytest.mark.parametrize(
    ("short", "place"),
    [("TX", "Texas"), ("W.Va.", "West Virginia"), ("ON", "Ontario"), ("D.C.", "District of Columbia"), ("PNG", None)],
)
def test_abbreviations(short, place, gazetteer):
    names = {candidate.place.name for candidate in gazetteer.candidates(short)}
    assert (place or "Papua New Guinea") in names


def test_every_demonym_has_its_place(gazetteer):
    missing = [line["place"] for line in table("demonyms.tsv") for word in line["demonyms"].split(";")
               if gazetteer.demonym(word) is None]  # fmt: skip
    assert missing == []


def test_ids_of_regions_are_given_once():
    slugs = [slug_of(row["name"]) for row in table("regions.tsv")]
    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize("name", ["Lookout Point", "the Loop", "West", "Troy", "Blue Line"])
def test_names_that_mean_too_much_are_not_well_known(name, gazetteer):
    assert gazetteer.known(name) is None


@pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}")
@pytest.mark.parametrize(("corpus", "floor"), [("lgl_train", 0.955), ("geowebnews_train", 0.845)])
def test_most_annotated_places_have_a_candidate(corpus, floor, gazetteer):
    found = [lookup.found for lookup in lookups(CORPORA / f"{corpus}.jsonl", gazetteer)]
    assert sum(found) / len(found) >= floor
