"""One round of reading: feeds that are due, files that are new, and what comes of them."""

import concurrent.futures
import dataclasses
import datetime
import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam

from transforms.dataset import memory as snapshot
from transforms.failures import failure_from
from transforms.feeds.fetch import FetchOutcome, FetchRequest
from transforms.feeds.schedule import FeedState, from_json, is_due, key_of
from transforms.formats.documents import STAGE as READ_STAGE
from transforms.formats.feed.parse import Entry
from transforms.http.client import Client
from transforms.http.rate_limit import HostRateLimiter, host_of
from transforms.limits import Budget
from transforms.parse.split import Splitter
from transforms.read.memory import to_remember
from transforms.read.pages import FullTextPolicy, is_partial, visit_pages
from transforms.read.read import Read, read_source, visit_feeds
from transforms.read.sources import Source, full_text_by_list
from transforms.read.visit_hosts import Bundle, Visit
from transforms.records import Document, Failure, Item
from transforms.stream import folder_watch as watch
from transforms.stream.folder_watch import Seen
from transforms.stream.outcomes import Outcome, Receipt


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a stream has read: what it carries from round to round."""

    round: int = 0
    """Rounds that have been made."""
    feeds: dict[str, FeedState] = dataclasses.field(default_factory=dict)
    """By key; see `schedule.key_of`."""
    files: dict[str, Seen] = dataclasses.field(default_factory=dict)
    """Files that have been read, by URI."""
    looked_at: dict[str, Seen] = dataclasses.field(default_factory=dict)
    """New files that must be unchanged at the next poll before they are read."""
    next: float = 0.0
    """When to look again, seconds since 1970."""
    ended: bool = False


def read_round(
    reader: "Reader", progress: Progress, tasks: list[FetchRequest], files: list[Source], now: datetime.datetime
) -> tuple[list[Any], Progress]:
    """Read feeds and files, and says how far the stream is then.

    Args:
        reader: reads.
        progress: before the round.
        tasks: feeds that are due.
        files: files that are whole.
        now: when the round begins.

    Returns:
        `Item`s, and `Outcome`s with one `Receipt` among them, the last; the progress after it.
    """
    moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
    counts: Counter[str] = Counter()
    notes: list[tuple[str, Mapping[str, Any]]] = []
    items: list[Item] = []
    outcomes: list[Outcome] = []
    for result in (*reader.ask(tasks, moment), *reader.open(files, moment)):
        if isinstance(result, Document):
            for one in reader.split(result):
                if isinstance(one, Item):
                    items.append(one)
                elif isinstance(one, Failure):
                    outcomes.append(Outcome("failure", one, one.source, moment))
                else:
                    counts.update(("inputs", "duplicates", "duplicates.already_in_dataset"))
        elif isinstance(result, Failure):
            outcomes.append(Outcome("failure", result, result.source, moment))
        elif isinstance(result, FetchOutcome):
            counts.update(("addresses", f"addresses.{result.outcome}"))
            notes += to_remember(result)
        else:
            outcomes.append(Outcome("archive", result, read=moment))
    items, others = reader.with_pages(items)
    outcomes += [Outcome("archive", one, read=moment) for one in others if isinstance(one, bytes)]
    notes += [one for one in others if not isinstance(one, bytes)]
    new = {source.uri: Seen(source.size, source.modified) for source in files}
    notes += [(watch.key_of(uri), watch.to_json(uri, seen)) for uri, seen in new.items()]
    memory = snapshot.changed({}, notes)
    feeds = {**progress.feeds, **{key: from_json(values) for key, values in memory.items() if "due" in values}}
    receipt = Receipt(
        number=progress.round + 1,
        read=moment,
        sources=(*(item.source for item in items), *(one.source for one in outcomes if one.kind == "failure")),
        memory=memory,
        counts=dict(counts),
    )
    after = dataclasses.replace(progress, round=receipt.number, feeds=feeds, files={**progress.files, **new})
    return [*items, *outcomes, Outcome("receipt", receipt, read=moment)], after


def due(addresses: Iterable[str], progress: Progress, now: datetime.datetime) -> list[FetchRequest]:
    """Return the feeds to ask now, with what is remembered of them."""
    states = ((address, progress.feeds.get(key_of(address))) for address in addresses)
    return [FetchRequest(address=address, state=state) for address, state in states if is_due(state, now)]


class Reader:
    """Visits hosts in parallel and opens files, with the rate limits of a `Read`.

    Args:
        read: whose settings hold.
        budget: CPU time for each megabyte of a feed, and memory for the feed.
        alive: called after each result: many feeds of one slow host take longer than a stream may be silent.
    """

    def __init__(self, read: Read, budget: Budget, alive: Callable[[], None] = lambda: None) -> None:
        self._read = read
        self._alive = alive
        self._splitter = Splitter(budget)
        self._splitter.setup()
        self._turns = HostRateLimiter(read.host_interval_seconds)
        self._pool = concurrent.futures.ThreadPoolExecutor(read.hosts_at_once, thread_name_prefix="fetch")
        self._wanted = FullTextPolicy(read.full_text, full_text_by_list(read.inputs))

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, tasks: list[FetchRequest], moment: datetime.datetime) -> Iterator[Any]:
        """Yield documents, failures, `FetchOutcome` and WARC records of some feeds."""
        read = self._read
        visit = functools.partial(
            visit_feeds, pace=read.pace, fetched=moment, keep=read.keep, retry_seconds=read.retry_seconds
        )
        yield from self._visit(visit, ((host_of(task.address), task) for task in tasks))

    def open(self, files: list[Source], moment: datetime.datetime) -> Iterator[Document | Failure]:
        """Yield documents and failures of some files."""
        for source in files:
            try:
                yield from read_source(source, max_bytes=self._read.max_bytes, fetched=moment)
            except MemoryError:
                raise
            except Exception as error:
                yield failure_from(error, stage=READ_STAGE, source=source.uri)

    def split(self, document: Document) -> Iterator[Item | Failure | str]:
        """Yield the items of a document, sources of known ones, or the failure of one that has none."""
        for result in self._splitter.split(document):
            yield result.value if isinstance(result, beam.pvalue.TaggedOutput) else result

    def with_pages(self, items: list[Item]) -> tuple[list[Item], list[Any]]:
        """Return the items, with the pages of those whose full text is wanted.

        WARC records, and what is to be tried again.
        """
        partial = [(host_of(item.content.url), item) for item in items if self._wants_page(item)]
        if not partial:
            return items, []
        visit = functools.partial(
            visit_pages,
            agent=(self._read.user_agent or "Dateline").partition("/")[0],
            minutes=self._read.host_minutes,
            keep=self._read.keep,
        )
        results = list(self._visit(visit, partial))
        others = [item for item in items if not self._wants_page(item)]
        found = [one for one in results if isinstance(one, Item)]
        return [*others, *found], [one for one in results if not isinstance(one, Item)]

    def _wants_page(self, item: Item) -> bool:
        entry = item.content
        return isinstance(entry, Entry) and bool(entry.url) and self._wanted.of(item.uri) and is_partial(entry)

    def _visit(self, visit: Visit, keyed: Iterable[tuple[str, Any]]) -> Iterator[Any]:
        hosts: dict[str, list[Any]] = defaultdict(list)
        for host, one in keyed:
            hosts[host].append(one)
        bundle = Bundle()
        for tasks in hosts.values():
            bundle.begin(self._pool, functools.partial(self._at_host, visit, tasks))
        for result in bundle.results(wait=True):
            self._alive()
            yield result.value if isinstance(result, beam.pvalue.TaggedOutput) else result

    def _at_host(self, visit: Visit, tasks: list[Any]) -> Iterator[Any]:
        with Client(self._read.limits) as client:
            yield from visit(client, self._turns, tasks)
