import json
import time
from pathlib import Path

import pytest

from tests.helpers.floors import check_floor
from transforms.formats.plain_text import parse_plain_text
from transforms.text.boilerplate import Cut, boilerplate

SHARED = Path(__file__).parents[2] / "shared"
CASES = sorted((Path(__file__).parent / "data/plain_text").glob("*.txt"))
BODY = "Ferries ran late on Monday because of fog, the harbour office said.\n\nService is normal again today."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_golden(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    expected = json.loads(case.with_suffix(".json").read_text(encoding="utf-8"))
    page = parse_plain_text(text)
    assert page.text == text[page.text_start : page.text_start + len(page.text)]
    assert {
        "title": page.title,
        "byline": page.byline,
        "date_raw": page.date_raw,
        "starts": page.text[: len(expected["starts"])],
        "ends": page.text[-len(expected["ends"]) :],
        "removed": list(page.removed),
    } == expected


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        ("Sign up for our daily newsletter", Cut.NEWSLETTER),
        ("Sign up for Lisbon News", Cut.NEWSLETTER),
        ("Subscribe to The Morning Briefing", Cut.NEWSLETTER),
        ("Get the day's top stories in your inbox", Cut.NEWSLETTER),
        ("More Lisbon News", Cut.LINKS),
        ("Read more: Harbour closed by fog", Cut.LINKS),
        ("Read More »", Cut.LINKS),
        ("Related articles", Cut.LINKS),
        ("Lire aussi : Le port fermé", Cut.LINKS),
        ("Share this article", Cut.SHARE),
        ("Facebook Twitter WhatsApp", Cut.SHARE),
        ("Follow us on Facebook, Twitter and Instagram.", Cut.FOLLOW),
        ("© 2021 Example Media Ltd", Cut.COPYRIGHT),
        ("Copyright 2021 Example News. All rights reserved.", Cut.COPYRIGHT),
        ("This website uses cookies. Using it means you agree.", Cut.COOKIES),
        ("Cookie Policy", Cut.COOKIES),
        ("12 comments", Cut.COMMENTS),
        ("Leave a comment", Cut.COMMENTS),
        ("Advertisement", Cut.ADVERTISEMENT),
        ("Tags: harbour, fog", Cut.TAGS),
        ("Privacy Policy | Terms of Use | Contact us", Cut.NAVIGATION),
        ("Home > World > Asia", Cut.NAVIGATION),
    ],
)
def test_boilerplate_by_reason(line: str, cut: Cut) -> None:
    assert boilerplate(line) is cut


@pytest.mark.parametrize(
    "line",
    [
        "Share prices rose in Tokyo on Monday.",
        "More than 20 people were hurt.",
        "Follow the river and you reach the sea.",
        "Sign up for a trial account for 12 dollars a month",
        "Read the whole poem aloud, she said.",
        "Copyright law protects the song, the judge wrote.",
        "Printing began at dawn.",
        "Search teams found the boat on Friday.",
        "Home to 40,000 people, the town has no hospital.",
        "Cookies were handed out to the children.",
        "Comments by the minister angered farmers.",
        "Related cases were heard in May.",
        "Subscribers to the scheme will get their money back.",
        "See more photos of the storm, taken by our readers, and you understand the damage it did.",
        '"Sign up for the army," the poster said.',
    ],
)
def test_prose_is_not_boilerplate(line: str) -> None:
    assert boilerplate(line) is None


@pytest.mark.parametrize(
    ("head", "title", "byline", "date_raw"),
    [
        ("Wed, 28 Sep 2022\n\n", None, None, "Wed, 28 Sep 2022"),
        ("Fog closes harbour for a day\n\n", "Fog closes harbour for a day", None, None),
        ("Fog closes harbour\nBy Jane Doe\nMay 3, 2021\n\n", "Fog closes harbour", "By Jane Doe", "May 3, 2021"),
        ("May 3, 2021\n\nFog closes harbour for a day\n\n", "Fog closes harbour for a day", None, "May 3, 2021"),
        ("Home > Local\nFog closes harbour for a day\n\n", "Fog closes harbour for a day", None, None),
        ("Par Jeanne Martin\n\n", None, "Par Jeanne Martin", None),
        ("OSLO, NORWAY\n\n", None, None, None),
        ("OSLO, May 3, 2021 (NTB)\n\n", None, None, None),
        ("OSLO —\n\n", None, None, None),
        ("It was a long night.\n\n", None, None, None),
        ("It was a long night. Nobody slept well\n\n", None, None, None),
        ("Harbour news\n\n", None, None, None),
        ("A line that goes on\n", None, None, None),
        ("By then the fog had gone.\n\n", None, None, None),
        ("", None, None, None),
    ],
)  # fmt: skip
def test_heads(head: str, title: str | None, byline: str | None, date_raw: str | None) -> None:
    page = parse_plain_text(head + BODY)
    assert (page.title, page.byline, page.date_raw) == (title, byline, date_raw)
    nothing_taken = title is byline is date_raw is None
    assert page.text == (head if nothing_taken else "") + BODY


def test_a_lone_line_stays_a_body() -> None:
    assert parse_plain_text("Fog closes harbour for a day").text == "Fog closes harbour for a day"
    assert parse_plain_text("Share this").text == "Share this"


@pytest.mark.parametrize("text", ["", " \n\n\t", "\ufeff\n"])
def test_nothing_gives_nothing(text: str) -> None:
    page = parse_plain_text(text)
    assert (page.text, page.removed) == ("", ())


def test_a_sentence_above_boilerplate_ends_the_tail() -> None:
    page = parse_plain_text(f"{BODY}\n\nRead more\nThe fog is expected back on Friday.\n")
    assert page.text.endswith("back on Friday.")
    assert page.removed == ()


def test_windows_line_ends_and_marks_keep_offsets() -> None:
    text = "\ufeff3 May 2021\r\n\r\nOSLO - Trams ran late.\r\n\r\nShare this\r\n"
    page = parse_plain_text(text)
    assert (page.text, page.text_start) == ("OSLO - Trams ran late.", text.index("OSLO"))


@pytest.mark.parametrize(
    "unit", ["a", "Sign up for ", "more ", "\n", "Home | ", "x\n", "Read more\n", "© 2021 ", "home ", "|", "facebook "]
)
def test_time_is_linear(unit: str) -> None:
    text = unit * (10_000_000 // len(unit))
    began = time.perf_counter()
    parse_plain_text(text)
    assert time.perf_counter() - began < 3


@pytest.mark.skipif(not (SHARED / "seed").exists(), reason="the shared seed article is not here")
def test_the_shared_article() -> None:
    text = (SHARED / "seed/article.txt").read_text(encoding="utf-8")
    expected = json.loads((SHARED / "seed/expected.json").read_text(encoding="utf-8"))["article"]
    page = parse_plain_text(text)
    assert (page.title, page.byline, page.date_raw) == (None, None, "Wed, 28 Sep 2022")
    assert page.text.endswith(expected["body_ends_with"])
    assert not [phrase for phrase in expected["not_in_body"] if phrase in page.text]


@pytest.mark.skipif(not (SHARED / "corpora/html").exists(), reason="the corpora are not here")
def test_clean_bodies_stay_whole() -> None:
    truth = json.loads((SHARED / "corpora/html/ground-truth.json").read_text(encoding="utf-8"))
    bodies = [page["articleBody"].strip() for page in truth.values()]
    kept = [len(parse_plain_text(body).text) for body in bodies]
    check_floor("plain_text.kept", sum(kept) / sum(map(len, bodies)))
