"""The gazetteer made from a dump of GeoNames: what is read, merged, refused."""

import zipfile

import pytest

from pipeline.cli import main
from transforms.gazetteer.build import assemble as build
from transforms.gazetteer.build.geonames import GeoNamesError, check_classes, dump_rows
from transforms.gazetteer.build.rows import Row
from transforms.gazetteer.lookup import Gazetteer, Match

LINES = [
    (2017370, "Russia", "Russia", "Rossiya,Россия", 60, 100, "A", "PCLI", "RU", "00", "", 144478050),
    (524894, "Moskva", "Moskva", "Moscow", 55.7617, 37.6067, "A", "ADM1", "RU", "48", "", 10381222),
    (9000002, "Rajon Testny", "Rajon Testny", "", 55.5, 37.5, "A", "ADM2", "RU", "48", "0815", 1000),
    (524901, "Moscow", "Moscow", "MOW,Moskau,mwskw,Москва", 55.75222, 37.61556, "P", "PPLC", "RU", "48", "", 10381222),
    (9000004, "Prüfstadt", "Pruefstadt", "Прюфштадт,Prufgrad", 55.6, 37.7, "P", "PPL", "RU", "48", "0815", 0),
    (9000005, "Danube", "Danube", "Donau", 45.2, 29.7, "H", "STM", "RO", "", "", 0),
    (9000006, "Danube", "Danube", "", 10.0, 10.0, "H", "STM", "NG", "", "", 0),
    (9000007, "Testschool", "Testschool", "", 55.7, 37.7, "S", "SCH", "RU", "48", "", 0),
    (9000008, "Newkind", "Newkind", "", 55.7, 37.7, "T", "ZZZQ", "RU", "48", "", 0),
    (9000009, "Nowhere", "Nowhere", "", 1.0, 1.0, "", "", "", "", "", 0),
    (9000010, "Trench Test", "Trench Test", "", 1.0, 1.0, "U", "TRNU", "", "", "", 0),
]
OWN = [
    Row(geonameid=2017370, name="Russia", code="PCLI", country="RU", lat=60, lon=100, radius_km=2333,
        short=frozenset({"Russian Federation"})),
    Row(slug="admin1:RU.48", name="Moscow", code="ADM1", country="RU", admin1="RU.48", lat=55, lon=37, radius_km=29),
    Row(slug="admin2:RU.48.0001", name="Gone District", code="ADM2", country="RU", admin1="RU.48",
        admin2="RU.48.0001", lat=55, lon=37, radius_km=9),
    Row(slug="admin1:UA.11", name="Crimea", code="ADM1", country="UA", admin1="UA.11", lat=45, lon=34, radius_km=99),
    Row(slug="dateline:danube", name="Danube", code="STM", lat=45.3, lon=29.6, radius_km=900,
        short=frozenset({"Danube River"})),
    Row(slug="dateline:testsea", name="Sea of Tests", code="SEA", lat=5, lon=5, radius_km=300),
]  # fmt: skip
PACKAGED = [
    Row(geonameid=524901, name="Moscow", code="PPLC", country="RU", lat=55.75, lon=37.6, radius_km=30),
    Row(geonameid=703448, name="Kyiv", code="PPLC", country="UA", lat=50.45, lon=30.52, radius_km=17),
    Row(slug="iata:SVO", name="Sheremetyevo Airport", code="AIRP", country="RU", lat=55.97, lon=37.4, radius_km=3),
]


def line(geonameid, name, ascii_name, alternates, lat, lon, letter, code, country, admin1, admin2, population) -> str:
    fields = (geonameid, name, ascii_name, alternates, lat, lon, letter, code, country, "", admin1, admin2, "", "",
              population, "", 10, "Europe/Moscow", "2025-01-01")  # fmt: skip
    return "\t".join(map(str, fields)) + "\n"


@pytest.fixture
def dump(tmp_path):
    """Write a dump as GeoNames serves it."""

    def make(text: str | bytes = "".join(line(*values) for values in LINES), name: str = "allCountries"):
        path = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("readme.txt", "short")
            archive.writestr(f"{name}.txt", text)
        return path

    return make


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Build a gazetteer from a dump and the rows above."""
    monkeypatch.setattr(build, "curated_rows", lambda: iter(OWN))
    monkeypatch.setattr(build, "packaged_rows", lambda: iter(PACKAGED))

    def make(path, **options) -> Gazetteer:
        return Gazetteer(build.build_gazetteer(tmp_path / "g.sqlite", lambda text: None, geonames=path, **options))

    return make


def ids(gazetteer: Gazetteer, name: str) -> list[str]:
    return [candidate.place.place_id for candidate in gazetteer.candidates(name)]


def test_a_place_keeps_all_of_its_line(dump, built):
    gazetteer = built(dump())
    ((candidate,), (other,)) = map(gazetteer.candidates, ("Prüfstadt", "Prufgrad"))
    place = candidate.place
    assert (place.number, place.name, place.code, place.country) == (9000004, "Prüfstadt", "PPL", "RU")
    assert (place.admin1, place.admin2, place.lat, place.lon) == ("RU.48", "RU.48.0815", 55.6, 37.7)
    assert (candidate.match, other.match) == (Match.MAIN, Match.ALTERNATE)
    assert gazetteer.candidates("Pruefstadt")[0].match is Match.SHORT


def test_names_that_no_paper_prints_are_left_out(dump, built):
    gazetteer = built(dump())
    assert ids(gazetteer, "Москва") == ids(gazetteer, "Moskau") == ["geonames:524901"]
    assert ids(gazetteer, "MOW") == ids(gazetteer, "mwskw") == ids(gazetteer, "Прюфштадт") == []


def test_our_rows_and_the_dumps_are_one_place(dump, built):
    gazetteer = built(dump())
    assert ids(gazetteer, "Russia") == ids(gazetteer, "Russian Federation") == ["geonames:2017370"]
    assert ids(gazetteer, "Moscow") == ["geonames:524901", "geonames:524894"]
    assert ids(gazetteer, "Danube River") == ["geonames:9000005"]
    assert ids(gazetteer, "Danube") == ["geonames:9000005", "geonames:9000006"]
    assert gazetteer.candidates("Danube")[0].place.radius_km == 900
    assert ids(gazetteer, "Sea of Tests") == ["dateline:testsea"]


def test_what_the_dump_covers_is_the_dumps(dump, built):
    gazetteer = built(dump())
    assert ids(gazetteer, "Gone District") == []
    assert ids(gazetteer, "Crimea") == ["admin1:UA.11"]
    assert ids(gazetteer, "Kyiv") == ["geonames:703448"]
    assert ids(gazetteer, "Sheremetyevo Airport") == []


def test_divisions_and_countries_have_names(dump, built):
    gazetteer = built(dump())
    assert gazetteer.division("RU.48") == "Moscow"
    assert gazetteer.division("RU.48.0815") == "Rajon Testny"
    assert gazetteer.country("RU").number == 2017370
    assert gazetteer.iso3("RU") == "RUS"
    assert gazetteer.demonym("Russians") == gazetteer.country("RU")


def test_feature_codes_of_later_have_the_class_of_their_line(dump, built):
    place = built(dump()).candidates("Newkind")[0].place
    assert (place.code, place.feature_class) == ("ZZZQ", "T")


def test_classes_are_chosen_and_divisions_always_kept(dump, built):
    gazetteer = built(dump(), classes=frozenset("S"))
    assert ids(gazetteer, "Testschool") == ["geonames:9000007"]
    assert ids(gazetteer, "Moscow") == ["geonames:524894"]
    assert ids(gazetteer, "Prüfstadt") == ids(gazetteer, "Nowhere") == []


def test_places_under_the_sea_only_where_asked_for(dump, built):
    assert ids(built(dump()), "Trench Test") == []
    assert ids(built(dump(), classes=frozenset("U")), "Trench Test") == ["geonames:9000010"]


def test_alternate_names_say_what_they_are(dump, built):
    text = (
        "1\t524901\ten\tMoscow City\t1\t\t\t\t\t\n2\t524901\tde\tMoskau\t\t\t\t\t\t\n3\t524901\tabbr\tMsk\t\t\t\t\t\t\n"
        "4\t524901\tlink\thttps://en.wikipedia.org/wiki/Moscow\t\t\t\t\t\t\n5\t524901\tiata\tMOW\t\t\t\t\t\t\n"
        "6\t1\ten\tElsewhere\t\t\t\t\t\t\n"
    )
    gazetteer = built(dump(), alternate_names=dump(text, "alternateNamesV2"))
    found = {name: gazetteer.candidates(name)[0].match for name in ("Moscow City", "Moskau", "MSK")}
    assert found == {"Moscow City": Match.SHORT, "Moskau": Match.ALTERNATE, "MSK": Match.ABBREVIATION}
    assert all(ids(gazetteer, name) == [] for name in ("MOW", "Elsewhere", "Prufgrad", "httpsenwikipediaorgwikimoscow"))


def test_text_beside_zip_and_same_file_twice(dump, built, tmp_path):
    path = tmp_path / "RU.txt"
    path.write_text("".join(line(*values) for values in LINES), encoding="utf-8")
    first = built(path).path.read_bytes()
    assert built(path).path.read_bytes() == first
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["RU.txt", "g.sqlite"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"allCountries\.zip is empty"),
        ("1\tParis\n", r"allCountries\.zip, line 1: 2 columns, expected 19, with tabs between: geonameid, name"),
        (line(*LINES[3]) + line("x", *LINES[3][1:]), r"line 2: geonameid: got 'x'; expected a whole number"),
        (line(*LINES[3][:4], 95, *LINES[3][5:]), r"line 1: latitude: got '95'; expected degrees from -90 to 90"),
        (line(*LINES[3][:5], "east", *LINES[3][6:]), r"longitude: got 'east'; expected degrees from -180 to 180"),
        (line(*LINES[3][:-1], -5), r"population: got '-5'; expected a whole number"),
        (line(*LINES[3]).encode() + b"\xff\xfe\n", r"after line \d: not UTF-8"),
    ],
)
def test_a_bad_line_is_named(text, message, dump, built, tmp_path):
    with pytest.raises(GeoNamesError, match=message):
        built(dump(text))
    assert [path.name for path in tmp_path.iterdir()] == ["allCountries.zip"]


def test_a_file_that_is_no_zip_and_one_that_is_not_there(tmp_path):
    path = tmp_path / "allCountries.zip"
    with pytest.raises(GeoNamesError, match=r"there is no file .*allCountries\.zip"):
        next(dump_rows(path, frozenset("P"), alternate_column=True))
    path.write_bytes(b"not a zip file")
    with pytest.raises(GeoNamesError, match=r"allCountries\.zip is not a zip file"):
        next(dump_rows(path, frozenset("P"), alternate_column=True))


def test_a_zip_without_text(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"")
    with pytest.raises(GeoNamesError, match=r"photos\.zip holds no \.txt of places, only photo\.jpg"):
        next(dump_rows(path, frozenset("P"), alternate_column=True))


@pytest.mark.parametrize("classes", ["A,Q", "", "places"])
def test_a_wrong_class_is_refused(classes):
    with pytest.raises(GeoNamesError, match="not a feature class of GeoNames; allowed, with commas: A administrative"):
        check_classes(classes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--classes", "A"], "need --geonames"),
        (["--geonames", "none.zip"], "--geonames needs --output FILE"),
        (["--geonames", "none.zip", "--output", "o.sqlite"], "there is no file none.zip"),
        (["--geonames", "none.zip", "--output", "o.sqlite", "--classes", "A,X"], "'X' is not a feature class"),
    ],
)
def test_the_command_refuses_before_it_starts(arguments, message, capsys):
    assert main(["gazetteer", "build", *arguments]) == 2
    assert message in capsys.readouterr().err
