"""Full text: the pages of feed entries that have only a summary."""

import dataclasses
import functools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam

from transforms.failures import BadRecord, Reason
from transforms.feeds.fetch import PASSING_ERRORS, PASSING_STATUS
from transforms.formats.feed.parse import Entry
from transforms.formats.feed.text import entry_text
from transforms.http.client import ACCEPT_PAGE, Answer, Client
from transforms.http.rate_limit import HostRateLimited, HostRateLimiter, host_of
from transforms.http.redact import mask, mask_text
from transforms.http.robots import MAX_BYTES, RetryLater, Robots
from transforms.read.memory import to_try_again
from transforms.read.read import ARCHIVE, Read
from transforms.read.sources import full_text_by_list
from transforms.records import FetchedPage, Item
from transforms.text.byte_stream import join

RETRIES = "retries"
"""Tag of the output that carries notes of entries to be tried again; see `again.py`."""

WHOLE = 1_500
"""Characters from which on a text is taken for the whole article, if it does not end as one that is cut."""

MAX_PAGE = 10_000_000
"""Maximum bytes of a page; no article has more, and many pages are in memory together."""

_CUT = re.compile(
    r"(?:…|\.\.\.|\[(?:…|\.\.\.|&hellip;)\]|»"
    r"|\b(?:read (?:more|on|the full (?:story|article))|continue reading|full story"
    r"|lire la suite|weiterlesen|leer más|seguir leyendo|leia mais|leggi tutto|lees (?:meer|verder)|читать далее))"
    r"[\s.»>→\])]*$",
    re.IGNORECASE,
)


class FullTextOutputs(NamedTuple):
    """What the step full text gives."""

    items: beam.PCollection[Item]
    """All items, one for one."""
    retries: beam.PCollection[Any]
    """Notes of entries whose page is to be fetched again by a later run."""
    archive: beam.PCollection[bytes]
    """WARC records, if `read.archive` is on."""


@dataclasses.dataclass
class FullText(beam.PTransform):
    """Adds the page to each entry that has only a summary; other `Item`s pass unchanged.

    Gives `FullTextOutputs`. The reason for a page that
    could not be fetched is in `Item.page_failure`. Pages are shuffled by host
    and requested as feeds are, and as robots.txt allows.
    """

    read: Read
    """Whose settings hold: which feeds, limits, pace."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, items: beam.PCollection[Item]) -> Any:
        feeds = FullTextPolicy(self.read.full_text, full_text_by_list(self.read.inputs))
        if not feeds.any:
            nothing = items.pipeline | "No pages" >> beam.Create([])
            return FullTextOutputs(items, nothing, nothing)
        sorted_out = items | "Partial" >> beam.ParDo(_by_host, feeds).with_outputs("others", main="partial")
        visit = functools.partial(
            visit_pages,
            agent=(self.read.user_agent or "Dateline").partition("/")[0],
            minutes=self.read.host_minutes,
            keep=self.read.keep,
        )
        found = (
            sorted_out.partial
            | "By host" >> beam.GroupByKey()
            | "Fetch pages" >> beam.ParDo(self.read.side_by_side(visit)).with_outputs(ARCHIVE, RETRIES, main="items")
        )
        return FullTextOutputs(
            items=(sorted_out.others, found.items) | "All" >> beam.Flatten(),
            retries=found[RETRIES],
            archive=found[ARCHIVE],
        )


class FullTextPolicy:
    """The feeds whose pages are wanted; a list of feeds takes precedence over the setting.

    >>> wanted = Wanted(True, {"https://a.test/rss": False})
    >>> wanted.of("https://a.test/rss"), wanted.of("https://b.test/rss"), wanted.any
    (False, True, True)
    """

    def __init__(self, setting: bool | list[str], listed: dict[str, bool]) -> None:
        self._setting = {mask(feed) for feed in setting} if isinstance(setting, list) else setting
        self._listed = {mask(feed): wanted for feed, wanted in listed.items()}

    @property
    def any(self) -> bool:
        """Return True if there may be a page to fetch at all."""
        return bool(self._setting) or True in self._listed.values()

    def of(self, feed: str) -> bool:
        """Return True if a feed's pages are wanted, by its address as rows show it."""
        setting = self._setting if isinstance(self._setting, bool) else feed in self._setting
        return self._listed.get(feed, setting)


def _by_host(item: Item, feeds: FullTextPolicy) -> Iterator[Any]:
    """Yield `(host, item)` for an entry whose page is wanted."""
    if feeds.of(item.uri) and isinstance(item.content, Entry) and item.content.url and is_partial(item.content):
        yield host_of(item.content.url), item
    else:
        yield beam.pvalue.TaggedOutput("others", item)


def is_partial(entry: Entry) -> bool:
    """Return True if an entry has less than its article: a short text, or one that ends as if cut.

    >>> is_partial(Entry(title="Rain")), is_partial(Entry(url="https://a.test/1"))
    (True, True)
    """
    text, basis, _ = entry_text(entry)
    return basis in ("title", "media") or len(text) < WHOLE or bool(_CUT.search(text[-200:]))


def visit_pages(
    client: Client,
    turns: HostRateLimiter,
    items: list[Item],
    *,
    agent: str,
    minutes: float,
    keep: Callable[[Answer], Iterator[bytes]] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Any]:
    """Fetch the pages of one host, one after the other, as long as there is time.

    What could not be had for the moment is noted, to be tried again in a later run.
    """
    end = clock() + 60 * minutes
    with client.sibling(max_bytes=MAX_BYTES * 4) as other:
        robots = Robots(other, turns, agent)
        for item in sorted(items, key=lambda item: (item.uri, item.position)):
            if clock() > end:
                message = "there was no time for it at the host's pace (read.host_minutes)"
                yield dataclasses.replace(item, page_failure=message)
                yield from _again(item)
                continue
            try:
                page, kept = fetch_page(client, item.content.url, turns, robots, keep)
            except (BadRecord, HostRateLimited) as error:
                yield dataclasses.replace(item, page_failure=mask_text(str(error))[:500])
                if isinstance(error, HostRateLimited | RetryLater) or isinstance(error.__cause__, PASSING_ERRORS):
                    yield from _again(item)
            else:
                yield dataclasses.replace(item, page=page)
                yield from (beam.pvalue.TaggedOutput(ARCHIVE, record) for record in kept)


def _again(item: Item) -> Iterator[Any]:
    for note in to_try_again(item):
        yield beam.pvalue.TaggedOutput(RETRIES, note)


def fetch_page(
    client: Client,
    address: str,
    turns: HostRateLimiter,
    robots: Robots,
    keep: Callable[[Answer], Iterator[bytes]] | None = None,
) -> tuple[FetchedPage, list[bytes]]:
    """Return one page, and what is to be archived of it.

    Raises:
        BadRecord: it cannot be fetched, is not a page, or robots.txt does not allow it.
        HostWaits: the host's turn would come too late.
    """

    def turn(hop: str) -> Any:
        robots.check(hop)
        return turns.turn(hop)

    with client.get(address, headers={"Accept": ACCEPT_PAGE}, turn=turn) as answer:
        if answer.status == 429:
            turns.close(answer.url, 3600)
        if answer.status != 200:
            busy = answer.status in (429, 503, *PASSING_STATUS)
            raise (RetryLater if busy else BadRecord)(Reason.FETCH_FAILED, f"the server answered {answer.status}")
        media, charset = answer.media_type
        if media and "html" not in media and "xml" not in media and media != "text/plain":
            raise BadRecord(Reason.FETCH_FAILED, f"no page but {media[:80]!r}")
        content = join(answer.blocks(), max_bytes=min(client.limits.max_bytes, MAX_PAGE))
        kept = list(keep(answer)) if keep else []
        return FetchedPage(url=answer.url, content=content, charset=charset), kept
