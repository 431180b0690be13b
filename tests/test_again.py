"""What fails is asked again, and told once: within a run, from run to run, and for single entries."""

import dataclasses
import datetime
import json
from pathlib import Path

import pytest
from apache_beam.pvalue import TaggedOutput

from pipeline.launch.totals import failure_share
from tests.helpers.hostile import Answer, Exchange, FakeInternet, Server
from tests.helpers.hostile_answers import says
from tests.test_fetch import DAY, HOUR, LIMITS, MINUTE, NOON, URL, Reader, feed, validated
from tests.test_fetch_pages import PAGE, item, visit_tagged
from transforms.dataset import Run
from transforms.dataset import memory as snapshot
from transforms.dataset.memory import KEEP_DAYS, changed
from transforms.feeds.fetch import FetchOutcome, FetchRequest
from transforms.feeds.retries import PAUSES, begin, due_entries, settle
from transforms.feeds.schedule import (
    CacheHints,
    FeedState,
    PollingPolicy,
    after_failure,
    after_success,
    from_json,
    key_of,
    learn_rate,
    to_json,
    turnover,
)
from transforms.http.client import Client
from transforms.http.rate_limit import HostRateLimiter
from transforms.read.memory import to_try_again
from transforms.read.pages import RETRIES
from transforms.read.read import not_asked
from transforms.read.visit_host import ask_host
from transforms.records import Document, Failure


@pytest.fixture(scope="module")
def running() -> Server:
    return Server()


@pytest.fixture
def server(running: Server) -> Server:
    running.answers, running.requests = {}, []
    return running


def state(**fields: object) -> FeedState:
    return FeedState(**{"key": "k", "shown": "u", "asked": NOON, "due": NOON, **fields})  # type: ignore[arg-type]


# Within a run.


def first_then(first: Answer, then: Answer) -> Answer:
    """Return another answer from the second request on."""
    asked: list[Exchange] = []

    def answer(exchange: Exchange) -> None:
        asked.append(exchange)
        (first if len(asked) == 1 else then)(exchange)

    return answer


def ask(server: Server, *tasks: FetchRequest, pauses: list[float] | None = None, seconds: float = 10.0) -> list[object]:
    internet = FakeInternet(server)
    waited = pauses if pauses is not None else []
    turns = HostRateLimiter(0, clock=lambda: sum(waited), sleep=waited.append)
    with Client(LIMITS, lookup=internet.lookup, inner=internet, tls=server.trusting) as client:
        return [
            *ask_host(
                client,
                turns,
                [*tasks],
                pace=PollingPolicy(),
                fetched=NOON,
                clock=lambda: NOON + datetime.timedelta(seconds=sum(waited)),
                retry_seconds=seconds,
            )
        ]


@pytest.mark.parametrize("first", [says(500), says(503), says(504), lambda exchange: exchange.connection.close()])
def test_what_fails_for_a_moment_is_asked_once_more_at_the_end(server: Server, first: Answer) -> None:
    server.answers.update({"/a": first_then(first, says()), "/b": says()})
    waited: list[float] = []
    found = ask(
        server, FetchRequest(address="http://news.test/a"), FetchRequest(address="http://news.test/b"), pauses=waited
    )
    assert [type(one) for one in found] == [Document, FetchOutcome, Document, FetchOutcome]
    assert [request.target for request in server.requests] == ["/a", "/b", "/a"]
    assert waited == [10.0]


def test_the_pause_before_the_next_visit_begins_when_the_second_request_has_had_its_turn(server: Server) -> None:
    server.answers["/feed"] = first_then(says(500), says())
    *_, asked = ask(server, FetchRequest(address=URL), seconds=10)
    assert isinstance(asked, FetchOutcome)
    assert asked.state is not None
    assert asked.state.asked == NOON + datetime.timedelta(seconds=10)
    assert asked.state.due == asked.state.asked + datetime.timedelta(seconds=PollingPolicy().every)


def test_what_fails_twice_in_a_run_has_failed_once(server: Server) -> None:
    server.answers["/feed"] = says(500)
    failure, asked = ask(server, FetchRequest(address=URL))
    assert isinstance(failure, Failure)
    assert isinstance(asked, FetchOutcome)
    assert asked.state is not None
    assert (asked.outcome, asked.state.failed, len(server.requests)) == ("failed", 1, 2)


@pytest.mark.parametrize("answer", [says(404), says(403), says(429), says(503, "Retry-After: 60"), says(body=b"")])
def test_what_is_no_accident_is_not_asked_twice(server: Server, answer: Answer) -> None:
    server.answers["/feed"] = answer
    ask(server, FetchRequest(address=URL))
    assert len(server.requests) == 1


def test_what_fails_since_long_or_is_to_be_asked_once_is_not_asked_twice(server: Server) -> None:
    server.answers["/feed"] = says(500)
    ask(server, FetchRequest(address=URL, state=state(failed=1)))
    ask(server, FetchRequest(address=URL), seconds=0)
    assert len(server.requests) == 2


# From run to run.


def test_a_failure_is_told_when_it_begins_when_it_changes_and_once_a_day(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = says(500)
    told = []
    for number in range(3 * 24):
        if number == 30:
            server.answers["/feed"] = says(404)
        results, asked = reader.read(HOUR)
        told += [number] * len(results)
        assert asked.outcome == ("failed" if results else "still_failing")
    assert told == [0, 24, 30, 54]
    server.answers["/feed"] = says()
    assert reader.read(HOUR)[1].outcome == "new"
    server.answers["/feed"] = says(404)
    assert reader.read(HOUR)[1].outcome == "failed", "a new time of failing"


def test_failing_as_before_counts_as_failing() -> None:
    counts = {"inputs": 0, "failures": 0, "addresses.still_failing": 3, "addresses.not_modified": 1}
    run = Run(run_id="r", listing="l", started=NOON, counts=counts)
    assert failure_share(run) == 0.75


def test_the_pace_of_a_feed_bounds_what_it_asks_for() -> None:
    """Twelve entries that are replaced in two hours are asked for after half an hour, whatever the feed says."""
    pace, an_hour = PollingPolicy(), CacheHints(fresh=3600.0)
    replaced = turnover(12, 6 / 3600)
    assert after_success(an_hour, NOON, pace, replaced=replaced) == NOON + HOUR / 2
    assert after_success(an_hour, NOON, pace, replaced=turnover(12, 0.1)) == NOON + 10 * MINUTE
    assert after_success(an_hour, NOON, pace, replaced=turnover(12, 0.0)) == NOON + HOUR
    pauses = [after_failure("k", failed, NOON, pace, replaced=replaced) - NOON for failed in range(1, 40)]
    assert all(pause <= HOUR / 2 for pause in pauses[:24])
    assert max(pauses) > 12 * HOUR, "a feed that is down for days is not asked for ever so often"


def test_the_pace_is_learned_and_forgotten() -> None:
    rate, now, then = 0.0, NOON, state(answered=NOON)
    for _ in range(24):
        now += HOUR
        rate = learn_rate(then, 6, now)
        then = state(answered=now, rate=rate)
    assert rate * 3600 == pytest.approx(6)
    for _ in range(48):
        now += HOUR
        then = state(answered=now, rate=learn_rate(then, 0, now))
    assert then.rate * 3600 < 0.2
    assert learn_rate(None, 5, NOON) == learn_rate(state(), 5, NOON) == 0.0
    assert learn_rate(state(answered=NOON + DAY, rate=1.0), 5, NOON) == 1.0, "a clock that was set back"


def test_a_feed_that_moves_fast_is_asked_sooner_than_it_says(server: Server) -> None:
    reader = Reader(server)
    titles = [f"story{number}" for number in range(40)]
    for number in range(6):  # three of ten new in an hour: half a feed in less than two
        body = feed(*titles[3 * number : 3 * number + 10], head="<ttl>120</ttl>")
        server.answers["/feed"] = says(body=body)
        _, asked = reader.read(HOUR)
    assert asked.state is not None
    assert asked.state.due - reader.now == pytest.approx(10 / 3 * HOUR / 4, abs=MINUTE)


# Single entries.


def test_entries_are_tried_again_later_and_later_and_not_for_ever() -> None:
    entries, now = ("a", "b"), NOON
    again = settle({}, entries, [2], now)
    waited = []
    while again:
        assert set(again) == {"b"}
        waited.append(datetime.datetime.fromisoformat(again["b"][1]) - now)
        assert due_entries(again, now) == frozenset()
        now += waited[-1]
        assert due_entries(again, now) == {"b"}
        again = settle(begin(again, {"b"}), entries, [2], now)
    assert [wait.total_seconds() for wait in waited] == [*PAUSES]


def test_an_entry_that_came_or_went_is_tried_no_more() -> None:
    again = settle({}, ("a", "b"), [1, 2], NOON)
    assert settle(begin(again, {"a"}), ("a", "b"), [], NOON).keys() == {"b"}
    assert settle(again, ("b",), [], NOON).keys() == {"b"}
    assert settle({}, ("a",), [0, 2, 99], NOON) == {}


def test_a_feed_without_news_is_read_again_for_the_entries_that_are_due(server: Server) -> None:
    reader = Reader(server)
    server.answers["/feed"] = validated(feed("a", "b"))
    _, asked = reader.read()
    assert asked.state is not None
    reader.state = from_json({**to_json(asked.state), "tried": [2]})  # as the run has noted
    assert reader.read(10 * MINUTE)[1].outcome == "not_modified"
    (document,), asked = reader.read(HOUR)
    assert document.known == {1}
    assert asked.outcome == "new"
    assert reader.read(HOUR)[1].outcome == "not_modified", "nothing was noted, so it has come"


def test_the_page_that_could_not_be_had_for_now_is_noted(server: Server) -> None:
    server.answers.update({"/robots.txt": says(404), "/busy": says(503), "/none": says(404)})
    server.answers["/page"] = says(200, "Content-Type: text/html", body=PAGE)
    pages = [item(f"http://news.test/{name}", position=at) for at, name in enumerate(("busy", "none", "page"), 1)]
    found = visit_tagged(server, *pages)
    notes = [one.value for one in found if isinstance(one, TaggedOutput) and one.tag == RETRIES]
    assert notes == [(key_of("http://news.test/feed"), {"tried": [1]})]
    server.answers["/robots.txt"] = says(503)
    found = visit_tagged(server, item("http://news.test/page"))
    assert [one.tag for one in found if isinstance(one, TaggedOutput)] == [RETRIES]


@pytest.mark.parametrize(
    ("source", "reason", "noted"),
    [
        ("http://a.test/feed#3", "unexpected", True),
        ("http://a.test/feed#3", "no_text", False),
        ("http://a.test/feed", "unexpected", False),
        ("seeds/a.jsonl#3", "unexpected", False),
    ],
)
def test_an_entry_that_failed_for_no_reason_of_its_own_is_noted(source: str, reason: str, noted: bool) -> None:
    failure = Failure(failure_id="f", stage="parse", reason=reason, error="", message="", source=source)
    assert [*to_try_again(failure)] == ([(key_of("http://a.test/feed"), {"tried": [3]})] if noted else [])


# What is forgotten.


def remembered(name: str, days: float) -> dict[str, object]:
    return to_json(state(key=name, shown=name, asked=NOON + days * DAY, entries=("e",) * 3))


def test_addresses_that_left_the_list_are_forgotten_and_the_rest_is_not() -> None:
    """Three years of a list of ten feeds that changes one each day: what is remembered does not grow."""
    memory: dict[str, dict[str, object]] = {"file": {"size": 3}}
    for day in range(3 * 365):
        memory = changed(memory, [(f"feed{day + at}", remembered(f"feed{day + at}", day)) for at in range(10)])
    assert len(memory) == 10 + KEEP_DAYS + 1
    assert memory["file"] == {"size": 3}, "what has no time is not ours to forget"


def test_only_the_entries_of_the_last_answer_are_remembered(server: Server) -> None:
    reader, sizes = Reader(server), []
    for number in range(30):
        server.answers["/feed"] = says(body=feed(*(f"s{number + at}" for at in range(10))))
        _, asked = reader.read(HOUR)
        assert asked.state is not None
        sizes.append(len(json.dumps(to_json(asked.state))))
    assert max(sizes[1:]) - min(sizes[1:]) < 40


def test_a_feed_that_is_gone_is_known_for_as_long_as_it_is_listed() -> None:
    gone = state(gone=True)
    assert not_asked(gone, NOON + HOUR) == FetchOutcome(outcome="gone")
    later = not_asked(gone, NOON + 2 * DAY)
    assert later.state == dataclasses.replace(gone, asked=NOON + 2 * DAY)
    assert not_asked(state(due=NOON + DAY), NOON) == FetchOutcome(outcome="not_due")


def test_notes_are_kept_with_the_state_of_the_same_run(tmp_path: Path) -> None:
    pairs = [("k", {"tried": [1]}), ("k", remembered("k", 0)), ("k", {"tried": [3]}), ("unknown", {"tried": [1]})]
    found = changed({}, pairs)  # type: ignore[arg-type]
    assert found.keys() == {"k"}
    assert set(from_json(found["k"]).again) == {"e"}
    assert snapshot.read(str(tmp_path)) == {}
