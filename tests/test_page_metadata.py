"""What a page says of itself: authors, dates and headline voted, and agencies' credits."""

import datetime
import json

import pytest

from tests.test_html import PROSE, page_of
from transforms.formats.html.headline import vote_headline
from transforms.formats.html.page import parse_page
from transforms.text.boilerplate import Cut, boilerplate, reporters
from transforms.text.bylines import names

# Voting: authors and dates.


PERSON = '{"@type":"NewsArticle","headline":"Rain","author":%s}'


def json_ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


@pytest.mark.parametrize(
    ("head", "body", "people"),
    [
        (json_ld(PERSON % '{"@type":"Person","name":"Ann Lee"}'), "<p>By <b>Bo Ek</b></p>", ("Ann Lee",)),
        (json_ld(PERSON % '"Ann Lee"'), "<p>By Ann Lee and Bo Ek</p>", ("Ann Lee", "Bo Ek")),
        ('<meta name="author" content="Web Person"><meta name="sailthru.author" content="Ann Lee">',
         "<div class=byline>By Ann Lee</div>", ("Ann Lee",)),
        (json_ld(PERSON % '{"@id":"#a"}') + json_ld('{"@type":"Person","@id":"#a","name":"Ann Lee"}'), "",
         ("Ann Lee",)),
        (json_ld(PERSON % '{"@id":"#nobody"}'), "", ()),
        (json_ld(PERSON % '"Echo Staff"'), "<p>by European Space Agency</p>", ("European Space Agency",)),
        ('<meta property="og:site_name" content="The Echo"><meta name="author" content="Echo Sport Desk">', "", ()),
        ('<meta property="og:site_name" content="The Echo"><meta name="author" content="Ann Lee The Echo">', "",
         ("Ann Lee",)),
        ("", '<p itemprop="author">Ann Lee</p><ol class="comment-list"><li itemprop="author">Troll</li></ol>',
         ("Ann Lee",)),
        ("", '<p>Published 3 May 2021 by Ann Lee-Ek</p>', ("Ann Lee-Ek",)),
        ("", "<p>By subject</p>", ()),
        ("", "<ul class=top-menu><li>By Any Means</li></ul><p>By Ann Lee</p>", ("Ann Lee",)),
        ("", "<p class=byline>By Ann Lee, Bo Ek 2019-11-18T22:05:36Z Space</p>", ("Ann Lee", "Bo Ek")),
        (json_ld(PERSON % '"Ann Lee"'),
         "<span class=by-author>By <a rel=author href=/a>Ann Lee</a>, </span><span class=by-author>"
         "<a rel=author href=/b>Bo Ek</a></span>", ("Ann Lee", "Bo Ek")),
    ],
)  # fmt: skip
def test_authors_are_voted(head: str, body: str, people: tuple[str, ...]) -> None:
    assert page_of(f"<h1>Rain</h1>{body}{PROSE}", head).metadata.authors == people


@pytest.mark.parametrize(
    ("byline", "people"),
    [
        ("Ann Lee and Bo Ek, Associated Press", ("Ann Lee", "Bo Ek")),
        ("Ann Lee, Futurism", ("Ann Lee",)),
        ("Ann Lee, Bo Ek", ("Ann Lee", "Bo Ek")),
        ("alice, bob", ("alice", "bob")),
        ("Ann Lee and Reuters", ("Ann Lee", "Reuters")),
        ("Reuters, Washington", ("Reuters",)),
        ("Associated Press", ("Associated Press",)),
        ("By Ann Lee on Monday, November 18th, 2019 at 11:04 a.m.", ("Ann Lee",)),
        ("Echo Staff", ()),
        ("By Ann Lee, Echo Staff", ("Ann Lee",)),
    ],
)
def test_for_whom_authors_write_is_no_author(byline: str, people: tuple[str, ...]) -> None:
    assert names(byline) == people


@pytest.mark.parametrize(
    ("before", "behind", "raw"),
    [
        ("", "<p>Published 1 March 2026</p>", "1 March 2026"),
        ("", "<p>By Ann Lee | 1 March 2026</p>", "1 March 2026"),
        ("", "<p>Published</p><p>1 March 2026</p>", "1 March 2026"),
        ("<p>publiziert am 1. März 2026</p>", "", "1. März 2026"),
        ("<p>1 March 2026</p>", "", "1 March 2026"),
        ("<p>1 March 2026</p><p>Home</p><p>News</p><p>World</p>", "", None),
        ("", "<p>Updated: 2 March 2026</p><p>Posted: 1 March 2026</p>", "1 March 2026"),
        ("", "<p>Last modified</p><p>2 March 2026</p>", None),
        ("", "<time datetime=2026-03-01T10:36:00Z>1 day ago</time>", "2026-03-01T10:36:00Z"),
        ("", "<p>5 dead since 1 March 2026</p>", None),
        ("", f"{PROSE * 2}<p>1 March 2026</p>", None),
        ("", "<p>1 March 2031</p>", None),
        ("", "<p>기사입력 :[ 2026-03-01 17:32 ]</p>", "2026-03-01 17:32"),
    ],
)
def test_dates_beside_the_headline(before: str, behind: str, raw: str | None) -> None:
    page = page_of(f"{before}<h1>Rain in May</h1>{behind}{PROSE}", "<title>Rain in May</title>")
    assert page.published_raw == raw


def test_a_page_laid_out_by_tables() -> None:
    page = page_of(
        "<table><tr><td><a href=/>Start</a></td><td><a href=/m>Letters</a></td></tr></table>"
        f"<h1>Rain in May</h1><p><i>Published 1 March 2026 by Ann Lee</i></p>{PROSE}",
        "<title>Rain in May</title>",
    )
    assert page.text.startswith("On day 2")
    assert page.metadata.authors == ("Ann Lee",)


@pytest.mark.parametrize(
    ("heading", "given", "title"),
    [
        ("Two officers charged over death of a banker", "Officers charged in death of banker",
         "Two officers charged over death of a banker"),
        ("The Echo of the North", "Officers charged in death of banker", "Officers charged in death of banker"),
    ],
)  # fmt: skip
def test_a_heading_of_the_same_news_is_the_headline(heading: str, given: str, title: str) -> None:
    candidates = [("h1", heading), ("og", given), ("title", given)]
    assert vote_headline(candidates, ["The Echo"]) == title


# Credits of agencies.


@pytest.mark.parametrize(
    ("line", "cut", "by"),
    [
        ("(Reporting by Ann Lee in Nairobi and Bo Ek; Editing by Carl Ås)", True, "Ann Lee and Bo Ek"),
        ("Reporting by Ann Lee; Editing by Carl Ås", True, "Ann Lee"),
        ("(Additional reporting by Ann Lee in Oslo; writing by Bo Ek)", True, None),
        ("(Edited by Carl Ås)", True, None),
        ("Associated Press writers Ann Lee in Oslo and Bo Ek in Rome contributed to this report.", True, None),
        ("Reporting by the BBC found that rain fell in Oslo on Friday.", False, None),
        ("Reporting by Ann Lee.", False, None),
        ("He said that editing by hand was slow (as was writing by lamp).", False, None),
        ("Two companies contributed to the report.", False, None),
    ],
)
def test_credits_are_told_from_prose(line: str, cut: bool, by: str | None) -> None:
    assert (boilerplate(line) is Cut.CREDITS, reporters(line)) == (cut, by)


def test_credits_leave_the_text_and_name_the_authors() -> None:
    page = page_of(f"<h1>Rain</h1>{PROSE}<p>(Reporting by Ann Lee in Nairobi; Editing by Bo Ek)</p>")
    assert page.text.endswith("spoke about the road.")
    assert "credits" in page.removed
    assert page.metadata.authors == ("Ann Lee",)


def test_a_byline_goes_before_credits() -> None:
    page = page_of(f"<h1>Rain</h1><p>By Ann Lee</p>{PROSE}<p>(Reporting by Carl Ås; Editing by Bo Ek)</p>")
    assert page.metadata.authors == ("Ann Lee",)


SENTENCES = "The council met on Monday to talk about the bridge over the river, and agreed on nothing at all. " * 3


@pytest.mark.parametrize(
    ("body", "said", "text"),
    [
        ("<p>Loading</p>", SENTENCES, SENTENCES.strip()),
        ("<p>Loading</p>", f"<p>Rain & snow fell.</p><p>{SENTENCES}</p>", f"Rain & snow fell.\n\n{SENTENCES.strip()}"),
        (f"<article><p>{SENTENCES}</p></article>", f"{SENTENCES} And more.", SENTENCES.strip()),
        (f"<article><p>{SENTENCES}</p></article>", ["x"] * 500, SENTENCES.strip()),
        (f"<article><p>{SENTENCES}</p></article>", "<div>" * 40_000, SENTENCES.strip()),
    ],
)  # fmt: skip
def test_a_page_that_a_script_would_fill_is_read_from_its_json_ld(body: str, said: object, text: str) -> None:
    node = json.dumps({"@type": "NewsArticle", "headline": "Bridge", "articleBody": said})
    page = f"<html><body>{body}<script type='application/ld+json'>{node}</script></body></html>"
    fetched = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    found = parse_page(page.encode(), url=None, charset=None, fetched=fetched).text
    assert "".join(found.split()) == "".join(text.split())
