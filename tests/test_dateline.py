import json
import time
from pathlib import Path

import pytest

from transforms.text.dateline.parse import Dateline, parse_dateline

SHARED = Path(__file__).parents[2] / "shared"
BODY = (
    "The ministry said on Tuesday that the long bridge across the river will be closed for repairs"
    " until the end of the year.\n\nFerries will run in its place."
)
KNOWN = frozenset((Path(__file__).parent / "data/dateline/places.txt").read_text(encoding="utf-8").splitlines())


def is_place(name: str) -> bool:
    return name.casefold() in KNOWN


@pytest.mark.parametrize(
    ("head", "place", "agency", "date"),
    [
        ("MOSCOW, Russia - ", "MOSCOW, Russia", None, None),
        ("WASHINGTON (AP) — ", "WASHINGTON", "AP", None),
        ("BEIJING, Oct. 1 (Xinhua) -- ", "BEIJING", "Xinhua", "Oct. 1"),
        ("PARIS, April 8 — ", "PARIS", None, "April 8"),
        ("Indianapolis – ", "Indianapolis", None, None),
        ("Dekalb, Ill. — ", "Dekalb, Ill.", None, None),
        ("Berlin/Frankfurt (dpa) - ", "Berlin/Frankfurt", "dpa", None),
        ("Berlin/Frankfurt (dpa) ", "Berlin/Frankfurt", "dpa", None),
        ("(ANSA) - ROMA, 28 LUG - ", "ROMA", "ANSA", "28 LUG"),
        ("Bruselas, 7 oct (EFE).- ", "Bruselas", "EFE", "7 oct"),
        ("Rostow (Russland) - ", "Rostow (Russland)", None, None),
        ("(Reuters) — ", None, "Reuters", None),
        ("AFP - ", None, "AFP", None),
        ("BAAR, SWITZERLAND\n\n", "BAAR, SWITZERLAND", None, None),
        ("NEW YORK, March 3, 2020 /PRNewswire/ -- ", "NEW YORK", "PRNewswire", "March 3, 2020"),
        ("LAGOS, Nigeria, Jan 2 (Reuters) - ", "LAGOS, Nigeria", "Reuters", "Jan 2"),
        ("ST. LOUIS (AP) _ ", "ST. LOUIS", "AP", None),
        ("UNITED NATIONS (AP) — ", "UNITED NATIONS", "AP", None),
        ("ABOARD THE USS EXAMPLE — ", "ABOARD THE USS EXAMPLE", None, None),
        ("KYIV — ", "KYIV", None, None),
        ("Mumbai: ", "Mumbai", None, None),
        ("NEW DELHI: ", "NEW DELHI", None, None),
        ("PRAGUE/BRNO - ", "PRAGUE/BRNO", None, None),
        ("LAGOS & NAIROBI,, JUNE 9, 2020 -- ", "LAGOS & NAIROBI", None, "JUNE 9, 2020"),
        ("Paris (AFP) - ", "Paris", "AFP", None),
        ("LONDRES (AFP) — ", "LONDRES", "AFP", None),
        ("MADRID, 12 (EUROPA PRESS) ", "MADRID", "EUROPA PRESS", "12"),
        ("Santiago de Chile, 3 mar (EFE).- ", "Santiago de Chile", "EFE", "3 mar"),
        ("Lyon, le 3 mars 2020 – ", "Lyon", None, "le 3 mars 2020"),
        ("Köln/Bonn (dpa/lnw) - ", "Köln/Bonn", "dpa/lnw", None),
        ("PRAHA 3. března (ČTK) - ", "PRAHA", "ČTK", "3. března"),
        ("МОСКВА, 5 марта. /ТАСС/. ", "МОСКВА", "ТАСС", "5 марта"),
        ("МОСКВА, 5 мар — РИА Новости. ", "МОСКВА", "РИА Новости", "5 мар"),
        ("Київ. 5 березня. УНН. ", "Київ", "УНН", "5 березня"),
        ("القاهرة (رويترز) - ", "القاهرة", "رويترز", None),
        ("新华社北京10月1日电 ", "北京", "新华社", "10月1日"),
        ("【ロンドン共同】", "ロンドン", "共同", None),
        ("(NEW YORK) — ", "NEW YORK", None, None),
        ("[Example Radio] Nairobi -- ", "Nairobi", "Example Radio", None),
        ("ISLAMABAD, June 9, 2020 (AFP)\n\n", "ISLAMABAD", "AFP", "June 9, 2020"),
        ("Bangkok--9 Jun--", "Bangkok", None, "9 Jun"),
        ("Moscow, SANA- ", "Moscow", "SANA", None),
        ("TOKYO —\n\n", "TOKYO", None, None),
        ("LONDON, Monday — ", "LONDON", None, "Monday"),
        ("EAST EXAMPLE, May 7 (APP):", "EAST EXAMPLE", "APP", "May 7"),  # a place the gazetteer lacks
        ("CAMP EXAMPLE, Wash. - ", "CAMP EXAMPLE, Wash.", None, None),
        ("SEVERN, Md. (KXYZ) — ", "SEVERN, Md.", "KXYZ", None),
        ("BEIRUT (AP) \ufffd ", "BEIRUT", "AP", None),
        ("MEXICO CITY (AP) ", "MEXICO CITY", "AP", None),
        ("WASHINGTON—", "WASHINGTON", None, None),
        ("DeKALB – ", "DeKALB", None, None),
        ("N'DJAMENA, Chad (AP) - ", "N'DJAMENA, Chad", "AP", None),
        ("Petra, Jordan — ", "Petra, Jordan", None, None),
        ("BAKU, Azerbaijan, January 3. ", "BAKU, Azerbaijan", None, "January 3."),
        ("ALMATY. KAZINFORM - ", "ALMATY", "KAZINFORM", None),
        ("LONDON ", "LONDON", None, None),
        ("PARIS, Texas (Albany) — ", "PARIS, Texas", "Albany", None),  # an agency named like a place
        ("ROMA, 28 LUG (Albany) - ", "ROMA", "Albany", "28 LUG"),
        ("PARIS (Texas) — ", "PARIS (Texas)", None, None),
    ],
)
@pytest.mark.parametrize(
    "before",
    ["", "By JANE DOE\n", "A bridge is closed\n\nBy Jane Doe, Staff Writer\n\n", "Wed, 28 Sep 2022\n\n"],
)
def test_forms_of_the_world(head: str, place: str | None, agency: str | None, date: str | None, before: str) -> None:
    text = before + head + BODY
    found = parse_dateline(text, is_place)
    assert found is not None
    assert (found.place, found.agency, found.date) == (place, agency, date)
    assert text[found.body_start :] == BODY
    if place is not None:
        assert text[found.start : found.end] == place


@pytest.mark.parametrize(
    "head",
    [
        "DEAR ABBY: ",
        "GIRLS BASKETBALL\n\n",
        "MIGRATION – ",
        "(UN) ",
        "(UN) — ",
        "UPDATE: ",
        "EXCLUSIVE — ",
        "READING: ",
        "TOP STORIES — ",
        "A new study – ",
        "Paris Hilton - ",
        "In Paris - ",
        "London – Paris – ",
        "London – Paris\n\n",
        "Paris: ten walks\n\n",
        "NEW YORK\n\n",
        "Jane Doe, The Associated Press. ",
        "PARIS — A HISTORY IN TEN MAPS\n\n",
        "Fort Worth, Texas-based ",
        "U.S. President Jane Doe said that ",
        "U.S. The ",
        "LONDON Police ",
        "Q: ",
        "FOR IMMEDIATE RELEASE, May 3 - ",
        "PUBLISHED May 3, 2020 — ",
        "BREAKING NEWS (AP) — ",
        "Jane Doe (AP) — ",
        "AT ISSUE — ",
        "1. ",
        "",
    ],
)
def test_what_only_looks_like_one(head: str) -> None:
    assert parse_dateline(head + BODY, is_place) is None


def test_behind_a_headline_on_the_same_line() -> None:
    found = parse_dateline("Bridge to close until spring. ALBANY, N.Y. (AP) — " + BODY, is_place)
    assert found is not None
    assert (found.place, found.start) == ("ALBANY, N.Y.", 30)


def test_deep_in_the_body_a_bare_place_is_not_believed() -> None:
    paragraph = "The council met for a third time this week and heard from residents. " * 4
    assert parse_dateline(f"{paragraph}\n\nLondon – {BODY}", is_place) is None
    assert parse_dateline(f"{paragraph}\n\nLONDON (AP) – {BODY}", is_place) is not None
    assert parse_dateline("x " * 600 + f"\n\nLONDON (AP) – {BODY}", is_place) is None


def test_agency_alone_has_no_place() -> None:
    assert parse_dateline("(Reuters) — Trains ran late.", is_place) == Dateline(None, None, None, "Reuters", None, 12)


@pytest.mark.parametrize(
    "unit",
    ["A", "Aa ", "A. ", "St. ", "(", "(A", "/a", "PARIS ", "PARIS, ", "PARIS - ", "Paris/", "1 May ", "(AP) ", " ",
     "\n", "a-", "A-B-", "—", "PARIS, April 8, ", "May. 1. ", "\xa0", "'", "北京", "12"],
)  # fmt: skip
def test_time_is_bounded_whatever_the_text(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    began = time.perf_counter()
    parse_dateline(text, is_place)
    assert time.perf_counter() - began < 1


@pytest.mark.skipif(not (SHARED / "seed").exists(), reason="the shared seed article is not here")
def test_the_shared_article() -> None:
    text = (SHARED / "seed/article.txt").read_text(encoding="utf-8")
    expected = json.loads((SHARED / "seed/expected.json").read_text(encoding="utf-8"))["article"]
    found = parse_dateline(text, is_place)
    assert found is not None
    assert found.place == expected["dateline"]["surface"]
    assert text[found.body_start :].startswith(expected["body_starts_with"])
