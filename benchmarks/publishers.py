"""Made-up publishers and their servers, for `benchmarks/fortnight.py`: what they publish, and all that goes wrong."""

import collections
import dataclasses
import datetime
import random
import zlib
from collections.abc import Iterator

import httpx

START = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
STEP = datetime.timedelta(minutes=15)
TIMEOUTS, ERRORS = 0.05, 0.02
"""Shares of the requests."""
HOSTS = 60
RETRY_AFTER = 1800
"""Seconds that a third of the 503s ask for."""


@dataclasses.dataclass
class Story:
    """One story, and how it changes."""

    number: int
    published: datetime.datetime
    edited: datetime.datetime | None
    redated: datetime.datetime | None

    def version(self, now: datetime.datetime) -> int:
        """Return 1, or 2 after the edit."""
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
    def host(self) -> int:
        """Return the number of its host, which it shares with others."""
        return self.number % HOSTS

    @property
    def address(self) -> str:
        """Return the address under which it is listed."""
        return f"https://host{self.host}.test/feeds/{self.number}"

    def shown(self, now: datetime.datetime) -> list[Story]:
        """Return the stories in the feed, the newest first."""
        return [story for story in self.stories if story.published <= now][-self.window :][::-1]

    def leaves(self, story: Story) -> datetime.datetime | None:
        """Return the time at which a story leaves the feed; None if it stays."""
        later = self.stories[story.number + self.window :]
        instants = [one for one in (later[0].published if later else None, self.ends) if one]
        return min(instants, default=None)

    def body(self, now: datetime.datetime) -> bytes:
        """Return the feed as RSS."""
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


def publish(number: int, days: float, seed: int) -> Publisher:
    """Return a publisher with all that will happen to it, whoever else there is."""
    chance = random.Random(f"publisher {seed} {number}")
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
    """All servers, as a transport of httpx."""

    publishers: dict[str, Publisher]
    seed: int
    now: datetime.datetime = START
    requests: int = 0
    not_modified: int = 0
    sent: int = 0
    saved: int = 0
    faults: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    asked_at_old_address: int = 0
    asked_after_end: int = 0
    closed: dict[str, datetime.datetime] = dataclasses.field(default_factory=dict)
    """Host -> end of its rate limit."""
    _chances: dict[str, random.Random] = dataclasses.field(default_factory=dict)

    def chance(self, host: str) -> random.Random:
        """Return the faults of the requests to a host, independent of other hosts."""
        return self._chances.setdefault(host, random.Random(f"faults {self.seed} {host}"))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return one answer, or none in time."""
        self.requests += 1
        address = str(request.url)
        publisher = self.publishers[address.removesuffix("/new")]
        chance = self.chance(request.url.host)
        if chance.random() < TIMEOUTS:
            self.faults["timeout"] += 1
            raise httpx.ReadTimeout("too late")
        if chance.random() < ERRORS:
            self.faults["5xx"] += 1
            status, waits = chance.choice([500, 502, 503]), chance.random() < 0.3
            if waits and status == 503:
                self.closed[request.url.host] = self.now + datetime.timedelta(seconds=RETRY_AFTER)
            return httpx.Response(status, headers={"retry-after": str(RETRY_AFTER)} if waits else {})
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
