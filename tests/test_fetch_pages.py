"""Pages behind summaries, what robots.txt allows, and answers kept as WARC."""

import dataclasses
import datetime
import gzip
import io
import itertools
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.testing.util import assert_that, equal_to
from fastwarc.warc import ArchiveIterator, WarcRecordType

from pipeline.engines.local import local_runner
from tests.helpers.hostile import FEED, FakeInternet, Server
from tests.helpers.hostile_answers import coded, leads, says
from tests.test_fetch import feed
from transforms.dataset import begin_run
from transforms.failures import BadRecord, Reason
from transforms.feeds.fetch import FetchOutcome, FetchRequest, fetch
from transforms.feeds.schedule import PollingPolicy
from transforms.formats.feed.parse import Body, Entry
from transforms.formats.known import split
from transforms.formats.warc import read_warc
from transforms.http import archive
from transforms.http.client import Client, Limits
from transforms.http.rate_limit import HostRateLimiter
from transforms.parse.article import parse_item
from transforms.parse.split import Split
from transforms.read.pages import FullText, FullTextPolicy, _by_host, is_partial, visit_pages
from transforms.read.read import Read
from transforms.read.sources import full_text_by_list
from transforms.records import Document, Failure, Item
from transforms.write import Write

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
LIMITS = Limits(max_bytes=1_000_000, timeout_seconds=2, user_agent="Dateline/test", archive=True)
SENTENCES = [
    f"The council of the town met again on day {number} to talk about the bridge over the river."
    for number in range(12)
]
PAGE = (
    "<!doctype html><html lang=en><head><title>Bridge</title></head><body><article><h1>Bridge</h1>"
    + "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    + "</article></body></html>"
).encode()


@pytest.fixture(scope="module")
def running() -> Server:
    return Server(everywhere=True)


@pytest.fixture
def server(running: Server) -> Server:
    running.answers, running.requests = {}, []
    return running


def item(url: str, text: str = "The council met.", position: int = 1) -> Item:
    entry = Entry(url=url, title="Bridge", publisher="News", bodies=(Body(basis="summary", value=text, is_html=False),))
    return Item(uri="http://news.test/feed", position=position, kind="entry", content=entry, fetched=NOON)


def visit_tagged(server: Server, *items: Item, turns: HostRateLimiter | None = None, minutes: float = 1) -> list[Any]:
    internet = FakeInternet(server)
    with Client(LIMITS, lookup=internet.lookup, inner=internet, tls=server.trusting) as client:
        return [*visit_pages(client, turns or HostRateLimiter(0), list(items), agent="Dateline", minutes=minutes)]


def visit(server: Server, *items: Item, turns: HostRateLimiter | None = None, minutes: float = 1) -> list[Item]:
    found = visit_tagged(server, *items, turns=turns, minutes=minutes)
    return [one for one in found if isinstance(one, Item)]


# Full text.


def test_the_text_comes_from_the_page_and_says_so(server: Server) -> None:
    server.answers["/1"] = says(200, "Content-Type: text/html", body=PAGE)
    (found,) = visit(server, item("http://news.test/1"))
    article = parse_item(found, lambda name: False)
    assert article.text_basis == "page"
    assert all(sentence in article.text for sentence in SENTENCES)
    assert (article.summary, article.publisher, article.page_failure) == ("The council met.", "News", None)
    assert (article.url, article.source_kind) == ("http://news.test/1", "entry")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(404), "404"),
        (says(500), "500"),
        (says(429), "429"),
        (says(200, "Content-Type: application/pdf", body=b"%PDF-1.7"), "no page but"),
        (says(200, "Content-Type: text/html", body=b"<!doctype html><p>Please sign in."), "no_article"),
        (says(200, "Content-Type: text/html", body=b"x" * 2_000_000), "max_bytes"),
        (leads("http://169.254.169.254/"), "not public"),
        (leads("/1"), "ring"),
    ],
)
def test_a_page_that_fails_leaves_the_summary_and_says_why(server: Server, answer: Any, said: str) -> None:
    server.answers["/1"] = answer
    (found,) = visit(server, item("http://news.test/1"))
    article = parse_item(found, lambda name: False)
    assert (article.text, article.text_basis) == ("The council met.", "summary")
    assert said in (article.page_failure or "")


def test_a_page_with_less_than_the_feed_is_not_taken(server: Server) -> None:
    server.answers["/1"] = says(200, "Content-Type: text/html", body=PAGE)
    long = " ".join(SENTENCES * 2)
    (found,) = visit(server, item("http://news.test/1", text=long))
    article = parse_item(found, lambda name: False)
    assert (article.text_basis, article.page_failure) == ("summary", "the page has no more text than the feed")


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        ("Short.", True),
        ("word " * 400, False),
        ("word " * 400 + "…", True),
        ("word " * 400 + "[...]", True),
        ("word " * 400 + "Continue reading »", True),
        ("word " * 400 + "He went on reading more.", False),
    ],
)
def test_what_is_a_summary(text: str, partial: bool) -> None:
    assert is_partial(Entry(bodies=(Body(basis="content", value=text, is_html=False),))) == partial


def test_a_host_without_time_left_keeps_its_summaries(server: Server) -> None:
    server.answers["news.test"] = says(body=PAGE)
    found = visit(server, *(item(f"http://news.test/{number}") for number in range(3)), minutes=-1)
    assert [one.page for one in found] == [None] * 3
    assert all("host_minutes" in (one.page_failure or "") for one in found)
    assert server.requests == []


# robots.txt.

ROBOTS = b"User-agent: *\nDisallow: /\n\nUser-agent: dateline\nDisallow: /private/\nAllow: /private/open\n"


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        (says(404), "/1", True),
        (says(403), "/1", True),
        (says(503), "/1", False),
        (says(429), "/1", False),
        (leads("/robots.txt"), "/1", False),
        (says(body=ROBOTS), "/1", True),
        (says(body=ROBOTS), "/private/1", False),
        (says(body=ROBOTS), "/private/open", True),
        (says(body=b"User-agent: *\nDisallow: /*.html$"), "/1.html", False),
        (says(body=b"User-agent: *\nDisallow:"), "/1", True),
        (says(body=b"\xff\xfe\0garbage" * 100), "/1", True),
        (says(body=b"# comment\n" * 100_000 + b"User-agent: *\nDisallow: /"), "/1", True),
        (leads("http://other.test/r", 301), "/1", True),
    ],
)
def test_what_robots_txt_says_holds(server: Server, robots: Any, path: str, allowed: bool) -> None:
    server.answers.update({"/robots.txt": robots, path: says(200, "Content-Type: text/html", body=PAGE)})
    (found,) = visit(server, item(f"http://news.test{path}"))
    assert (found.page is not None) == allowed, found.page_failure
    assert (path in [request.target for request in server.requests]) == allowed


def test_robots_txt_is_asked_once_for_a_host_and_for_each_host_on_the_way(server: Server) -> None:
    server.answers.update(
        {
            "news.test/robots.txt": says(404),
            "other.test/robots.txt": says(body=b"User-agent: *\nDisallow: /closed"),
            "/1": leads("http://other.test/open"),
            "/2": leads("http://other.test/closed"),
            "/open": says(200, "Content-Type: text/html", body=PAGE),
        }
    )
    found = visit(server, item("http://news.test/1"), item("http://news.test/2", position=2))
    assert [one.page is not None for one in found] == [True, False]
    assert server.paths().count("news.test/robots.txt") == 1
    assert server.paths().count("other.test/robots.txt") == 1
    assert "other.test/closed" not in server.paths()


def test_crawl_delay_is_kept_to(server: Server) -> None:
    server.answers.update({"/robots.txt": says(body=b"User-agent: *\nCrawl-delay: 0.5"), "news.test": says(body=PAGE)})
    visit(server, *(item(f"http://news.test/{number}") for number in range(3)))
    times = [request.at for request in server.requests]
    assert len(times) == 4
    assert all(later - earlier >= 0.45 for earlier, later in itertools.pairwise(times))


def test_a_crawl_delay_of_an_hour_leaves_the_pages(server: Server) -> None:
    server.answers.update({"/robots.txt": says(body=b"User-agent: *\nCrawl-delay: 3600"), "news.test": says(body=PAGE)})
    (found,) = visit(server, item("http://news.test/1"))
    assert "left alone" in (found.page_failure or "")


# WARC.


def kept(server: Server, url: str = "http://news.test/feed") -> bytes:
    internet = FakeInternet(server)
    with Client(LIMITS, lookup=internet.lookup, inner=internet, tls=server.trusting) as client:
        found = fetch(
            client, FetchRequest(address=url), HostRateLimiter(0), pace=PollingPolicy(), fetched=NOON, keep=archive.keep
        )
        return b"".join(one for one in found if isinstance(one, bytes))


def test_an_answer_is_kept_as_it_came_and_can_be_read_again(server: Server) -> None:
    server.answers["/feed"] = coded("gzip", gzip.compress(FEED))
    packed = kept(server, "http://me:hunter2@news.test/feed?token=hunter2")
    (record,) = ArchiveIterator(io.BytesIO(packed), record_types=WarcRecordType.response, verify_digests=True)
    assert record.headers["WARC-Target-URI"] == "http://news.test/feed?token=***"
    assert record.http_headers.get("Content-Encoding") == "gzip"
    assert gzip.decompress(record.reader.read()) == FEED
    assert b"hunter2" not in gzip.decompress(packed)
    (document,) = read_warc(io.BytesIO(packed), "a.warc.gz", max_bytes=10_000)
    assert isinstance(document, Document)
    assert (document.kind, document.content) == ("feed", FEED)


def test_failures_and_what_is_not_new_are_not_kept(server: Server) -> None:
    for answer in (says(404), says(body=b"")):
        server.answers["/feed"] = answer
        assert kept(server) == b""
    server.answers["/feed"] = says()
    internet = FakeInternet(server)
    with Client(LIMITS, lookup=internet.lookup, inner=internet, tls=server.trusting) as client:
        state = None
        for expected in (1, 0):
            task = FetchRequest(address="http://news.test/feed", state=state)
            found = list(fetch(client, task, HostRateLimiter(0), pace=PollingPolicy(), fetched=NOON, keep=archive.keep))
            (state,) = (one.state for one in found if isinstance(one, FetchOutcome))
            assert sum(isinstance(one, bytes) for one in found) == expected


def warc(*blocks: tuple[str, bytes]) -> io.BytesIO:
    return io.BytesIO(b"".join(archive.response_record(url, NOON, block) for url, block in blocks))


def test_pages_and_feeds_of_a_warc_are_documents_and_the_rest_is_passed_over() -> None:
    file = warc(
        ("http://a.test/1", b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=koi8-r\r\n\r\n<!doctype html><p>x"),
        ("http://a.test/2", b"HTTP/1.1 404 No\r\nContent-Type: text/html\r\n\r\n<!doctype html><p>no"),
        ("http://a.test/3", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG"),
        (
            "http://a.test/4",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n0\r\n\r\n",
        ),
        ("http://a.test/5", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8bno"),
        ("http://a.test/6", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * 20_000),
    )
    found = list(read_warc(file, "a.warc", max_bytes=10_000))
    documents = [one for one in found if isinstance(one, Document)]
    assert [(one.uri, one.kind, one.charset, one.fetched) for one in documents] == [
        ("http://a.test/1", "html", "koi8-r", NOON),
        ("http://a.test/4", "feed", None, NOON),
    ]
    assert documents[1].content == b"<rss>"
    failures = [one for one in found if isinstance(one, Failure)]
    assert [one.reason for one in failures] == ["fetch_failed", "too_large"]
    places = [documents[0].record, documents[1].record, *(one.source for one in failures)]
    addresses = []
    for place in places:  # what a row names can be read again from there
        name, _, offset = (place or "").partition("#")
        assert name == "a.warc"
        file.seek(int(offset))
        addresses.append(next(iter(ArchiveIterator(file))).headers["WARC-Target-URI"])
    assert addresses == [f"http://a.test/{number}" for number in (1, 4, 5, 6)]


def test_an_article_out_of_a_warc_has_its_own_address_and_says_which_record_it_was() -> None:
    file = warc(("http://a.test/1", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE))
    (document,) = read_warc(file, "old/a.warc.gz", max_bytes=100_000)
    assert isinstance(document, Document)
    article = parse_item(next(split(document)), lambda name: False)
    assert (article.source_uri, article.url, article.archive_record) == (
        "http://a.test/1", "http://a.test/1", "old/a.warc.gz#0",
    )  # fmt: skip


def test_a_warc_without_a_page_or_cut_short_is_a_failure() -> None:
    with pytest.raises(BadRecord) as caught:
        list(read_warc(warc(), "a.warc", max_bytes=10))
    assert caught.value.reason == Reason.EMPTY
    whole = warc(("http://a.test/1", b"HTTP/1.1 200 OK\r\n\r\n<!doctype html>" + b"x" * 5000)).getvalue()
    with pytest.raises(BadRecord):
        list(read_warc(io.BytesIO(whole[: len(whole) // 2]), "a.warc", max_bytes=10_000))


# Within Beam.


def test_pages_and_archive_in_a_run(server: Server, tmp_path: Path) -> None:
    base = f"http://127.0.0.2:{server.port}"
    page = says(200, "Content-Type: text/html", body=PAGE)
    server.answers.update({"/feed": says(body=feed("a").replace(b"https://news.test", base.encode())), "/a": page})
    read = Read([f"{base}/feed"], allow_private_addresses=True, full_text=True, archive=True, host_interval_seconds=0)
    run = begin_run(str(tmp_path), [(f"{base}/feed", None, None)], NOON)
    with beam.Pipeline(runner=local_runner(1)) as p:
        found = p | "Read" >> read
        split = found.documents | "Split" >> Split()
        pages = split.items | "Pages" >> FullText(read)
        assert_that(pages.items | beam.Map(lambda one: one.page.content), equal_to([PAGE]))
        records = (found.archive, pages.archive) | beam.Flatten()
        {"failures": found.failures, "archive": records} | Write(
            output=str(tmp_path), run=run, shards=1, only=("failures",)
        )
    first, *_ = ArchiveIterator(str(next(tmp_path.rglob("*.warc.gz"))), fsspec_args=False)
    assert first.record_type == WarcRecordType.warcinfo
    (file,) = (tmp_path / "archive").rglob("*.warc.gz")
    kinds = sorted(
        one.kind for one in read_warc(file.open("rb"), str(file), max_bytes=10**6) if isinstance(one, Document)
    )
    assert kinds == ["feed", "html"]
    with beam.Pipeline(runner=local_runner(1)) as p:
        again = p | Read([str(file)])
        assert_that(again.documents | beam.Map(lambda one: one.kind), equal_to(["feed", "html"]))


def test_pages_of_some_feeds_only() -> None:
    one = item("http://news.test/1")
    assert next(_by_host(one, FullTextPolicy(["http://news.test/feed"], {}))) == ("news.test", one)
    assert isinstance(next(_by_host(one, FullTextPolicy(["http://other.test/feed"], {}))), TaggedOutput)
    assert isinstance(next(_by_host(dataclasses.replace(one, content=b""), FullTextPolicy(True, {}))), TaggedOutput)


def test_a_list_says_which_feeds_have_pages(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        "url,full_text\nhttp://a.test/f?key=x,yes\nhttp://b.test/f,no\nhttp://c.test/f,\n"
    )
    listed = full_text_by_list([str(tmp_path / "mine.csv"), "http://d.test/f"])
    for setting in (False, True):
        wanted = FullTextPolicy(setting, listed)
        assert wanted.any
        assert [
            wanted.of(f"http://{host}.test/f{query}") for host, query in (("a", "?key=***"), ("b", ""), ("c", ""))
        ] == [
            True,
            False,
            setting,
        ]
    (tmp_path / "bad.csv").write_text("url,full_text\nhttp://a.test/f,maybe\n")
    with pytest.raises(ValueError, match="expected yes or no"):
        full_text_by_list([str(tmp_path / "bad.csv")])
