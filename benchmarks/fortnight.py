"""Two weeks of a job that runs every 15 minutes, in minutes: is a story lost or doubled, and what does it cost?

    python -m benchmarks.fortnight
    python -m benchmarks.fortnight --feeds 20 --days 2

Publishers are made up: some thousand stories, some of them edited or given a
new date later, with guids of their own, one guid for all, or none. Servers
time out, break, move, go away, and know validators or do not. Some runs die
before they commit. Time is virtual.

What is real: `fetch` with its client, headers and redirects, the schedule, what
is remembered and how it is stored, the parsing of feeds and the articles' ids.
What is not: the network (a transport answers in its place), Beam, the writing
of Parquet (a set of ids stands for the dataset), and the search for near copies.
"""

import argparse
import collections
import dataclasses
import datetime
import random
import time
import zlib
from collections.abc import Iterator

import httpx

from transforms.failures import BadRecord, Reason
from transforms.parse.article import parse_item
from transforms.parse.split import split
from transforms.read.client import Client, Limits
from transforms.read.fetch import Asked, Task, fetch
from transforms.read.pace import Turns
from transforms.read.schedule import FeedState, Pace, from_json, is_due, key_of, to_json
from transforms.records import Document, Item

START = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
STEP = datetime.timedelta(minutes=15)
TIMEOUTS, ERRORS, CRASHES = 0.05, 0.02, 0.01
"""Shares of the requests, the requests, and the runs."""


@dataclasses.dataclass
class Story:
    """One story, and how it changes."""

    number: int
    published: datetime.datetime
    edited: datetime.datetime | None
    redated: datetime.datetime | None

    def version(self, now: datetime.datetime) -> int:
        """1, or 2 after the edit."""
        return 2 if self.edited and self.edited <= now else 1


@dataclasses.dataclass
class Publisher:
    """One feed, and the server that it is on."""

    number: int
    stories: list[Story]
    window: int
    guids: str
    validators: str
    max_age: int | None
    ttl: int | None
    moves: datetime.datetime | None
    ends: datetime.datetime | None

    @property
    def address(self) -> str:
        """Where it is listed."""
        return f"https://host{self.number % 60}.test/feeds/{self.number}"

    def shown(self, now: datetime.datetime) -> list[Story]:
        """What the feed holds, the newest first."""
        return [story for story in self.stories if story.published <= now][-self.window :][::-1]

    def body(self, now: datetime.datetime) -> bytes:
        """The feed as RSS."""
        head = f"<title>Paper {self.number}</title>" + (f"<ttl>{self.ttl}</ttl>" if self.ttl else "")
        return f"<rss><channel>{head}{''.join(self._items(now))}</channel></rss>".encode()

    def _items(self, now: datetime.datetime) -> Iterator[str]:
        for story in self.shown(now):
            date = story.redated if story.redated and story.redated <= now else story.published
            guid = {"own": f"<guid>{self.number}-{story.number}</guid>", "one": "<guid>1</guid>"}.get(self.guids, "")
            version = story.version(now)
            text = f"Story {self.number}-{story.number}-{version}. The harbour of the town was {version} times dredged."
            yield (
                f"<item><title>Story {story.number}</title><link>https://paper{self.number}.test/{story.number}</link>"
                f"{guid}<pubDate>{date:%a, %d %b %Y %H:%M:%S} GMT</pubDate><description>{text}</description></item>"
            )


def publish(number: int, days: float, chance: random.Random) -> Publisher:
    """A publisher with all that will happen to it."""
    end = START + datetime.timedelta(days=days)

    def some_time(share: float) -> datetime.datetime | None:
        later = START + datetime.timedelta(days=days * chance.uniform(0.1, 0.9))
        return later if chance.random() < share else None

    ends = some_time(0.03)
    stories: list[Story] = []
    at = START - datetime.timedelta(days=1)
    gap = 86400 / min(30.0, 2 + chance.expovariate(1 / 8))
    while (at := at + datetime.timedelta(seconds=chance.expovariate(1 / gap))) < (ends or end):
        hours = datetime.timedelta(hours=chance.uniform(1, 6))
        edited = at + hours if chance.random() < 0.1 else None
        redated = at + hours if chance.random() < 0.1 else None
        stories.append(Story(len(stories), at, edited, redated))
    return Publisher(
        number=number,
        stories=stories,
        window=chance.randint(8, 20),
        guids=chance.choices(["own", "none", "one"], [70, 15, 15])[0],
        validators=chance.choices(["etag", "date", "none"], [50, 30, 20])[0],
        max_age=chance.choice([None, None, 300, 900, 3600]),
        ttl=chance.choice([None, None, 15, 60]),
        moves=some_time(0.05),
        ends=ends,
    )


@dataclasses.dataclass
class Web:
    """All servers, as httpx asks them."""

    publishers: dict[str, Publisher]
    chance: random.Random
    now: datetime.datetime = START
    requests: int = 0
    not_modified: int = 0
    sent: int = 0
    saved: int = 0
    faults: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    asked_at_old_address: int = 0
    asked_after_end: int = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One answer, or none in time."""
        self.requests += 1
        address = str(request.url)
        publisher = self.publishers[address.removesuffix("/new")]
        if self.chance.random() < TIMEOUTS:
            self.faults["timeout"] += 1
            raise httpx.ReadTimeout("too late")
        if self.chance.random() < ERRORS:
            self.faults["5xx"] += 1
            headers = {"retry-after": "1800"} if self.chance.random() < 0.3 else {}
            return httpx.Response(self.chance.choice([500, 502, 503]), headers=headers)
        if publisher.ends and self.now >= publisher.ends:
            self.asked_after_end += 1
            return httpx.Response(410)
        if publisher.moves and self.now >= publisher.moves and not address.endswith("/new"):
            self.asked_at_old_address += 1
            return httpx.Response(301, headers={"location": publisher.address + "/new"})
        return self._feed(publisher, request)

    def _feed(self, publisher: Publisher, request: httpx.Request) -> httpx.Response:
        body = publisher.body(self.now)
        headers = {"content-type": "application/rss+xml"}
        if publisher.max_age:
            headers["cache-control"] = f"max-age={publisher.max_age}"
        sent_back = None
        if publisher.validators == "etag":
            headers["etag"], sent_back = f'"{zlib.crc32(body):x}"', request.headers.get("if-none-match")
        elif publisher.validators == "date":
            headers["last-modified"], sent_back = f"v{zlib.crc32(body):x}", request.headers.get("if-modified-since")
        if sent_back and sent_back in (headers.get("etag"), headers.get("last-modified")):
            self.not_modified += 1
            self.saved += len(body)
            return httpx.Response(304, headers=headers)
        self.sent += len(body)
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


@dataclasses.dataclass
class Dataset:
    """What is committed: ids of articles and what is remembered."""

    rows: dict[str, str] = dataclasses.field(default_factory=dict)
    """`article_id` -> story and version, as the text says."""
    memory: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)
    duplicates: int = 0
    unchanged: int = 0
    overruns: int = 0


def items(document: Document) -> Iterator[Item]:
    """The entries of a feed; none of one that has none yet."""
    try:
        yield from split(document)
    except BadRecord as error:
        if error.reason != Reason.NO_ENTRIES:
            raise


def run_once(dataset: Dataset, web: Web, client: Client, dies: bool) -> None:
    """One run over all feeds; one that dies leaves no trace."""
    states: dict[str, FeedState] = {key: from_json(values) for key, values in dataset.memory.items()}
    rows, memory, counts = dict[str, str](), dict[str, dict[str, object]](), collections.Counter[str]()
    turns = Turns(0)
    for address in web.publishers:
        state = states.get(key_of(address))
        if not is_due(state, web.now):
            continue
        task = Task(address=address, state=state)
        for result in fetch(client, task, turns, pace=Pace(), fetched=web.now, clock=lambda: web.now):
            if isinstance(result, Document):
                counts["unchanged"] += len(result.known)
                for item in items(result):
                    if item.position not in result.known:
                        article = parse_item(item, lambda name: False)
                        counts["duplicates"] += article.article_id in dataset.rows or article.article_id in rows
                        rows.setdefault(article.article_id, article.text.split(". ")[0])
            elif isinstance(result, Asked) and result.state:
                memory[result.state.key] = to_json(result.state)
                counts["overruns"] += result.overrun
    if not dies:
        dataset.rows = {**rows, **dataset.rows}
        dataset.memory.update(memory)
        dataset.duplicates += counts["duplicates"]
        dataset.unchanged += counts["unchanged"]
        dataset.overruns += counts["overruns"]


def expected(publishers: dict[str, Publisher], end: datetime.datetime) -> tuple[set[str], set[str]]:
    """Stories that were in a feed from the first run on, and their versions that could be seen for an hour or more.

    The last six hours, of all or before a feed goes away, are left out: what is published then may be waiting for its
    turn.
    """
    stories, versions = set[str](), set[str]()
    for publisher in publishers.values():
        last = min(end, publisher.ends or end) - datetime.timedelta(hours=6)
        older = [story for story in publisher.stories if story.published <= START]
        for story in older[-publisher.window :] + [one for one in publisher.stories if START < one.published <= last]:
            name = f"Story {publisher.number}-{story.number}"
            seen_from = max(story.published, START)
            stories.add(name)
            if story.edited is None or story.edited - seen_from >= datetime.timedelta(hours=1):
                versions.add(f"{name}-1")
    return stories, versions


def simulate(feeds: int, days: float, seed: int = 1) -> dict[str, float]:
    """Runs it all, and gives the figures by name."""
    chance = random.Random(seed)
    publishers = {one.address: one for one in (publish(number, days, chance) for number in range(feeds))}
    web = Web(publishers, random.Random(seed + 1))
    dataset = Dataset()
    runs = int(days * 96)
    crashes = 0
    with Client(Limits(), transport=httpx.MockTransport(web.answer)) as client:
        for number in range(runs):
            web.now = START + number * STEP + datetime.timedelta(seconds=chance.uniform(0, 60))
            dies = chance.random() < CRASHES
            crashes += dies
            run_once(dataset, web, client, dies)
    found = collections.Counter(dataset.rows.values())
    stories, versions = expected(publishers, web.now)
    have = {name.rpartition("-")[0] for name in found}
    return {
        "feeds": feeds,
        "runs": runs,
        "runs that died": crashes,
        "stories published": len(stories),
        "stories lost": len(stories - have),
        "first versions that stood for an hour": len(versions),
        "of them lost": len(versions - set(found)),
        "second versions found": sum(name.endswith("-2") for name in found),
        "rows": len(dataset.rows),
        "rows doubled": sum(count - 1 for count in found.values()),
        "entries known by their fingerprint": dataset.unchanged,
        "duplicates found by id": dataset.duplicates,
        "feeds that had moved on altogether": dataset.overruns,
        "requests": web.requests,
        "requests per feed and day": web.requests / feeds / days,
        "timeouts": web.faults["timeout"],
        "5xx": web.faults["5xx"],
        "answers 304": web.not_modified,
        "bytes sent": web.sent,
        "bytes saved by 304": web.saved,
        "requests answered 410": web.asked_after_end,
        "feeds gone": sum(bool(one.ends) for one in publishers.values()),
        "requests answered 301": web.asked_at_old_address,
        "feeds moved": sum(bool(one.moves) for one in publishers.values()),
    }


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = time.monotonic()
    for name, value in simulate(args.feeds, args.days, args.seed).items():
        print(f"{name:<42}{value:>15,.1f}" if isinstance(value, float) else f"{name:<42}{value:>15,}")
    print(f"{'seconds':<42}{time.monotonic() - began:>15,.1f}")


if __name__ == "__main__":
    main()
