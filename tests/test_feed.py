"""Feeds: golden pairs in every form and transport, and feeds made to do harm."""

import dataclasses
import datetime
import json
import time
from pathlib import Path
from typing import Any

import pytest

from transforms.failures import BadRecord, Reason
from transforms.formats.feed.cut import cut_feed
from transforms.formats.feed.parse import RUN, Entry, parse_feed
from transforms.formats.known import split
from transforms.records import Document
from transforms.text.encoding import decode

DATA = Path(__file__).parent / "data" / "feed"
CASES = sorted(path for path in DATA.iterdir() if path.suffix != ".json")
CORPUS = Path(__file__).parents[2] / "shared" / "corpora" / "feeds"
THEN = datetime.datetime(2026, 3, 3, tzinfo=datetime.UTC)
HEAD = "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>T</title>"
TAIL = "</channel></rss>"
ITEM = (
    "<item><title>T{0}</title><link>https://x.test/{0}</link><description>&lt;b&gt;{0}&lt;/b&gt;.</description></item>"
)


def entries_of(content: bytes, name: str, charset: str | None = None) -> list[dict[str, Any]]:
    """Return the entries of a feed, without the fields they do not have."""
    document = Document(uri=f"https://feeds.test/{name}", kind="feed", content=content, fetched=THEN, charset=charset)
    return [
        {key: value for key, value in dataclasses.asdict(item.content).items() if value not in (None, "", ())}
        for item in split(document)
    ]


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def parse(text: str) -> list[Entry | BadRecord]:
    return list(parse_feed(text.encode(), "feed.xml"))


# Golden pairs.


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert as_json(entries_of(path.read_bytes(), path.name)) == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("transport", ["utf-8-sig", "utf-16", "utf-8"])
def test_golden_whatever_the_transport(path: Path, transport: str) -> None:
    """A byte order mark, or the charset of a header, is right however the document calls itself."""
    content = decode(path.read_bytes()).encode(transport)
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert as_json(entries_of(content, path.name, charset=transport)) == expected


def test_there_are_golden_pairs() -> None:
    assert len(CASES) >= 6


# What feedparser lacks or gets wrong.


@pytest.mark.parametrize(
    ("inner", "field", "value"),
    [
        ("<georss:point>1.5 2.5</georss:point>", "latitude", 1.5),
        ("<georss:box>10 20 12 24</georss:box>", "longitude", 22.0),
        ("<georss:point>95 2</georss:point>", "latitude", None),
        ("<georss:point>nowhere</georss:point>", "latitude", None),
        ("<geo:lat>-33.9</geo:lat><geo:long>18.4</geo:long>", "latitude", -33.9),
        ("<dc:date>2026-03-01</dc:date>", "published", "2026-03-01"),
        ("<pubDate>yesterday</pubDate>", "published", "yesterday"),
        ("<link>javascript:alert(1)</link>", "url", None),
        ("<guid>https://x.test/g</guid>", "url", "https://x.test/g"),
        ("<guid isPermaLink='false'>abc</guid>", "url", None),
        ("<guid isPermaLink='false'>abc</guid>", "entry_id", "abc"),
        ("<media:thumbnail url='https://x.test/t.jpg'/>", "image_url", "https://x.test/t.jpg"),
        (
            "<media:content url='https://0.gravatar.com/avatar/1' medium='image'/>"
            "<media:content url='https://x.test/p.jpg' medium='image'/>",
            "image_url",
            "https://x.test/p.jpg",
        ),
        ("<source url='https://other.test/rss'>Other Paper</source>", "publisher", "Other Paper"),
        ("<category>A</category><category>a</category><category>B</category>", "keywords", ("A", "B")),
        ("<author>noreply@x.test</author>", "authors", ()),
        ("<title>R&amp;amp;D &amp;lt;b&amp;gt;</title>", "title", "R&D <b>"),
    ],
)
def test_one_field(inner: str, field: str, value: Any) -> None:
    names = (
        "xmlns:georss='http://www.georss.org/georss' xmlns:geo='http://www.w3.org/2003/01/geo/wgs84_pos#'"
        " xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/'"
    )
    (entry,) = parse(f"<rss version='2.0' {names}><channel><title>T</title><item>{inner}</item></channel></rss>")
    assert isinstance(entry, Entry)
    assert getattr(entry, field) == value


def test_a_caption_is_not_the_content() -> None:
    feed = (
        "<rss xmlns:media='http://search.yahoo.com/mrss/'><channel><item><description>News.</description>"
        "<media:content><media:description>Caption.</media:description><media:text/></media:content></item>"
        "</channel></rss>"
    )
    (entry,) = parse(feed)
    assert isinstance(entry, Entry)
    assert [(body.basis, body.value) for body in entry.bodies] == [("summary", "News."), ("media", "Caption.")]


# Cutting.


def test_marks_in_cdata_and_comments_do_not_cut() -> None:
    feed = HEAD + "<item><description><![CDATA[<item>x</item>]]></description></item><!-- <item> --><item/>" + TAIL
    assert len(cut_feed(feed).entries) == 2


@pytest.mark.parametrize("count", [1, RUN - 1, RUN, RUN + 1, 3 * RUN + 7])
def test_runs_lose_and_swap_nothing(count: int) -> None:
    found = parse(HEAD + "".join(ITEM.format(number) for number in range(count)) + TAIL)
    assert [entry.title for entry in found if isinstance(entry, Entry)] == [f"T{number}" for number in range(count)]
    assert {entry.publisher for entry in found if isinstance(entry, Entry)} == {"T"}


def test_a_broken_entry_leaves_the_others() -> None:
    items = [ITEM.format(number) for number in range(5)]
    items[2] = "<item><title>Two</title><description>& <b> <x:y></description></item>"
    found = parse(HEAD + "".join(items) + TAIL)
    assert [entry.title for entry in found if isinstance(entry, Entry)] == ["T0", "T1", "Two", "T3", "T4"]


def test_a_broken_root_does_not_take_its_entries_along() -> None:
    found = parse("<rss version='2.0' xmlns:a='http://purl <b" + ITEM.format(1) + ITEM.format(2) + TAIL)
    assert [entry.title for entry in found if isinstance(entry, Entry)] == ["T1", "T2"]


@pytest.mark.parametrize("reference", ["&#xD800;", "&#0;", "&#99999999;", "&#x110000;", "&#8;"])
def test_references_to_no_character_are_dropped(reference: str) -> None:
    (entry,) = parse(f"{HEAD}<item><title>a{reference}b</title></item>{TAIL}")
    assert isinstance(entry, Entry)
    assert entry.title == "ab"


@pytest.mark.parametrize(
    "hostile",
    [
        "<item><title>a</title><x " + " ".join(f"a{number}='1'" for number in range(200_000)) + "/></item>",
        "<item><title>a</title>" + "<div>" * 100_000 + "</item>",
        "<item><title>a</title>" + "<category>c</category>" * 50_000 + "</item>",
        "<item><title>a</title>" + "<a b='" * 50_000 + "</item>",
    ],
    ids=["attributes", "depth", "categories", "quotes"],
)
def test_a_hostile_entry_fails_alone(hostile: str) -> None:
    began = time.process_time()
    first, bad, last = parse(HEAD + ITEM.format(1) + hostile + ITEM.format(2) + TAIL)
    assert isinstance(bad, BadRecord)
    assert bad.reason == Reason.TOO_COMPLEX
    assert isinstance(first, Entry)
    assert isinstance(last, Entry)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("rest", ["<" * 9_000, "&" * 50_000, "<![CDATA[" * 50_000, "<!--" * 50_000, "&#" * 50_000])
def test_rubbish_behind_the_last_entry_is_bounded(rest: str) -> None:
    began = time.process_time()
    assert len(parse(HEAD + ITEM.format(1) + rest)) == 1
    assert time.process_time() - began < 2


# Feeds that are not.


def entities(*declarations: str) -> str:
    return f"<!DOCTYPE rss [{''.join(declarations)}]>"


BOMB = entities(
    '<!ENTITY a "lol">',
    *(f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in zip("abcdefgh", "bcdefghi", strict=True)),
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Just text", Reason.BAD_FEED),
        ("<html><body>moved</body></html>", Reason.BAD_FEED),
        ("<!-- never ends", Reason.BAD_FEED),
        ("<?xml", Reason.BAD_FEED),
        ("<opml version='1.0'><body/></opml>", Reason.BAD_FEED),
        (HEAD + TAIL, Reason.NO_ENTRIES),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title></feed>", Reason.NO_ENTRIES),
        ('{"version": "https://jsonfeed.org/version/1", "items": []}', Reason.NO_ENTRIES),
        ("[]", Reason.NO_ENTRIES),
        ('{"version": "https://jsonfeed.org/version/1", "items": [', Reason.BAD_JSON),
        ("[" * 200_000, Reason.BAD_JSON),
        (BOMB + HEAD + "<item><title>&i;</title></item>" + TAIL, Reason.BAD_FEED),
        (entities(f'<!ENTITY a "{"x" * 100_000}">') + HEAD + "&a;" * 10_000 + TAIL, Reason.BAD_FEED),
        (HEAD + "<x>" * 300_000 + "<item/>" + TAIL, Reason.TOO_COMPLEX),
    ],
)
def test_a_feed_without_articles(content: str, reason: Reason) -> None:
    began = time.process_time()
    with pytest.raises(BadRecord) as caught:
        entries_of(content.encode(), "feed.xml")
    assert caught.value.reason == reason
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("prolog", "title"),
    [
        ('<!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>', "a b"),
        ("<!DOCTYPE rss SYSTEM 'file:///etc/passwd'>", "a&nbsp;b"),
        ("\n" * 100_000, "a b"),
        ("<!-- c --><?xml-stylesheet href='x'?>", "a b"),
    ],
    ids=["entity", "system", "blank", "comment"],
)
def test_prologs(prolog: str, title: str) -> None:
    began = time.process_time()
    (entry,) = parse(prolog + "<rss version='2.0'><channel><item><title>a&nbsp;b</title></item></channel></rss>")
    assert isinstance(entry, Entry)
    assert entry.title == title.replace("&nbsp;", " ")
    assert time.process_time() - began < 1


def test_time_is_linear_in_the_number_of_entries() -> None:
    """A feed of 200,000 entries takes 200 times what one of 1,000 takes; measured here up to 8,000."""
    seconds = []
    for count in (1_000, 8_000):
        feed = HEAD + "".join(ITEM.format(number) for number in range(count)) + TAIL
        began = time.perf_counter()
        assert len(parse(feed)) == count
        seconds.append(time.perf_counter() - began)
    assert seconds[1] < 16 * seconds[0] + 0.5


def test_entries_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.formats.feed.cut.MAX_ENTRIES", 3)
    found = parse(HEAD + "".join(ITEM.format(number) for number in range(5)) + TAIL)
    assert [entry.title for entry in found if isinstance(entry, Entry)] == ["T0", "T1", "T2"]
    assert isinstance(found[-1], BadRecord)
    assert (found[-1].reason, str(found[-1])[:9]) == (Reason.TOO_LARGE, "2 entries")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the feeds of ../shared/corpora are not here")
def test_real_feeds() -> None:
    slowest = 0.0
    entries = 0
    for path in sorted(CORPUS.iterdir()):
        began = time.perf_counter()
        found = list(parse_feed(path.read_bytes(), path.name))
        slowest = max(slowest, time.perf_counter() - began)
        entries += len(found)
        assert all(isinstance(entry, Entry) for entry in found)
    assert entries == 2003
    assert slowest < 2
