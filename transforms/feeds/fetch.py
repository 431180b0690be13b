"""Conditional fetch of one address: with the validators of the last response, and its outcome."""

import dataclasses
import datetime
import hashlib
import math
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Literal

import httpcore
import httpx

from transforms.failures import BadRecord, Reason, failure_from
from transforms.feeds import freshness as hints
from transforms.feeds import retries as again
from transforms.feeds import schedule
from transforms.feeds.fingerprints import read_entries
from transforms.feeds.schedule import CacheHints, FeedState, PollingPolicy
from transforms.formats.documents import GZIP_MAGIC, peek
from transforms.formats.known import by_name, format_of, kind_of_response
from transforms.http.client import ACCEPT_FEED, Answer, Client, Limits
from transforms.http.rate_limit import HostRateLimited, HostRateLimiter
from transforms.http.redact import has_secret, mask
from transforms.records import Document, Failure
from transforms.text.byte_stream import bounded, inflate

STAGE = "read"
WAITING = 15 * 60.0
"""Seconds for which a host is left alone that says `too many requests` and not for how long."""

MAX_NEW = 1 / 3
"""Share of new entries above which a feed is polled again as soon as possible."""

PASSING_STATUS = (408, 500, 502, 504)
PASSING_ERRORS = (
    *(httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError),
    *(httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError),
)
"""What may be over in some seconds."""

Outcome = Literal["new", "not_modified", "failed", "still_failing", "gone", "not_due", "waiting"]
"""`still_failing` is a failure that a row has reported already."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FetchRequest:
    """An address to ask, and what is remembered of it."""

    address: str
    state: FeedState | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class FetchOutcome:
    """What came of an address in this run."""

    outcome: Outcome
    state: FeedState | None = None
    """What to remember from now on; None for what stays as it is."""
    overrun: bool = False
    """Nothing of what the feed held before was in it still."""
    moved: bool = False
    passing: bool = False
    """It failed for the first time, and in a way that may be over in some seconds."""
    size: int = 0
    """Bytes of the body, decoded."""


@dataclasses.dataclass
class _Attempt:
    """One try at one address."""

    task: FetchRequest
    now: datetime.datetime
    pace: PollingPolicy
    fetched: datetime.datetime

    @property
    def key(self) -> str:
        return schedule.key_of(self.task.address)

    @property
    def entries(self) -> tuple[str, ...]:
        """Return hashes of what it held the last time."""
        return self.task.state.entries if self.task.state is not None else ()

    def remember(self, **changes: Any) -> FeedState:
        """Return the state with what is new in it."""
        before = self.task.state or FeedState(key=self.key, shown=mask(self.task.address), asked=self.now, due=self.now)
        return dataclasses.replace(before, asked=self.now, **changes)

    def answered(self, said: CacheHints, held: int, new: int, **changes: Any) -> FeedState:
        """Return the state after a response with a number of entries, some of them new."""
        rate = schedule.learn_rate(self.task.state, new, self.now)
        soon = self.task.state is not None and new > MAX_NEW * held
        replaced = schedule.turnover(held, rate)
        due = schedule.after_success(said, self.now, self.pace, overrun=soon, replaced=replaced)
        return self.remember(**changes, failed=0, told={}, answered=self.now, rate=rate, due=due)

    def failed(self, error: Exception, status: int | None = None, wait: float | None = None) -> Iterator[Any]:
        """Yield a row, where there is something to tell, and the state after a failure."""
        before = self.task.state
        count = before.failed + 1 if before else 1
        replaced = schedule.turnover(len(before.entries), before.rate) if before else math.inf
        due = schedule.after_failure(self.key, count, self.now, self.pace, asked_to_wait=wait, replaced=replaced)
        worth, told = schedule.tell(before, _how(error, status), self.now)
        state = self.remember(failed=count, status=status, due=due, told=told)
        if status in (404, 410):  # what is not at its new address is looked for at the listed one the next time
            state = dataclasses.replace(state, moved_to=None)
        if worth:
            yield failure_from(error, stage=STAGE, source=mask(self.task.address))
        passing = count == 1 and wait is None and (status in PASSING_STATUS or status == 503 or _passes(error))
        yield FetchOutcome(outcome="failed" if worth else "still_failing", state=state, passing=passing)


def _how(error: Exception, status: int | None) -> str:
    """Return a failure's kind, from a small closed set."""
    reason = str(error.reason) if isinstance(error, BadRecord) else type(error).__name__
    return f"{reason} {status or type(error.__cause__).__name__}"


def _passes(error: Exception) -> bool:
    return isinstance(error.__cause__, PASSING_ERRORS)


def utc_now() -> datetime.datetime:
    """Return the present instant."""
    return datetime.datetime.now(datetime.UTC)


def fetch(
    client: Client,
    task: FetchRequest,
    turns: HostRateLimiter,
    *,
    pace: PollingPolicy,
    fetched: datetime.datetime,
    clock: Callable[[], datetime.datetime] = utc_now,
    keep: Callable[[Answer], Iterable[bytes]] | None = None,
) -> Generator[Any]:
    """Ask for one address, once.

    Yields its `Document`s; a `Failure` if there is none or it is incomplete, unless
    a row has reported it already; always one `FetchOutcome`; and the records of `keep`.

    Args:
        client: makes the request.
        task: the request.
        turns: rate limit of the host.
        pace: minimum interval of the address.
        fetched: the instant that documents carry.
        clock: the present, for the schedule.
        keep: gives what is to be kept of the answer as it came; called when its body has been read.
    """
    attempt = _Attempt(task, clock(), pace, fetched)
    try:
        address = schedule.address_to_ask(task.address, task.state)
        with client.get(address, headers=_headers(task.state, address, attempt.now), turn=turns.turn) as answer:
            attempt.now = clock()  # the host's turn may have been long in coming
            new = False
            for result in _take(answer, attempt, turns, client.limits, address != task.address):
                new = new or isinstance(result, Document)
                yield result
            if keep is not None and new:
                yield from keep(answer)
    except HostRateLimited as waits:
        due = attempt.now + datetime.timedelta(seconds=waits.seconds or WAITING)
        yield FetchOutcome(outcome="waiting", state=attempt.remember(due=due))
    except MemoryError:
        raise
    except Exception as error:
        yield from attempt.failed(error)


def _headers(state: FeedState | None, address: str, now: datetime.datetime) -> dict[str, str]:
    headers = {"Accept": ACCEPT_FEED}
    if state is None or state.moved_to not in (None, address):  # the validators are another address's
        return headers
    if again.due_entries(state.again, now):  # its entries are wanted even if none is new
        return headers
    if state.etag:
        headers["If-None-Match"] = state.etag
    if state.last_modified:
        headers["If-Modified-Since"] = state.last_modified
    return headers


def _take(answer: Answer, attempt: _Attempt, turns: HostRateLimiter, limits: Limits, at_new: bool) -> Iterator[Any]:
    """Yield the results of a response, by its status."""
    status = answer.status
    if status == 304 and (state := attempt.task.state) and (state.etag or state.last_modified):
        said = CacheHints(fresh=hints.freshness(answer.headers, attempt.now))
        yield FetchOutcome(outcome="not_modified", state=_unchanged(attempt, said, answer))
    elif status in (200, 203):
        yield from _read(answer, attempt, limits)
    elif status == 410 and not at_new:
        message = "410: the server says that it is gone for good; take it from the list"
        yield failure_from(BadRecord(Reason.GONE, message), stage=STAGE, source=mask(attempt.task.address))
        yield FetchOutcome(outcome="gone", state=attempt.remember(gone=True, status=410, due=attempt.now))
    else:
        wait = hints.retry_after(answer.headers.get("retry-after"), attempt.now) if status in (429, 503) else None
        if status == 429 or wait:
            turns.close(answer.url, wait or WAITING)
        yield from attempt.failed(BadRecord(Reason.FETCH_FAILED, f"the server answered {status}"), status, wait)


def _unchanged(attempt: _Attempt, said: CacheHints, answer: Answer) -> FeedState:
    """Return the state after an answer without anything new; validators may have been renewed."""
    changes: dict[str, Any] = _validators(answer) if answer.status == 200 else {}
    if answer.status == 304 and answer.headers.get("etag"):
        changes = {"etag": answer.headers["etag"][:1000]}
    changes |= _new_address(answer, attempt)
    return attempt.answered(said, len(attempt.entries), 0, **changes, status=answer.status)


def _validators(answer: Answer) -> dict[str, str | None]:
    """Return the validators for the next conditional request, as they were sent."""
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return {
        "etag": etag if etag and len(etag) <= 1000 and etag.isascii() else None,
        "last_modified": modified if modified and len(modified) <= 100 and modified.isascii() else None,
    }


def _new_address(answer: Answer, attempt: _Attempt) -> dict[str, str]:
    """Return the new address after a permanent redirect; an address with a password is not stored."""
    moved = answer.moved_to
    return {"moved_to": moved} if moved and not has_secret(moved) and moved != attempt.task.address else {}


def _read(answer: Answer, attempt: _Attempt, limits: Limits) -> Iterator[Any]:
    max_bytes = limits.max_bytes
    head, blocks = peek(answer.blocks())
    if head.startswith(GZIP_MAGIC):  # a packed file, which some servers also declare as a content encoding
        head, blocks = peek(inflate(blocks, max_bytes=max_bytes))
    media, charset = answer.media_type
    form = by_name(kind_of_response(answer.url, media, head))
    shown = mask(attempt.task.address)
    frame = Document(uri=shown, kind=form.name, content=b"", fetched=attempt.fetched, charset=charset)
    if form.is_read_by_lines:
        answer.read_by_lines(limits.max_jsonl_bytes)
        blocks = bounded(blocks, most=limits.max_jsonl_bytes, setting="read.max_jsonl_bytes")
        yield from form.documents(frame, blocks, max_bytes=max_bytes)
        yield FetchOutcome(outcome="new", state=attempt.answered(CacheHints(), 0, 0, **_validators(answer), status=200))
        return
    for document in form.documents(frame, blocks, max_bytes=max_bytes):
        yield from [document] if isinstance(document, Failure) else _compare(document, answer, attempt)


def _compare(document: Document, answer: Answer, attempt: _Attempt) -> Iterator[Any]:
    """Compare a whole response with the last one, and yield its document and outcome."""
    state = attempt.task.state
    if not format_of(document).has_entries and state is not None and state.entries:
        raise BadRecord(Reason.BAD_FEED, "a page where a feed was")
    body = hashlib.blake2b(document.content, digest_size=16).hexdigest()
    entries, around = read_entries(document.content, document.charset) if format_of(document).has_entries else ((), "")
    hours, days = hints.skipped(around)
    said = CacheHints(
        fresh=hints.freshness(answer.headers, attempt.now),
        interval=hints.feed_interval(around),
        skip_hours=hours,
        skip_days=days,
    )
    retried = again.due_entries(state.again, attempt.now) if state is not None else frozenset[str]()
    if state is not None and state.body == body and not retried:
        unchanged = _unchanged(attempt, said, answer)
        yield FetchOutcome(outcome="not_modified", state=unchanged, size=len(document.content))
        return
    before = frozenset(attempt.entries)
    there = [position for position, entry in enumerate(entries, 1) if entry in before]
    changes: dict[str, Any] = {**_validators(answer), "body": body, "entries": entries or attempt.entries}
    if state is not None and retried:
        changes["again"] = again.begin(state.again, retried)
    if entries:  # a page where a feed was may be the end of a redirect for all that is no longer there
        changes.update(_new_address(answer, attempt))
    new = len(entries) - len(there) if before else 0
    after = attempt.answered(said, len(entries), new, **changes, status=answer.status)
    yield dataclasses.replace(document, known=frozenset(at for at in there if entries[at - 1] not in retried))
    yield FetchOutcome(
        outcome="new",
        state=after,
        overrun=bool(before and entries and not there),
        moved="moved_to" in changes,
        size=len(document.content),
    )
