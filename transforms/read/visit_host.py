"""A visit to one host: its feeds one after the other, and at the end a retry of those that failed for a moment."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

from transforms.feeds import schedule
from transforms.feeds.fetch import FetchOutcome, FetchRequest, fetch, utc_now
from transforms.feeds.schedule import PollingPolicy
from transforms.http.client import Answer, Client
from transforms.http.rate_limit import HostRateLimiter
from transforms.records import Failure


def ask_host(
    client: Client,
    turns: HostRateLimiter,
    tasks: list[FetchRequest],
    *,
    pace: PollingPolicy,
    fetched: datetime.datetime,
    keep: Callable[[Answer], Iterator[bytes]] | None = None,
    retry_seconds: float = 0.0,
    clock: Callable[[], datetime.datetime] = utc_now,
) -> Iterator[Any]:
    """Yield the results of `fetch` for each address of a host.

    A feed whose first failure may be over in some seconds is retried once,
    because some of its entries may be gone by the next run. What came of the
    first request is then forgotten.

    Args:
        client: makes the requests.
        turns: rate limit of the host.
        tasks: the addresses.
        pace: intervals between two requests to an address.
        fetched: the instant that documents carry.
        keep: gives what is to be kept of an answer.
        retry_seconds: the pause before the second request; 0 makes none.
        clock: the present, for the schedule.
    """
    again: list[FetchRequest] = []
    for task in sorted(tasks, key=lambda task: task.address):
        found = fetch(client, task, turns, pace=pace, fetched=fetched, clock=clock, keep=keep)
        first = [*_until_told(found)]
        if retry_seconds and isinstance(first[-1], FetchOutcome) and first[-1].passing:
            again.append(task)
            found.close()  # it may hold the host's turn
        else:
            yield from first
            yield from found
    if again:
        turns.hold(schedule.address_to_ask(again[0].address, again[0].state), retry_seconds)
    for task in again:
        yield from fetch(client, task, turns, pace=pace, fetched=fetched, clock=clock, keep=keep)


def _until_told(results: Iterator[Any]) -> Iterator[Any]:
    """Yield a failure and what came of the address, or the first of anything else."""
    for result in results:
        yield result
        if not isinstance(result, Failure):
            return
