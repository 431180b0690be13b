"""Steps that were rewritten to be linear give the same results as before."""

import gzip
import io
import json
import zlib

import brotli
import pytest
from fastwarc.warc import WarcRecordType

from benchmarks.growth.clock import superlinear
from benchmarks.growth.steps import THEN, article, gazetteer
from transforms.deduplicate.shingles import shingle_hashes
from transforms.extract.persons import MAX_NAMESAKES, join_persons
from transforms.failures import BadRecord, Reason
from transforms.feeds.feed_list import MAX_PROBLEM, FeedListError, parse_feed_list
from transforms.feeds.opml import parse_opml
from transforms.formats.feed.cut import MAX_FRAME, MAX_TAIL, cut_feed
from transforms.formats.feed.parse import MAX_AUTHORS, MAX_LABEL, parse_feed
from transforms.formats.html.json_ld import loads
from transforms.formats.known import split
from transforms.formats.warc import read_warc
from transforms.gazetteer.candidates import options_for
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.context import MentionContext
from transforms.geocode.mentions.patterns import _lists
from transforms.geocode.ranking.features import Name
from transforms.geocode.ranking.weights import MAX_ROWS, _groups
from transforms.http.archive import warc_record
from transforms.http.decoding import decode_content
from transforms.http.redact import mask
from transforms.languages.known import language_of
from transforms.parse import parse_item
from transforms.records import Document
from transforms.text.dates import fold
from transforms.text.normal_forms import few_marks

ATOM = "http://www.w3.org/2005/Atom"


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("Clarke and Oconee counties", ["Clarke and Oconee"]),
        ("rain in Hall, Palm Beach, and Oconee counties fell", ["Hall, Palm Beach, and Oconee"]),
        ("In The Hall or Clarke Parishes", ["Hall or Clarke"]),
        ("Hall & Clarke counties, and Bibb and Jones counties", ["Hall & Clarke", "Bibb and Jones"]),
        ("Hall, Clarke counties", []),
        ("said Monday Night In Clarke, Hall and Bibb counties", ["Night In Clarke, Hall and Bibb"]),
        (", ".join(["Hall"] * 200) + " and Bibb counties", [", ".join(["Hall"] * 200) + " and Bibb"]),
        ("both and Bibb counties", []),
    ],
)
def test_lists_before_a_plural(text, lists):
    assert [text[start:end] for start, end, _ in _lists(text, language_of("en").forms)] == lists


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '<!-- {"a": 1} -->',
        '// <![CDATA[\n{"a": 1}\n// ]]>',
        '/* <![CDATA[ */ {"a": 1} ]]> ; ',
        '<![CDATA[<!-- {"a": 1,} -->]]>',
        '\n {"a": 1} \n' + " " * 1_000,
    ],
)
def test_json_ld_in_wrappings(text):
    assert loads(text) == {"a": 1}


def test_an_author_is_kept_whole_however_long():
    long = "a" * 2_000
    feed = f"<rss><channel><item><title>A</title><author>{long}</author></item><item><author>b@c.test (Ann Lee)"
    first, second = parse_feed(f"{feed}</author></item></channel></rss>".encode(), "a")
    assert (first.byline, first.authors) == (long[:500], ())
    assert second.authors == ("Ann Lee",)


def test_the_end_and_the_root_of_a_feed_are_not_read_with_every_run():
    items = "".join(
        f"<item><title>T{number}</title><link>http://a.test/{number}</link></item>" for number in range(250)
    )
    root = f'<rss a="{"x" * MAX_FRAME}"><channel>'
    foot = "<x>" + "y" * MAX_TAIL + "</x></channel></rss>"
    cut = cut_feed(root + items + foot)
    assert (cut.frame, cut.tail, cut.foot) == ("", "</x></channel></rss>", foot)
    entries = list(parse_feed((root + items + foot).encode(), "a"))
    assert [entry.title for entry in entries] == [f"T{number}" for number in range(250)]


def test_many_document_types_are_passed_over():
    feed = "<!DOCTYPE a>" * 1_000 + "<rss><channel><item><title>A</title></item></channel></rss>"
    assert [entry.title for entry in parse_feed(feed.encode(), "a")] == ["A"]


def test_namesakes_beyond_the_bound_do_not_disturb_others():
    names = [f"A{number} Smith" for number in range(2 * MAX_NAMESAKES)]
    assert join_persons([*names, "A7 Smith", "Putin", "Vladimir Putin"])[-3:] == [7, len(names) + 2, len(names) + 2]


@pytest.mark.parametrize(
    ("text", "name", "spans"),
    [
        ("Hall met O'Hall, Hall-Bibb and Halls. Hall", "Hall", [(0, 4), (11, 15), (17, 21), (38, 42)]),
        ("in O'Hall and O'Halls", "O'Hall", [(3, 9)]),
        ("a .b", ".b", []),
    ],
)
def test_uses_of_a_name(text, name, spans):
    assert MentionContext(article(text), (), gazetteer()).uses(name) == spans


def test_places_are_ranked_in_groups_with_the_publisher():
    paris = Name(options_for("Paris", gazetteer()), "Paris")
    publisher = Name(options_for("London", gazetteer()), "London", kind="publisher")
    groups = list(_groups([*[paris] * 200, publisher]))
    assert sum(group.count(paris) for group in groups) == 200
    assert all(group[-1] is publisher for group in groups)
    assert max(sum(len(name.candidates) + 1 for name in group[:-1]) for group in groups) <= MAX_ROWS
    assert len(list(_groups([paris, publisher]))) == 1


def test_an_article_of_names_alone_is_parsed_whole():
    text = ", ".join(["Springfield"] * 3_000) + " and Salem counties.\n"
    (item,) = split(Document(uri="a", kind="text", content=text.encode(), fetched=THEN))
    assert parse_item(item, gazetteer().is_place).text == text.strip()


def test_an_answer_with_damaged_chunks_is_a_failure_of_its_own():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    damaged = head + b"Transfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\nno chunk"
    whole = head + b"\r\n<html><p>Rain fell.</html>"
    when = THEN.replace(microsecond=0)
    headers = {"WARC-Target-URI": "http://a.test/", "Content-Type": "application/http; msgtype=response"}
    archive = b"".join(warc_record(WarcRecordType.response, when, headers, block) for block in (damaged, whole))
    failure, document = read_warc(io.BytesIO(archive), "a.warc.gz", max_bytes=10_000)
    assert (failure.reason, document.content) == ("bad_archive", b"<html><p>Rain fell.</html>")


@pytest.mark.parametrize(
    "feed",
    [
        f"<rss><channel><title>{'Ab ' * 1_000}</title><language>{'e' * 3_000}</language>"
        + "<item><title>A</title></item>",
        f'<feed xmlns="{ATOM}" xml:lang="{"e" * 3_000}"><title>{"Ab " * 1_000}</title>'
        + "".join(f"<author><name>Ann Lee{'e' * number}</name></author>" for number in range(700))
        + "<entry><title>A</title></entry>",
        json.dumps(
            {
                "title": "Ab " * 1_000,
                "language": "e" * 3_000,
                "authors": [{"name": "Ann Lee" + "e" * number} for number in range(1_000)],
                "items": [{"title": "A"}],
            }
        ),
    ],
)
def test_what_a_feed_says_of_itself_is_bounded_in_each_entry(feed):
    (item,) = split(Document(uri="a", kind="feed", content=feed.encode(), fetched=THEN))
    assert item.content.publisher == "Ab " * (MAX_LABEL // 3) + "Ab"
    assert item.content.language == "e" * MAX_LABEL
    assert len(item.content.authors) in (0, MAX_AUTHORS)  # feeds in RSS have none


def test_names_of_folders_are_bounded_in_each_feed():
    folders = "".join(f'<outline text="{letter * 2_000}">' for letter in "ab")
    outline = f'<outline text="{"c" * 2_000}" xmlUrl="http://a.test/"/>'
    feeds, _ = parse_opml(f"<opml><body>{folders}{outline}{'</outline>' * 2}</body></opml>".encode())
    assert (feeds[0].publisher, feeds[0].section) == ("c" * 500, "a" * 500)


@pytest.mark.parametrize("header", ["gzip, gzip", "gzip, deflate, gzip", "gzip, br"])
def test_what_one_coding_gives_another_is_bounded(header):
    body = gzip.compress(b"") * 200_000
    if "deflate" in header:
        body = zlib.compress(body)
    body = brotli.compress(body, quality=1) if "br" in header else gzip.compress(body)
    with pytest.raises(BadRecord, match="one coding upon another unpack to more than") as caught:
        list(decode_content(iter([body]), header))
    assert caught.value.reason == Reason.ARCHIVE_BOMB


def test_codings_upon_another_give_the_body():
    body = bytes(range(256)) * 10_000
    assert b"".join(decode_content(iter([gzip.compress(gzip.compress(body))]), "gzip, gzip")) == body


@pytest.mark.parametrize("quality", [1, 11])
def test_a_brotli_body_that_unpacks_to_more_than_one_block_is_read(quality):
    body = b"".join(b"Rain fell on day %d. " % (number % 1_000) for number in range(50_000))
    assert b"".join(decode_content(iter([brotli.compress(body, quality=quality)]), "br")) == body


@pytest.mark.parametrize("unit", ["\u0301\u0323", "\u0f71\u0f72", "\u0f73", "\u0323\uff9e", "\u3099\u0301"])
@pytest.mark.parametrize("call", [shingle_hashes, normalize, fold, mask, lambda text: join_persons([text, text + "a"])])
def test_marks_in_a_row_take_linear_time(unit, call):
    def make(length):
        return "http://a" + unit * (length // len(unit)) + "b"

    assert superlinear(getattr(call, "__wrapped__", call), make, 20_000) is None


@pytest.mark.parametrize(
    "text", ["e\u0301", "\u0e01\u0e38\u0e48" * 50, "\u0301" * 30, "\U0001f600" * 50, "\u3001" * 50]
)
def test_marks_that_languages_have_are_kept(text):
    assert few_marks(text) == text


@pytest.mark.parametrize(
    "content", ["url\n" + "ftp://a\n" * 50_000, ",".join(map(str, range(50_000))), "url\n" + "a" * 100_000]
)
def test_what_is_said_of_a_bad_list_of_feeds_is_bounded(content):
    with pytest.raises(FeedListError) as caught:
        parse_feed_list(content)
    assert len(str(caught.value)) < 105 * MAX_PROBLEM
