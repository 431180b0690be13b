"""Each case of `hostile_cases` against the reader, with the network's own rules in force."""

import datetime
import json
import re
import resource
import time
from pathlib import Path

import pytest

from tests.helpers import hostile_peers
from tests.helpers.hostile import Server
from tests.helpers.hostile_answers import Case
from tests.helpers.hostile_cases import CASES, prepare, table
from transforms.failures import BadRecord
from transforms.feeds.fetch import FetchOutcome, FetchRequest, fetch
from transforms.feeds.schedule import PollingPolicy
from transforms.formats.feed.parse import Entry
from transforms.formats.known import split
from transforms.http.client import Client, Limits
from transforms.http.rate_limit import HostRateLimiter
from transforms.records import Document, Failure

THEN = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
LIMITS = Limits(max_bytes=2_000_000, timeout_seconds=1, connect_seconds=1, user_agent="Dateline/test")


@pytest.fixture(scope="module")
def server() -> Server:
    return Server()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.does}"[:70])
def test_case(case: Case, server: Server) -> None:
    internet = prepare(case, server)
    began, memory = time.monotonic(), peak_memory()
    with Client(LIMITS, lookup=internet.lookup, inner=internet, tls=server.trusting) as client:
        found = list(
            fetch(client, FetchRequest(address=case.url), HostRateLimiter(0), pace=PollingPolicy(), fetched=THEN)
        )
    *results, asked = found
    assert isinstance(asked, FetchOutcome)
    assert len(results) == 1, "one document or one failure"
    title, failure = outcome(results[0])
    assert time.monotonic() - began < case.seconds
    assert peak_memory() - memory < 64 << 20
    if case.reason is None and not case.message:
        assert (title, failure) == (case.title, None)
    else:
        assert failure is not None, title
        reason, message = failure
        assert reason == case.reason or (case.reason is None and re.search(case.message, reason))
        assert case.reason is None or re.search(case.message, message), message
    if case.requests is not None:
        assert len(server.requests) == case.requests, server.paths()


def outcome(result: Document | Failure) -> tuple[str | None, tuple[str, str] | None]:
    """Return the first headline, or reason and message."""
    if isinstance(result, Failure):
        return None, (result.reason, result.message)
    try:
        entry = next(split(result)).content
    except BadRecord as error:
        return None, (error.reason, str(error))
    assert isinstance(entry, Entry)
    return entry.title, None


def peak_memory() -> int:
    """Return the peak memory of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({(case.group, case.does) for case in CASES}) == len(CASES)


def test_the_table_in_the_docs_is_this_one() -> None:
    text = Path(__file__).parent.parent.joinpath("docs", "fetching.md").read_text(encoding="utf-8")
    assert table() in text, "write the output of `python -m tests.helpers.hostile_cases` into docs/fetching.md"


def test_what_is_said_of_other_readers_is_of_cases_that_are_there() -> None:
    does = {case.does for case in CASES}
    assert hostile_peers.MINIFLUX.keys() | hostile_peers.RSS_FETCHER.keys() <= does
    run = json.loads(hostile_peers.RUN.read_text(encoding="utf-8"))
    assert run.keys() == {f"{case.group}: {case.does}" for case in CASES}
