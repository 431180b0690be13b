"""Entries of a feed that are tried again although they are as they were: their pages could not be had, for now.

What becomes of an entry shows long after its feed was asked, in the same run.
So a run only notes, beside the state of the feed, the places of entries that
are to be tried again (`TRIED`); the next run that reads the state reckons what
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
    """What is to be tried again after a run; what succeeded, has been tried often enough, or is gone, is dropped.

    Args:
        before: with those that the run tried marked by `begin`.
        entries: hashes of the entries that the feed had.
        tried: the places among them of those that could not be had once more.
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
