"""Web pages: golden pairs, votes, and pages made to do harm."""

import contextlib
import dataclasses
import datetime
import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.parsing import f1, ours, precision_recall
from tests.helpers.floors import check_floor
from transforms.failures import BadRecord, Reason
from transforms.formats.html.headline import vote_headline
from transforms.formats.html.json_ld import loads
from transforms.formats.html.page import Page, has_prose, parse_page, trim_body
from transforms.parse import parse_item
from transforms.records import Item
from transforms.text.bylines import names
from transforms.text.markup import check_markup, html_to_text

DATA = Path(__file__).parent / "data" / "html"
CASES = sorted(DATA.glob("*.html"))
THEN = datetime.datetime(2026, 3, 6, tzinfo=datetime.UTC)
CORPUS = Path(__file__).parents[2] / "shared" / "corpora" / "html"
PLACES = {"BERGEN", "Norway", "CÁDIZ", "MILLBROOK", "Ohio"}
PROSE = "".join(
    f"<p>On day {day} the council of the town met again, and {day} of its members spoke about the road.</p>"
    for day in range(2, 9)
)


def page_of(body: str = PROSE, head: str = "") -> Page:
    content = f"<!doctype html><html><head>{head}</head><body><article>{body}</article></body></html>"
    return parse_page(content.encode(), url="https://news.test/a/b", charset=None, fetched=THEN)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    """Every field of the expectation, and every other of the article that has a value."""
    item = Item(uri=f"https://news.test/{path.name}", position=0, kind="html", content=path.read_bytes(), fetched=THEN)
    found = dataclasses.asdict(parse_item(item, PLACES.__contains__))
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    derived = {"article_id", "source_uri", "source_kind", "date_fetched", "text_basis", "text_sha256", "version"}
    said = {key: value for key, value in found.items() if value not in (None, (), "", 0) and key not in derived}
    assert json.loads(json.dumps(said, default=lambda value: value.isoformat())) == expected


def test_there_are_golden_pairs() -> None:
    assert len(CASES) >= 5


# Metadata.


@pytest.mark.parametrize(
    ("head", "field", "value"),
    [
        ('<script type="application/ld+json">{broken</script><title>Rain</title>', "title", "Rain"),
        ('<title>Rain | News</title><meta property="og:site_name" content="News">', "title", "Rain"),
        ('<meta property="og:title" content="Rain &amp;amp; sun">', "title", "Rain & sun"),
        ('<link rel="canonical" href="https://news.test/">', "canonical_url", "https://news.test/a/b"),
        ('<link rel="canonical" href="//NEWS.test/x?fbclid=1#y">', "canonical_url", "https://news.test/x"),
        ('<base href="https://cdn.test/d/"><link rel=canonical href="x">', "canonical_url", "https://cdn.test/d/x"),
        ('<meta name="author" content="https://facebook.test/x">', "authors", ()),
        ('<meta name="author" content="Ann Lee, AP">', "authors", ("Ann Lee",)),
        ('<meta name="keywords" content="rain, spain,rain">', "keywords", ("rain", "spain")),
        ('<meta property="og:locale" content="pt_BR">', "language", "pt_BR"),
    ],
)
def test_one_field(head: str, field: str, value: Any) -> None:
    assert getattr(page_of(head=head).metadata, field) == value


@pytest.mark.parametrize(
    ("head", "raw", "basis"),
    [
        ('<meta property="article:published_time" content="2026-03-01T10:00:00Z">', "2026-03-01T10:00:00Z", "meta"),
        ('<meta name="date" content="yesterday"><meta name="dc.date" content="2026-02-01">', "2026-02-01", "meta"),
        ('<meta name="date" content="2031-01-01">', None, None),
        ("<title>The best of 1999</title>", None, None),
        (
            '<script type="application/ld+json">[{"@type":"NewsArticle","datePublished":"2026-01-02"}]</script>'
            '<meta name="date" content="2026-01-05">',
            "2026-01-02",
            "json-ld",
        ),
    ],
)
def test_dates_are_structured_first_and_never_made_up(head: str, raw: str | None, basis: str | None) -> None:
    page = page_of(head=head)
    assert (page.published_raw, page.published_basis) == (raw, basis)
    assert (page.published is None) == (raw is None)


@pytest.mark.parametrize(
    ("candidates", "headline"),
    [
        ([("h1", "The Echo"), ("title", "Rain | The Echo")], "Rain"),
        ([("h1", "Rain in Spain"), ("og", "It rains! You won't believe where"), ("title", "Rain in Spain - Echo")],
         "Rain in Spain"),
        ([("h1", "Most read"), ("og", "Rain in Spain"), ("title", "Rain in Spain")], "Rain in Spain"),
        ([("title", "The Echo")], "The Echo"),
        ([("title", "")], None),
        ([], None),
    ],
)  # fmt: skip
def test_headlines_are_voted(candidates: list[tuple[str, str]], headline: str | None) -> None:
    assert vote_headline(candidates, ["The Echo"]) == headline


@pytest.mark.parametrize(
    ("byline", "people"),
    [
        ("By Ann Lee", ("Ann Lee",)),
        ("Ann Lee, Bo Ek and Carl Ö. Ås", ("Ann Lee", "Bo Ek", "Carl Ö. Ås")),
        ("Von Jürgen Groß und Eva Maria Lang", ("Jürgen Groß", "Eva Maria Lang")),
        ("Par Léa Martin et Jean-Paul Petit", ("Léa Martin", "Jean-Paul Petit")),
        ("ANN LEE and BO EK Associated Press", ("Ann Lee", "Bo Ek")),
        ("Ann Lee, Senior Political Correspondent", ("Ann Lee",)),
        ("Ann Lee Published 7:07 PM EST Nov 19, 2019", ("Ann Lee",)),
        ("Текст: Анна Лебедева", ("Анна Лебедева",)),
        ("Martin Luther King Jr.", ("Martin Luther King Jr.",)),
        ("ann@news.test (Ann Lee)", ("Ann Lee",)),
        ("Reuters", ("Reuters",)),
        ("https://news.test/authors/ann-lee", ()),
        ("admin", ()),
        ("", ()),
        ("word " * 500, ()),
    ],
)
def test_names_of_authors(byline: str, people: tuple[str, ...]) -> None:
    assert names(byline) == people


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('<!-- {"a": 1} -->', {"a": 1}),
        ('// <![CDATA[\n{"a": 1}\n// ]]>', {"a": 1}),
        ('{"a": "x\ty",}', {"a": "x\ty"}),
        ("not json", None),
        ("[" * 100_000, None),
    ],
)
def test_json_ld_as_pages_have_it(text: str, value: Any) -> None:
    assert loads(text) == value


# Bodies.


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("a<br>b", "a\nb"),
        ("<p>a\n b</p><p>c</p>", "a b\n\nc"),
        ("<ul><li>one<li>two</ul>three", "one\n\ntwo\n\nthree"),
        ("a <!-- b --> c<script>d</script> e", "a c e"),
        ("1 < 2 &amp; 3 &nbsp;> 2", "1 < 2 & 3 > 2"),
        ("<b>bold</b><i>er</i>", "bolder"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\n\nc"),
        ("", ""),
    ],
)
def test_fragments_to_text(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


def test_a_page_without_an_article() -> None:
    links = "".join(f'<li><a href="/{number}">Link number {number}</a></li>' for number in range(200))
    with pytest.raises(BadRecord) as caught:
        page_of(f"<ul>{links}</ul>")
    assert caught.value.reason == Reason.NO_ARTICLE


@pytest.mark.parametrize("content", ["", "   ", "<html></html>", "<!-- -->", "<p>Please log in.</p>", "\x00"])
def test_hardly_a_page(content: str) -> None:
    with pytest.raises(BadRecord) as caught:
        parse_page(content.encode(), url=None, charset=None, fetched=THEN)
    assert caught.value.reason == Reason.NO_ARTICLE


def test_prose_of_scripts_without_spaces_is_short() -> None:
    assert has_prose("東京の中心部で大雪が降り、電車が止まった。気象庁は夜まで雪が続くと述べた。" * 2)
    assert not has_prose("東京")


def test_a_headline_at_the_head_of_the_body_is_cut_once() -> None:
    assert trim_body("Rain\n\nRain\n\nIt rained on the hills.", "RAIN") == (
        "Rain\n\nIt rained on the hills.",
        ("title",),
    )


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the pages of ../shared/corpora are not here")
def test_bodies_of_real_pages_keep_their_quality() -> None:
    truth = json.loads((CORPUS / "ground-truth.json").read_text(encoding="utf-8"))
    pairs = [
        precision_recall(gold["articleBody"], ours(gzip.decompress(page.read_bytes()), gold["url"]))
        for name, gold in truth.items()
        if (page := CORPUS / "pages" / f"{name}.html.gz").is_file()
    ]
    assert len(pairs) == 181
    check_floor("pages.body_f1", f1(pairs)[0])


# Harm.

ATTRIBUTES = " ".join(f"a{number}='1'" for number in range(200_000))
BARE = " ".join(f"a{number}" for number in range(200_000))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"<p {ATTRIBUTES}>x</p>{PROSE}", Reason.TOO_COMPLEX),
        (f"<p {BARE}>x</p>{PROSE}", Reason.TOO_COMPLEX),
        (f"<p a='>' {BARE}>x</p>{PROSE}", Reason.TOO_COMPLEX),
        ("<p " + "a='x'" * 200_000 + f">{PROSE}", Reason.TOO_COMPLEX),
        ("<div>" * 100_000 + PROSE, Reason.TOO_COMPLEX),
        ("<div>" * 300 + PROSE + "</div>" * 300, Reason.TOO_COMPLEX),
        ("<p>" + "<span>word</span> " * 100_000, Reason.TOO_COMPLEX),
        ("<p>" + "Seventeen megabytes of it. " * 630_000, Reason.TOO_LARGE),
    ],
    ids=["attributes", "bare", "quoted", "joined", "nested", "deep", "spans", "17 MB"],
)
def test_a_hostile_page_is_refused_quickly(body: str, reason: Reason) -> None:
    began = time.process_time()
    with pytest.raises(BadRecord) as caught:
        page_of(body)
    assert caught.value.reason == reason
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "body",
    [
        PROSE * 40,
        PROSE + "<br>" * 20_000,
        PROSE + "<p>A paragraph of some words, and more.</p>" * 5_000,
        PROSE + f"<p style='{'x' * 1_000_000}'>",
        PROSE + f'<p data-json="{"a = b " * 50_000}">',
        PROSE + "<" * 20_000,
        PROSE + "<p>" + "x" * 9_000_000 + "</p>",
    ],
    ids=["long", "breaks", "paragraphs", "long value", "wordy value", "angles", "one word"],
)
def test_an_odd_page_is_read_in_bounded_time(body: str) -> None:
    began = time.process_time()
    assert "On day 2 the council" in page_of(body).text
    assert time.process_time() - began < 5


@pytest.mark.parametrize("markup", ["<a b='" * 10_000, "<a" * 40_000, "<p a=" + " " * 1_000_000, "<p '" * 20_000])
def test_checking_markup_takes_linear_time(markup: str) -> None:
    began = time.process_time()
    with contextlib.suppress(BadRecord):
        check_markup(markup)
    assert time.process_time() - began < 0.5
