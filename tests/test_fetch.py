"""An address over several runs: what is remembered, when it is asked again, and what is never written down."""

import dataclasses
import datetime
import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.hostile import FEED, Answer, Exchange, FakeInternet, Server
from tests.helpers.hostile_answers import leads, says
from transforms.feeds.fetch import FetchOutcome, FetchRequest, fetch
from transforms.feeds.fingerprints import read_entries
from transforms.feeds.schedule import (
    CacheHints,
    FeedState,
    PollingPolicy,
    address_to_ask,
    after_failure,
    after_success,
    from_json,
    is_due,
    key_of,
    to_json,
)
from transforms.formats.feed.parse import Entry
from transforms.formats.known import split
from transforms.http.client import Client, Limits
from transforms.http.rate_limit import HostRateLimiter
from transforms.http.redact import mask, mask_text
from transforms.records import Document, Failure

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)  # a Monday
MINUTE, HOUR, DAY = (datetime.timedelta(seconds=seconds) for seconds in (60, 3600, 86400))
LIMITS = Limits(max_bytes=1_000_000, timeout_seconds=2, user_agent="Dateline/test (+news@lab.test)")
URL = "http://news.test/feed"


@pytest.fixture(scope="module")
def running() -> Server:
    return Server()


@pytest.fixture
def server(running: Server) -> Server:
    running.answers, running.requests = {}, []
    running.most_open.clear()
    return running


@dataclasses.dataclass
class Reader:
    """Reads one address again and again, as runs do."""

    server: Server
    url: str = URL
    state: FeedState | None = None
    now: datetime.datetime = NOON
    pace: PollingPolicy = dataclasses.field(default_factory=PollingPolicy)
    turns: HostRateLimiter = dataclasses.field(default_factory=lambda: HostRateLimiter(0))

    def read(self, after: datetime.timedelta = datetime.timedelta(0)) -> tuple[list[Any], FetchOutcome]:
        self.now += after
        internet = FakeInternet(self.server)
        with Client(LIMITS, lookup=internet.lookup, inner=internet, tls=self.server.trusting) as client:
            task = FetchRequest(address=self.url, state=self.state)
            *results, asked = fetch(client, task, self.turns, pace=self.pace, fetched=NOON, clock=lambda: self.now)
        self.state = from_json(to_json(asked.state)) if asked.state else self.state  # as the dataset keeps it
        return results, asked


def feed(*titles: str, head: str = "") -> bytes:
    entries = "".join(f"<item><title>{title}</title><link>https://news.test/{title}</link></item>" for title in titles)
    return f"<rss><channel><title>T</title>{head}{entries}</channel></rss>".encode()


def validated(body: bytes, *headers: str) -> Answer:
    """Return an answer that honours If-None-Match."""

    def answer(exchange: Exchange) -> None:
        tag = f'"{hash(body)}"'
        known = exchange.headers.get("if-none-match") == tag
        exchange.reply(304 if known else 200, [f"ETag: {tag}", *headers], b"" if known else body)

    return answer


# Over several runs.


def test_a_second_run_gets_304_and_gives_nothing(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = validated(feed("a"))
    assert isinstance(reader.read()[0][0], Document)
    results, asked = reader.read(HOUR)
    assert (results, asked.outcome) == ([], "not_modified")
    assert server.requests[0].headers.get("if-none-match") is None
    assert server.requests[1].headers["if-none-match"].startswith('"')


def test_last_modified_is_sent_back_as_it_was(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says(200, "Last-Modified: Sun, 01 Mar 2026 00:00:00 GMT")
    reader.read()
    server.answers["/feed"] = says(304, body=b"")
    assert reader.read(HOUR)[1].outcome == "not_modified"
    assert server.requests[1].headers["if-modified-since"] == "Sun, 01 Mar 2026 00:00:00 GMT"


def test_the_same_body_without_validators_is_not_new(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says()
    assert reader.read()[1].outcome == "new"
    results, asked = reader.read(HOUR)
    assert (results, asked.outcome) == ([], "not_modified")


def test_entries_that_were_there_are_known_again(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says(body=feed("a", "b"))
    assert reader.read()[0][0].known == frozenset()
    server.answers["/feed"] = says(body=feed("c", "a", "b!"))
    (document,), asked = reader.read(HOUR)
    assert document.known == {2}
    assert [item.content.title for item in split(document) if isinstance(item.content, Entry)] == ["c", "a", "b!"]
    assert not asked.overrun


def test_a_feed_that_has_moved_on_altogether_is_asked_sooner(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says(body=feed("a", "b", head="<ttl>60</ttl>"))
    assert reader.read()[1].state.due == NOON + HOUR
    server.answers["/feed"] = says(body=feed("c", "d", head="<ttl>60</ttl>"))
    _, asked = reader.read(HOUR)
    assert asked.overrun
    assert asked.state.due == reader.now + 10 * MINUTE


@pytest.mark.parametrize(("new", "wait"), [(1, HOUR), (2, 10 * MINUTE)])
def test_a_feed_that_fills_quickly_is_asked_sooner(server: Server, new: int, wait: datetime.timedelta) -> None:
    reader = Reader(server)
    titles = [f"story{number}" for number in range(8)]
    server.answers["/feed"] = says(body=feed(*titles[:4], head="<ttl>60</ttl>"))
    reader.read()
    server.answers["/feed"] = says(body=feed(*titles[new : new + 4], head="<ttl>60</ttl>"))
    assert reader.read(HOUR)[1].state.due == reader.now + wait


def test_an_outage_between_keeps_what_is_remembered(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = validated(feed("a"))
    reader.read()
    server.answers["/feed"] = says(503)
    assert reader.read(HOUR)[1].outcome == "failed"
    server.answers["/feed"] = says(200, "Content-Type: text/html", body=b"<!doctype html><p>We are moving house.")
    results, _ = reader.read(HOUR)
    assert results[0].message == "a page where a feed was"
    server.answers["/feed"] = validated(feed("a"))
    assert reader.read(HOUR)[1].outcome == "not_modified"
    assert reader.state is not None
    assert reader.state.failed == 0


@pytest.mark.parametrize(("status", "remembered"), [(301, True), (308, True), (302, False), (303, False), (307, False)])
def test_only_permanent_moves_are_remembered(server: Server, status: int, remembered: bool) -> None:
    reader = Reader(server)
    server.answers.update({"/feed": leads("http://other.test/new", status), "other.test/new": says()})
    reader.read()
    server.requests.clear()
    server.answers["other.test/new"] = says(body=feed("b"))
    reader.read(HOUR)
    assert server.paths()[0] == ("other.test/new" if remembered else "news.test/feed")


def test_a_move_is_remembered_up_to_the_first_hop_that_is_not_for_ever(server: Server) -> None:
    reader = Reader(server)
    server.answers.update({"/feed": leads("/b", 301), "/b": leads("/c", 302), "/c": leads("/d", 301), "/d": says()})
    reader.read()
    assert reader.state is not None
    assert reader.state.moved_to == "http://news.test/b"


def test_a_move_to_a_page_or_with_a_password_is_not_remembered(server: Server) -> None:
    for target, answer in (("/home", says(body=b"<!doctype html><p>Home")), ("/feed2?token=abc", says())):
        reader = Reader(server)
        server.answers.update({"/feed": leads(target, 301), target.partition("?")[0]: answer})
        reader.read()
        assert reader.state is not None
        assert reader.state.moved_to is None


def test_when_the_new_address_is_gone_the_old_one_is_asked(server: Server) -> None:
    reader = Reader(server)
    server.answers.update({"/feed": leads("/new", 301), "/new": says()})
    reader.read()
    server.answers["/new"] = says(410)
    assert reader.read(HOUR)[1].outcome == "failed"
    server.answers["/feed"] = says(body=feed("back"))
    assert reader.read(HOUR)[1].outcome == "new"


def test_gone_is_gone(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says(410)
    (failure,), asked = reader.read()
    assert (failure.reason, asked.outcome) == ("gone", "gone")
    assert not is_due(reader.state, NOON + 1000 * DAY)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("Retry-After: 7200", 2 * HOUR),
        ("Retry-After: Mon, 02 Mar 2026 15:00:00 GMT", 3 * HOUR),
        ("Retry-After: 1", 10 * MINUTE),
        ("Retry-After: 99999999", 7 * DAY),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_believed(
    server: Server, status: int, header: str, wait: datetime.timedelta
) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says(status, header)
    assert reader.read()[1].state.due == NOON + wait


def test_after_too_many_requests_the_host_is_left_alone(server: Server) -> None:
    turns = HostRateLimiter(0)
    server.answers["/feed"] = says(429)
    Reader(server, turns=turns).read()
    results, asked = Reader(server, url="http://news.test/other", turns=turns).read()
    assert (results, asked.outcome) == ([], "waiting")
    assert asked.state.due > NOON + 14 * MINUTE
    assert len(server.requests) == 1


def test_cookies_end_with_the_request(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says(200, "Set-Cookie: id=7; Path=/; Max-Age=999999")
    reader.read()
    reader.read(HOUR)
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]


def test_the_reader_says_who_it_is(server: Server) -> None:
    Reader(server).read()
    assert server.requests[0].headers["user-agent"] == "Dateline/test (+news@lab.test)"
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"


# When.


@pytest.mark.parametrize(
    ("headers", "head", "wait"),
    [
        ((), "", 10 * MINUTE),
        (("Cache-Control: public, max-age=1800",), "", 30 * MINUTE),
        (("Cache-Control: max-age=1800", "Age: 600"), "", 20 * MINUTE),
        (("Cache-Control: no-cache, max-age=1800",), "", 10 * MINUTE),
        (("Cache-Control: max-age=31536000",), "", 2 * HOUR),
        (("Date: Mon, 02 Mar 2026 11:00:00 GMT", "Expires: Mon, 02 Mar 2026 11:45:00 GMT"), "", 45 * MINUTE),
        (("Expires: 0",), "", 10 * MINUTE),
        (("Expires: -1",), "", 10 * MINUTE),
        ((), "<ttl>60</ttl>", HOUR),
        ((), "<ttl>soon</ttl>", 10 * MINUTE),
        ((), "<sy:updatePeriod>hourly</sy:updatePeriod>", HOUR),
        ((), "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 30 * MINUTE),
        ((), "<sy:updatePeriod>weekly</sy:updatePeriod>", 2 * HOUR),
        ((), "<skipHours><hour>12</hour><hour>13</hour></skipHours>", 2 * HOUR),
        ((), "<skipDays><day>Monday</day></skipDays>", 12 * HOUR),
        ((), "<skipDays><day>Monday</day><day>Tuesday</day></skipDays>", DAY),
        (("Cache-Control: max-age=3600",), "<ttl>30</ttl>", HOUR),
    ],
)
def test_when_a_feed_is_asked_again(
    server: Server, headers: tuple[str, ...], head: str, wait: datetime.timedelta
) -> None:
    server.answers["/feed"] = says(200, *headers, body=feed("a", head=head))
    assert Reader(server).read()[1].state.due == NOON + wait


def test_failures_are_asked_later_and_later_but_for_ever() -> None:
    pauses = [after_failure("k", failed, NOON, PollingPolicy(every=900)) - NOON for failed in range(1, 200)]
    expected = [900, 900, 900, 1800, *[3600] * 20, *(min(3600 * 2**at, 86400) for at in range(1, 176))]
    shares = [pause.total_seconds() / want for pause, want in zip(pauses, expected, strict=True)]
    assert all(0.75 <= share <= 1.25 for share in shares)
    assert max(pauses) <= DAY
    assert pauses == [after_failure("k", failed, NOON, PollingPolicy(every=900)) - NOON for failed in range(1, 200)]
    assert len({after_failure(str(key), 1, NOON, PollingPolicy()) for key in range(50)}) > 40


def test_a_job_that_comes_a_little_early_finds_the_feed_due() -> None:
    state = FeedState(key="k", shown="u", asked=NOON, due=NOON + 15 * MINUTE)
    assert is_due(state, NOON + 14 * MINUTE)
    assert not is_due(state, NOON + 13 * MINUTE)
    assert is_due(state, NOON - DAY), "a clock that was set back"
    assert is_due(None, NOON)


def test_what_is_due_is_never_before_its_time() -> None:
    assert after_success(CacheHints(), NOON, PollingPolicy(every=0)) == NOON
    assert after_success(CacheHints(fresh=1e12), NOON, PollingPolicy()) == NOON + 2 * HOUR


def test_the_listed_address_is_tried_when_the_new_one_fails() -> None:
    state = FeedState(key="k", shown="u", asked=NOON, due=NOON, moved_to="http://new.test/")
    asked = [address_to_ask("http://old.test/", dataclasses.replace(state, failed=failed)) for failed in range(8)]
    assert [address == "http://old.test/" for address in asked] == [failed in (3, 7) for failed in range(8)]


# A host's turns.


# What is never written down.

SECRETS = [
    "https://me:hunter2@news.test/feed",
    "https://news.test/feed?token=hunter2",
    "https://news.test/feed?a=1&API_KEY=hunter2&b=2",
    "https://news.test/feed?X-Amz-Signature=hunter2",
    "https://news.test/feed?x=1&client_secret=hunter2#f",
    "https://user@news.test/feed?sid=hunter2",
]


@pytest.mark.parametrize("address", SECRETS)
def test_secrets_are_struck_out(address: str) -> None:
    assert "hunter2" not in mask(address)
    assert "news.test/feed" in mask(address)
    assert mask(mask(address)) == mask(address)
    assert "hunter2" not in mask_text(f"ConnectError: {address!r} and <{address}> failed")


@pytest.mark.parametrize("address", ["https://news.test/feed?page=2&id=7", "https://news.test/monkey?keyboard=x"])
def test_the_rest_is_left_as_it_is(address: str) -> None:
    assert mask(address) == address


def refusing(exchange: Exchange) -> None:
    exchange.reply(302, ["Location: http://127.0.0.1/?token=hunter2"], b"")


@pytest.mark.parametrize("answer", [says(), says(500), says(410), refusing, leads("/feed?key=hunter2")])
def test_no_secret_in_rows_states_and_logs(
    server: Server, answer: Callable[[Exchange], None], caplog: pytest.LogCaptureFixture
) -> None:
    server.answers["/feed"] = answer
    caplog.set_level(logging.INFO)
    reader = Reader(server, url="http://me:hunter2@news.test/feed?token=hunter2")
    results, asked = reader.read()
    for result in results:
        assert isinstance(result, Document | Failure)
        assert "hunter2" not in repr(result)
    assert "hunter2" not in repr(asked)
    assert "hunter2" not in caplog.text
    assert "hunter2" not in key_of(reader.url)


def test_a_password_goes_to_its_own_host_only(server: Server) -> None:
    server.answers.update({"news.test/feed": leads("http://other.test/feed"), "other.test/feed": says()})
    Reader(server, url="http://me:hunter2@news.test/feed").read()
    assert [request.headers.get("authorization") for request in server.requests] == ["Basic bWU6aHVudGVyMg==", None]


# Fingerprints.


def test_fingerprints_are_of_entries_alone() -> None:
    one, around = read_entries(feed("a", "b", head="<lastBuildDate>1</lastBuildDate>"), None)
    two, _ = read_entries(feed("b", "a", head="<lastBuildDate>2</lastBuildDate>"), None)
    assert set(one) == set(two)
    assert "lastBuildDate" in around
    assert read_entries(b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1"}]}', None)[0]
    for nothing in (b"", b"{", b"<svg/>", b"[" * 100_000, FEED[:40]):
        assert read_entries(nothing, None)[0] == ()
