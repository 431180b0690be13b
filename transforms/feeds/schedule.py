"""Schedule: the state of an address from run to run, and when to poll it again. It decides, and requests nothing.

The rules: a feed is polled at most once in `every`, and at the latest after
`longest`, whatever its hints say. In between it is polled when its freshness
expires, and before a good part of its entries is replaced, at the rate so far.
Failures back off exponentially, at first up to once an hour, then up to once a
day, without end. Only 410 Gone ends polling.
"""

import dataclasses
import datetime
import math
from collections.abc import Mapping
from typing import Any

from transforms.feeds.freshness import DAY, HOUR
from transforms.feeds.retries import TRIED, RetrySchedule, settle
from transforms.records import stable_id

FIRST_PAUSE = 15 * 60.0
"""Backoff in seconds after a first failure, unless feeds are polled more often than that."""
MAX_PAUSE = DAY
QUICK_TRIES = 3
"""Failures after which the pause grows: a timeout says little of the next quarter of an hour."""
HOURLY_TRIES = 24
"""Failures in a row after which the backoff exceeds an hour."""
MAX_RETRY_AFTER = 7 * DAY
SLACK = 0.1
"""A job that runs every 15 minutes comes a little early or late; so much of the interval is let pass."""
MAX_SLACK = 120.0
PACE_MEMORY = DAY / 2
"""Seconds over which a feed's pace is averaged: today's, not last week's."""
SHARE = 1 / 4
"""Of a feed that may be replaced between two requests, at its own pace: bursts and failures come on top."""
MOVED_TRIES = 3
"""Failures at a new address before the old one is tried again."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeedState:
    """What is remembered of an address."""

    key: str
    """See `key_of`."""
    shown: str
    """The address as listed, without its secrets; for people."""
    moved_to: str | None = None
    """Target of permanent redirects; requested in place of the listed address."""
    etag: str | None = None
    last_modified: str | None = None
    body: str | None = None
    """Hash of the last body, for servers without validators."""
    entries: tuple[str, ...] = ()
    """Hashes of the entries of the last body."""
    again: RetrySchedule = dataclasses.field(default_factory=dict)
    """Of entries that are to be tried again; see `again.py`."""
    answered: datetime.datetime | None = None
    """When it last gave something, or said that nothing is new."""
    rate: float = 0.0
    """New entries per second, of late."""
    asked: datetime.datetime
    due: datetime.datetime
    """Earliest time of the next request."""
    failed: int = 0
    """Times in a row that it gave nothing."""
    told: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """How it has failed since it last answered, and when a row said so."""
    status: int | None = None
    gone: bool = False
    """True after 410 Gone; it is not requested again."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PollingPolicy:
    """Intervals between two requests to an address, in seconds."""

    every: float = 10 * 60.0
    longest: float = 2 * HOUR


@dataclasses.dataclass(frozen=True, kw_only=True)
class CacheHints:
    """What an answer said of when to come again."""

    fresh: float | None = None
    """From its headers, seconds."""
    interval: float | None = None
    """From the feed itself, seconds."""
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


def key_of(address: str) -> str:
    """Return the key of an address; tells nothing of what is secret in it."""
    return stable_id("feed", address)


def is_due(state: FeedState | None, now: datetime.datetime) -> bool:
    """Return True if to ask now.

    >>> now = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    >>> state = FeedState(key="k", shown="u", asked=now, due=now + datetime.timedelta(minutes=15))
    >>> [is_due(state, now + datetime.timedelta(minutes=minutes)) for minutes in (5, 14, 15)]
    [False, True, True]
    """
    if state is None:
        return True
    if state.gone:
        return False
    slack = min(MAX_SLACK, SLACK * (state.due - state.asked).total_seconds())
    set_back = state.asked > now  # a clock that was set back must not keep a feed waiting for years
    return set_back or (state.due - now).total_seconds() <= slack


def learn_rate(state: FeedState | None, new: int, now: datetime.datetime) -> float:
    """Return new entries per second, with an answer that had `new` of them; 0 where there was none before.

    >>> begun = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    >>> state = FeedState(key="k", shown="u", asked=begun, due=begun, answered=begun)
    >>> round(3600 * learn_rate(state, 2, begun + datetime.timedelta(hours=1)), 3)
    2.0
    """
    if state is None or state.answered is None or state.answered >= now:
        return state.rate if state is not None else 0.0
    seconds = (now - state.answered).total_seconds()
    weight = -math.expm1(-seconds / PACE_MEMORY) if state.rate else 1.0
    return state.rate + weight * (new / seconds - state.rate)


def turnover(entries: int, rate: float) -> float:
    """Return the seconds in which a number of entries is replaced by others."""
    return entries / rate if rate > 0 and entries else math.inf


def after_success(
    said: CacheHints, now: datetime.datetime, pace: PollingPolicy, *, overrun: bool = False, replaced: float = math.inf
) -> datetime.datetime:
    """Return the time of the next request after a response that succeeded, or said that nothing is new.

    Args:
        said: the publisher's wishes, which are heard between `pace.every` and `pace.longest`.
        now: the time of the answer.
        pace: see there.
        overrun: so much of the feed is new that something may pass unseen, whatever it says.
        replaced: seconds in which the whole feed is replaced.
    """
    wishes = [0.0] if overrun else [wish for wish in (said.fresh, said.interval) if wish is not None]
    seconds = max(pace.every, min(max(wishes, default=0.0), pace.longest, SHARE * replaced))
    due = now + datetime.timedelta(seconds=seconds)
    for _ in range(24):  # never later than a day for skipped hours, so that one run a day at least finds it due
        if due.hour not in said.skip_hours and due.weekday() not in said.skip_days:
            break
        due = due.replace(minute=0, second=0, microsecond=0) + datetime.timedelta(hours=1)
    return due


def after_failure(
    key: str,
    failed: int,
    now: datetime.datetime,
    pace: PollingPolicy,
    *,
    asked_to_wait: float | None = None,
    replaced: float = math.inf,
) -> datetime.datetime:
    """Return the time of the next request after the `failed`-th failure in a row: exponential backoff.

    A quarter of an hour the first times, then twice as long each time up to an
    hour, because a feed of ten entries may have lost some in three; less where
    the feed moves faster. After a day of that, up to a day. Up to a quarter
    less than that, so that feeds that failed together do not come back
    together, and a job that runs every quarter of an hour does not come a
    minute before its time; the same for the same address and count. A server
    that says for how long is believed, up to a week.
    """
    first = max(pace.every, FIRST_PAUSE if pace.every else 0.0)
    most = min(HOUR, SHARE * replaced) if failed <= HOURLY_TRIES else HOUR * 2 ** min(failed - HOURLY_TRIES, 10)
    pause = max(first, min(first * 2 ** min(max(0, failed - QUICK_TRIES), 30), most, MAX_PAUSE))
    jitter = 0.75 + 0.25 * int(stable_id(key, str(failed))[:8], 16) / 0xFFFFFFFF
    seconds = max(pace.every, pause * jitter)
    if asked_to_wait is not None:
        seconds = max(pace.every, min(asked_to_wait, MAX_RETRY_AFTER))
    return now + datetime.timedelta(seconds=seconds)


def tell(state: FeedState | None, problem: str, now: datetime.datetime) -> tuple[bool, dict[str, str]]:
    """Return True if a failure gets a row, and the failures reported so far.

    It is when the address begins to fail, when it fails in another way, and
    then once a day: a year of a feed that is down is 365 rows, not 35,000.
    """
    before = state.told if state is not None else {}
    since = now - datetime.timedelta(seconds=DAY - FIRST_PAUSE)
    told = {how: at for how, at in before.items() if datetime.datetime.fromisoformat(at) > since}
    return problem not in told, {problem: now.isoformat(), **told}


def address_to_ask(listed: str, state: FeedState | None) -> str:
    """Return the address to request: the new one after a permanent redirect, unless it has failed some times."""
    if state is None or state.moved_to is None or (state.failed and state.failed % (MOVED_TRIES + 1) == MOVED_TRIES):
        return listed
    return state.moved_to


def to_json(state: FeedState) -> dict[str, Any]:
    """Return ready for JSON; what is empty is left out."""
    values = {key: value for key, value in dataclasses.asdict(state).items() if value not in (None, (), {}, False, 0)}
    instants = {key: value.isoformat() for key in _INSTANTS if (value := getattr(state, key)) is not None}
    return {**values, **instants}


def from_json(values: Mapping[str, Any]) -> FeedState:
    """Return the state that `to_json` of this or another version wrote, with the retries of `retries.py`."""
    known = {field.name for field in dataclasses.fields(FeedState)}
    instants = {key: datetime.datetime.fromisoformat(values[key]) for key in _INSTANTS if key in values}
    state = FeedState(
        **{
            **{key: value for key, value in values.items() if key in known},
            "entries": tuple(values.get("entries", ())),
            **instants,
        }
    )
    return dataclasses.replace(state, again=settle(state.again, state.entries, values.get(TRIED, ()), state.asked))


_INSTANTS = ("answered", "asked", "due")
