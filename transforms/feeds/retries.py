"""Retry state for feed entries whose full-text page could not be fetched.

The outcome of an entry is known long after its feed was fetched, in the same run.
So a run only notes, with the state of the feed, the positions of entries that
need a retry (`TRIED`); the next run that reads the state computes what
that means.
"""

import datetime
from collections.abc import Collection, Mapping

from transforms.feeds.freshness import HOUR

TRIED = "tried"
"""Name in what is remembered of an address: places of entries, from 1."""

PAUSES = (HOUR / 2, 2 * HOUR, 8 * HOUR)
"""Seconds after the first, second ... time; after the last an entry is left as it is."""

RetrySchedule = Mapping[str, tuple[int, str]]
"""Hash of an entry -> how often it was tried, and when it is due; no instant while it is being tried."""


def settle(
    before: RetrySchedule, entries: tuple[str, ...], tried: Collection[int], now: datetime.datetime
) -> RetrySchedule:
    """Return the retries after a run; entries that succeeded, reached the maximum or are gone are dropped.

    Args:
        before: with those that the run tried marked by `begin`.
        entries: hashes of the entries that the feed had.
        tried: the positions among them of entries that failed again.
        now: the time of the run.
    """
    found = {name: (count, due) for name, (count, due) in before.items() if due and name in entries}
    for position in sorted(tried):
        if 1 <= position <= len(entries):
            count = before.get(entries[position - 1], (0, ""))[0] + 1
            if count <= len(PAUSES):
                due = now + datetime.timedelta(seconds=PAUSES[count - 1])
                found[entries[position - 1]] = (count, due.isoformat())
    return found


def due_entries(again: RetrySchedule, now: datetime.datetime) -> frozenset[str]:
    """Return the entries whose time has come."""
    return frozenset(name for name, (_, due) in again.items() if due and datetime.datetime.fromisoformat(due) <= now)


def begin(again: RetrySchedule, names: Collection[str]) -> RetrySchedule:
    """Return marks those that are being tried."""
    return {name: (count, "" if name in names else due) for name, (count, due) in again.items()}
