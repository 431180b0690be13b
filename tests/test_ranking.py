"""Which place a name means: the ranker on names of the world's news and of local news, and its parts."""

import dataclasses

import numpy as np
import pytest

from tests.test_geocode import annotated
from transforms.gazetteer.build.assemble import build_gazetteer
from transforms.gazetteer.candidates import options_for
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer
from transforms.geocode.geocode import geocode, publisher_names
from transforms.geocode.publisher import country_of, places_of
from transforms.geocode.ranking.context import COLUMNS, MEANINGS, CandidateMatrix
from transforms.geocode.ranking.features import Name
from transforms.geocode.ranking.weights import DEFAULT_WEIGHTS, SETTINGS, load_weights, reliability


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    if DEFAULT_PATH.is_file():
        return Gazetteer(DEFAULT_PATH)
    return Gazetteer(build_gazetteer(tmp_path_factory.mktemp("gazetteer") / "gazetteer.sqlite"))


def placed(text, named, gazetteer, *, dateline=None, url=None):
    """Return surface -> (country, first division, kind of place)."""
    case = annotated(text, [[surface, "LOC"] for surface in named], dateline)
    case = dataclasses.replace(case, article=dataclasses.replace(case.article, url=url))
    rows = geocode(case, gazetteer).locations
    return {row.surface: (row.country, row.admin1, row.feature_code) for row in rows}


@pytest.mark.parametrize(
    ("name", "country", "code"),
    [
        ("Congo", "COG", "PCLI"),
        ("Guinea", "GIN", "PCLI"),
        ("Niger", "NER", "PCLI"),
        ("Sudan", "SDN", "PCLI"),
        ("Korea", "KOR", "PCLI"),
        ("Ireland", "IRL", "PCLI"),
        ("Macedonia", "MKD", "PCLI"),
        ("Georgia", "GEO", "PCLI"),
        ("Jordan", "JOR", "PCLI"),
        ("Lebanon", "LBN", "PCLI"),
        ("Mexico", "MEX", "PCLI"),
        ("Panama", "PAN", "PCLI"),
        ("Luxembourg", "LUX", "PCLI"),
        ("Singapore", "SGP", "PCLI"),
        ("Mexico City", "MEX", "PPLC"),
        ("Washington", "USA", "PPLC"),
        ("London", "GBR", "PPLC"),
        ("Paris", "FRA", "PPLC"),
        ("Moscow", "RUS", "PPLC"),
        ("Athens", "GRC", "PPLC"),
        ("Birmingham", "GBR", "PPL"),
    ],
)
def test_famous_place_without_any_context(name, country, code, gazetteer):
    row = placed(f"The talks with {name} ended on Monday.", [name], gazetteer)[name]
    assert (row[0], row[2]) == (country, code)


@pytest.mark.parametrize(("city", "country"), [("GENEVA", "CHE"), ("VIENNA", "AUT"), ("NEW YORK", "USA")])
def test_dateline_is_the_famous_city(city, country, gazetteer):
    found = placed(f"{city} (Reuters) - Talks with Iran began.", ["Iran"], gazetteer, dateline=city)
    assert (found[city][0], found[city][2][:3]) == (country, "PPL")


@pytest.mark.parametrize(
    ("text", "named", "name", "country", "division"),
    [
        ("Floods hit Patna, Gaya and Aurangabad.", ["Patna", "Gaya", "Aurangabad"], "Aurangabad", "IND", "Bihar"),
        ("Lebanon's Hezbollah fired at Israel.", ["Lebanon", "Israel"], "Lebanon", "LBN", None),
        (
            "Ferries from Victoria to Vancouver in British Columbia were late.",
            ["Victoria", "Vancouver", "British Columbia"],
            "Victoria",
            "CAN",
            "British Columbia",
        ),
        (
            "The Alexandria council met in Virginia. Fairfax County and Arlington agreed.",
            ["Alexandria", "Virginia", "Fairfax County", "Arlington"],
            "Alexandria",
            "USA",
            "Virginia",
        ),
        ("Trains from Tours to Brest and Lyon.", ["Tours", "Brest", "Lyon"], "Brest", "FRA", "Brittany"),
        ("Houston officials met Dallas police.", ["Houston", "Dallas"], "Houston", "USA", "Texas"),
        ("Snow fell in Oregon, Washington and Idaho.", ["Oregon", "Washington", "Idaho"], "Washington", "USA", None),
        ("Tbilisi said Georgia and Russia talked.", ["Tbilisi", "Georgia", "Russia"], "Georgia", "GEO", None),
        ("Rain fell in Atlanta, Macon and all of Georgia.", ["Atlanta", "Macon", "Georgia"], "Georgia", "USA", None),
    ],
)
def test_context_decides(text, named, name, country, division, gazetteer):
    row = placed(text, named, gazetteer)[name]
    assert row[0] == country
    assert division in (None, row[1])


def test_publishers_place_decides(gazetteer):
    text = "The Athens council met on Monday. Athens has no money."
    assert placed(text, ["Athens"], gazetteer)["Athens"][0] == "GRC"
    case = annotated("Police in Cambridge closed a road.", [["Cambridge", "LOC"]])
    article = dataclasses.replace(case.article, url="https://www.cambridge-news.co.uk/a")
    assert [name for name, _ in places_of(article, gazetteer)] == ["cambridge"]
    assert geocode(dataclasses.replace(case, article=article), gazetteer).locations[0].country == "GBR"


@pytest.mark.parametrize(
    ("url", "country"),
    [
        ("https://www.abc.net.au/news/1", "AU"),
        ("https://www.bbc.co.uk/news/1", "GB"),
        ("https://punchng.com/1", None),
        ("https://t.co/1", None),
        ("https://www.eltiempo.com.co/1", "CO"),
        ("http://[", None),
        (None, None),
    ],
)
def test_country_of_the_address(url, country):
    article = annotated("Rain.", []).article
    assert country_of(dataclasses.replace(article, url=url)) == country


@pytest.mark.parametrize(
    ("publisher", "url", "names"),
    [
        ("The Dallas Morning News", None, ["Dallas"]),
        (None, "https://www.dallasnews.com/1", ["dallas"]),
        (None, "https://www.lasvegassun.com/1", ["las vegas"]),
        ("Jerusalem Post", None, ["Jerusalem"]),
        ("The Guardian", "https://www.theguardian.com/1", []),
        (None, "https://www.reuters.com/1", []),
    ],
)
def test_places_of_the_publisher(publisher, url, names, gazetteer):
    article = dataclasses.replace(annotated("Rain.", []).article, publisher=publisher, url=url)
    assert [name for name, _ in places_of(article, gazetteer)] == names


def test_point_of_the_feed_speaks_for_what_lies_near(gazetteer):
    article = annotated("Rain fell in Springfield.", []).article
    article = dataclasses.replace(article, source_latitude=44.05, source_longitude=-123.02)
    springfield = Name(options_for("Springfield", gazetteer), "Springfield")
    table = CandidateMatrix([springfield, *publisher_names(article, gazetteer)])
    table.set_context(np.full(table.size, 0.5))
    near = table.features[:-1, COLUMNS.index("publisher_161")]
    divisions = {c.place.admin1 for c, value in zip(springfield.candidates, near, strict=True) if value == 1.0}
    assert divisions == {"US.OR"}


def test_shares_of_each_name_add_up_to_one(gazetteer):
    names = [Name(options_for(name, gazetteer), name) for name in ("Springfield", "Oslo", "Paris")]
    table = CandidateMatrix(names)
    shares = table.shares(np.arange(table.size, dtype=float))
    assert np.add.reduceat(shares, table.starts) == pytest.approx([1.0, 1.0, 1.0])
    assert CandidateMatrix([]).shares(np.zeros(0)).size == 0


def test_shipped_weights_name_every_feature_once():
    lines = DEFAULT_WEIGHTS.read_text(encoding="utf-8").splitlines()
    names = [line.split("\t")[0] for line in lines if line[0] != "#"][1:]
    assert names == [*SETTINGS, *COLUMNS]
    assert all(MEANINGS.values())
    assert 0 < load_weights().threshold < 1


def test_weights_of_another_version_are_refused(tmp_path):
    lines = DEFAULT_WEIGHTS.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("population\t")]
    other = tmp_path / "ranking.tsv"
    other.write_text("\n".join([*kept, "shoe_size\t1\t1\tof the mayor"]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"ranking\.tsv: population, shoe_size: missing or unknown"):
        load_weights(other)


def test_score_rises_with_the_probability():
    scores = [load_weights().score(probability) for probability in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert scores == sorted(scores)
    assert 0 < scores[0] < scores[-1] < 1


def test_reliability_by_bins():
    assert reliability([(1.0, True), (0.95, False), (0.05, False)]) == [
        (0.0, 0.1, 1, 0.05, 0.0),
        (0.9, 1.0, 2, 0.975, 0.5),
    ]


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("He flew to Khabarovsk on Monday.", "Khabarovsk", "PPL"),
        ("Shells fell on Kharkiv again.", "Kharkiv", "PPL"),
        ("He toured Khabarovsk Krai on Monday.", "Khabarovsk Krai", "ADM1"),
    ],
)
def test_a_city_goes_before_the_division_called_after_it(text, name, code, gazetteer):
    assert placed(text, [name], gazetteer)[name][2] == code
