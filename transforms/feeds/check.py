"""Check of a list of feeds: which answer, which have moved, and which are stale."""

import concurrent.futures
import dataclasses
import datetime
from collections.abc import Callable, Iterator, Sequence

from transforms.failures import BadRecord, Reason
from transforms.feeds.feed_list import ListedFeed
from transforms.feeds.fetch import FetchOutcome, FetchRequest, fetch
from transforms.feeds.schedule import PollingPolicy
from transforms.formats.feed.parse import Entry
from transforms.formats.known import format_of, split
from transforms.http.client import Client
from transforms.http.rate_limit import HostRateLimiter, host_of
from transforms.http.redact import mask
from transforms.records import Document, Failure
from transforms.text.dates import parse_date


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checked:
    """What one request for a feed has shown."""

    url: str
    """As listed, without its secrets."""
    publisher: str = ""
    answered: bool = False
    """Whether a feed with entries came."""
    status: int | None = None
    """Of the last answer; None if there was none."""
    moved_to: str = ""
    """Where permanent redirects lead; what to put into the list."""
    entries: int = 0
    newest: datetime.datetime | None = None
    """Date of the newest entry that is not in the future."""
    age_days: float | None = None
    language: str = ""
    """As the feed declares it."""
    problem: str = ""
    """Why it did not answer, or that it is stale; empty if all is well."""

    @property
    def row(self) -> dict[str, str]:
        """Return the fields as text, for a table."""
        return {
            "url": self.url,
            "publisher": self.publisher,
            "answered": "yes" if self.answered else "no",
            "status": str(self.status or ""),
            "moved_to": self.moved_to,
            "entries": str(self.entries),
            "newest": self.newest.isoformat(timespec="seconds") if self.newest else "",
            "age_days": "" if self.age_days is None else f"{self.age_days:.1f}",
            "language": self.language,
            "problem": self.problem,
        }


def check_feeds(
    feeds: Sequence[ListedFeed],
    client: Callable[[], Client],
    *,
    now: datetime.datetime,
    stale_days: float = 14.0,
    interval: float = 1.0,
    at_once: int = 8,
    done: Callable[[Checked], None] = lambda checked: None,
) -> list[Checked]:
    """Fetch each feed once; hosts in parallel, the feeds of one host one after the other.

    Args:
        feeds: what to ask for.
        client: makes a client, one for each host.
        now: the present instant.
        stale_days: age of the newest entry from which on a feed is stale.
        interval: seconds between two requests to a host.
        at_once: hosts visited in parallel.
        done: called with each result as it comes.

    Returns:
        A result for each feed, in their order.
    """
    turns = HostRateLimiter(interval)
    hosts: dict[str, list[int]] = {}
    for at, feed in enumerate(feeds):
        hosts.setdefault(host_of(feed.url), []).append(at)
    found: dict[int, Checked] = {}

    def visit(places: list[int]) -> None:
        with client() as own:
            for at in places:
                found[at] = check_feed(own, feeds[at], turns, now=now, stale_days=stale_days)
                done(found[at])

    with concurrent.futures.ThreadPoolExecutor(at_once, thread_name_prefix="check") as pool:
        for visited in [pool.submit(visit, places) for places in hosts.values()]:
            visited.result()
    return [found[at] for at in range(len(feeds))]


def check_feed(
    client: Client, feed: ListedFeed, turns: HostRateLimiter, *, now: datetime.datetime, stale_days: float = 14.0
) -> Checked:
    """Fetch one feed, as a run without any memory would."""
    results = [
        *fetch(client, FetchRequest(address=feed.url), turns, pace=PollingPolicy(), fetched=now, clock=lambda: now)
    ]
    asked = next(result for result in results if isinstance(result, FetchOutcome))
    problems = [str(result.message) for result in results if isinstance(result, Failure)]
    entries: list[Entry] = []
    for document in (result for result in results if isinstance(result, Document)):
        try:
            entries += _entries(document)
        except BadRecord as error:
            problems.append(str(error))
    if asked.outcome == "waiting":
        problems.append("the host is rate limited")
    dates = [date for entry in entries if (date := _date(entry)) and date <= now + datetime.timedelta(days=1)]
    newest = max(dates, default=None)
    age = max(0.0, (now - newest).total_seconds() / 86400) if newest else None
    if not problems and age is not None and age > stale_days:
        problems.append(f"stale: the newest entry is {age:.0f} days old")
    return Checked(
        url=mask(feed.url),
        publisher=feed.publisher,
        answered=bool(entries),
        status=asked.state.status if asked.state else None,
        moved_to=mask(asked.state.moved_to) if asked.state and asked.state.moved_to else "",
        entries=len(entries),
        newest=newest,
        age_days=age,
        language=next((entry.language for entry in entries if entry.language), "") or "",
        problem="; ".join(dict.fromkeys(problems)),
    )


def _entries(document: Document) -> Iterator[Entry]:
    """Yield the entries of an answer.

    Raises:
        BadRecord: it is none, or broken.
    """
    if not format_of(document).has_entries:
        raise BadRecord(Reason.BAD_FEED, f"not a feed: the response is {document.kind}")
    for item in split(document):
        if isinstance(item.content, Entry):
            yield item.content


def _date(entry: Entry) -> datetime.datetime | None:
    parsed = parse_date(entry.published or entry.modified or "")
    return parsed.value if parsed else None
