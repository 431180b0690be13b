"""The web of the soak: publishers on loopback, with faults."""

import collections
import dataclasses
import datetime
import email.utils
import html
import http.server
import json
import random
import threading
import time
import zlib
from pathlib import Path
from typing import Any

from benchmarks.throughput import articles

EDITED, TAKEN_OVER, REPRINTED, WILD = 0.08, 0.08, 0.08, 0.06
"""Shares of the stories."""
BROKEN, SILENT = 0.02, 0.005
"""Shares of the answers."""
SHOWN = 60
"""Entries of a feed."""


TIMEOUT = 2.0


@dataclasses.dataclass(frozen=True)
class Entry:
    """A story as one feed shows it."""

    url: str
    guid: str
    title: str
    text: str
    dated: datetime.datetime | None
    shown_from: float
    shown_until: float = float("inf")


class Web:
    """All publishers, and what they have sent.

    Args:
        feeds: how many.
        seconds: between two stories of a feed, about.
        seed: of all that is random.
    """

    def __init__(self, feeds: int, seconds: float, seed: int) -> None:
        self._chance = random.Random(seed)
        self._bodies = articles(10**9, seed)
        self._lock = threading.Lock()
        self.feeds: list[list[Entry]] = [[] for _ in range(feeds)]
        self._due = [time.time() + self._chance.uniform(0, seconds) for _ in range(feeds)]
        self._seconds = seconds
        self.moved = set[int]()
        self.faulty = True
        self.open = True
        self.sent = dict[str, float]()
        """Address -> when it was first sent."""
        self.reprints = dict[str, str]()
        self.faults = collections.Counter[str]()
        self.requests = collections.Counter[str]()
        self.asked = collections.defaultdict[int, list[float]](list)
        for feed in range(feeds):
            for _ in range(5):
                self._publish(feed, time.time() - self._chance.uniform(0, 300))

    def body(self) -> tuple[str, str]:
        """Return a headline and a text that no other article has."""
        made = next(self._bodies)
        paragraphs = made["text"].split("\n\n")[:3]
        return f"{made['title']}: {paragraphs[0][:60]}", " ".join(paragraphs)

    def live(self) -> None:
        """Publish what is due."""
        now = time.time()
        with self._lock:
            for feed, due in enumerate(self._due):
                if now >= due and self.open:
                    self._publish(feed, now)
                    self._due[feed] = now + self._chance.expovariate(1 / self._seconds)

    def _publish(self, feed: int, now: float) -> None:
        number = len(self.feeds[feed])
        url = f"https://news{feed}.test/{number}"
        title, text = self.body()
        present = datetime.datetime.fromtimestamp(now, datetime.UTC)
        wild = [None, datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), present + datetime.timedelta(days=1)]
        dated = self._chance.choice(wild) if self._chance.random() < WILD else present
        kind = self._chance.random()
        own = Entry(url, url, title, text, dated, now)
        if kind < EDITED:
            edit = now + self._chance.uniform(30, 300)
            own = dataclasses.replace(own, shown_until=edit)
            changed = dataclasses.replace(
                own, text=f"{text} Correction: this was edited.", shown_from=edit, shown_until=float("inf")
            )
            self.feeds[feed].append(changed)
        self.feeds[feed].append(own)
        other = self._chance.randrange(len(self.feeds))
        later = now + self._chance.uniform(0, 60)
        if EDITED <= kind < EDITED + TAKEN_OVER and other != feed:
            self.feeds[other].append(dataclasses.replace(own, guid=f"{feed}-{number}", shown_from=later))
        elif EDITED + TAKEN_OVER <= kind < EDITED + TAKEN_OVER + REPRINTED and other != feed:
            again = f"https://news{other}.test/agency/{feed}-{number}"
            self.reprints[again] = url
            self.feeds[other].append(dataclasses.replace(own, url=again, guid=again, shown_from=later))

    def answer(self, feed: int) -> tuple[bytes, list[str]]:
        """Return a feed as it is now, and the addresses in it."""
        now = time.time()
        with self._lock:
            shown = [one for one in self.feeds[feed] if one.shown_from <= now < one.shown_until][-SHOWN:]
        items = "".join(map(_item, reversed(shown)))
        channel = f"<channel><title>News {feed}</title>{items}</channel>"
        return f"<?xml version='1.0'?><rss version='2.0'>{channel}</rss>".encode(), [one.url for one in shown]

    def fault(self) -> str | None:
        """Return the fault of this response, if there is one."""
        if not self.faulty:
            return None
        roll = self._chance.random()
        return "silent" if roll < SILENT else "broken" if roll < SILENT + BROKEN else None


def _item(entry: Entry) -> str:
    date = f"<pubDate>{email.utils.format_datetime(entry.dated)}</pubDate>" if entry.dated else ""
    return (
        f"<item><title>{html.escape(entry.title)}</title><link>{entry.url}</link><guid>{entry.guid}</guid>{date}"
        f"<description>{html.escape(entry.text)}</description></item>"
    )


def serve(web: Web) -> int:
    """Serve all feeds on loopback; gives the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Serve one feed: `/3`, or `/3/new` after it has moved."""
            feed = int(self.path.split("/")[1])
            web.requests["all"] += 1
            fault = web.fault()
            if fault == "silent":
                web.faults["no answer in time"] += 1
                time.sleep(TIMEOUT + 1)
                return
            if fault == "broken":
                web.faults["5xx"] += 1
                self.send_error(random.choice([500, 502, 503]))
                return
            if feed in web.moved and not self.path.endswith("/new"):
                web.requests["301"] += 1
                self.send_response(301)
                self.send_header("Location", f"/{feed}/new")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body, addresses = web.answer(feed)
            etag = f'"{zlib.crc32(body):x}"' if feed % 3 else None
            if etag and self.headers.get("If-None-Match") == etag:
                web.requests["304"] += 1
                self.send_response(304)
                self.end_headers()
                web.asked[feed].append(time.time())
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            if etag:
                self.send_header("ETag", etag)
            self.end_headers()
            self.wfile.write(body)
            web.requests["200"] += 1
            web.asked[feed].append(time.time())
            for address in addresses:
                web.sent.setdefault(address, time.time())

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def drop_file(folder: Path, number: int, web: Web) -> list[str]:
    """Put a file of articles into the watched folder, written aside first; gives their addresses.

    Its last line is broken, and must become a failure.
    """
    lines, addresses = [], []
    for at in range(5):
        title, text = web.body()
        addresses.append(f"https://dropped.test/{number}-{at}")
        lines.append(json.dumps({"url": addresses[-1], "title": title, "text": text}))
    draft = folder / f"{number}.jsonl.part"
    draft.write_text("\n".join([*lines, "{"]))
    draft.rename(folder / f"{number}.jsonl")
    return addresses
