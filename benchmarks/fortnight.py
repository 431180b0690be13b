"""Two weeks of a job that runs every 15 minutes, in minutes: is a story lost or doubled, and what does it cost?

    python -m benchmarks.fortnight
    python -m benchmarks.fortnight --feeds 20 --days 2
    python -m benchmarks.fortnight --host 51       (the feeds of one host, just as they are among all)

Publishers are made up: some thousand stories, some of them edited or given a
new date later, with guids of their own, one guid for all, or none. Servers
time out, break, move, go away, and know validators or do not. Some runs die
before they commit. Time is virtual.

What is real: the visits to hosts, `fetch` with its client, headers and
redirects, the schedule, what is remembered and how it is stored, the parsing of
feeds and the articles' ids. What is not: the network (a transport answers in
its place), Beam, the writing of Parquet (a set of ids stands for the dataset),
and the search for near copies.

A story that is not in the dataset is lost, with one exception, which is counted
apart: it was never offered if at each run while it was in its feed the server
gave no response, had sent a rate limit, or the run itself died; or if
there was no run while it was there.
"""

import argparse
import collections
import dataclasses
import datetime
import random
import time
from collections.abc import Iterator

import httpx

from benchmarks.publishers import START, STEP, Publisher, Web, publish
from transforms.failures import BadRecord, Reason
from transforms.feeds.fetch import FetchOutcome, FetchRequest
from transforms.feeds.schedule import FeedState, PollingPolicy, from_json, is_due, key_of, to_json
from transforms.formats.known import split
from transforms.http.client import Client, Limits
from transforms.http.rate_limit import HostRateLimiter, host_of
from transforms.parse.article import parse_item
from transforms.read.visit_host import ask_host
from transforms.records import Document, Failure, Item

CRASHES = 0.01
"""Share of the runs."""
LAST = datetime.timedelta(hours=3)
"""What is published later than that before the end may be waiting for its turn, and is not counted."""
STOOD = datetime.timedelta(hours=1)
"""For so long a text stood, before it was edited, that is expected to be found."""


@dataclasses.dataclass
class Dataset:
    """What is committed: ids of articles and what is remembered."""

    rows: dict[str, str] = dataclasses.field(default_factory=dict)
    """`article_id` -> story and version, as the text says."""
    memory: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)
    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    history: dict[str, list[tuple[datetime.datetime, str]]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(list)
    )
    """Address -> each run, and the outcome of the address: answered, failed, died, waiting, or not due."""


def items(document: Document) -> Iterator[Item]:
    """Yield the entries of a feed; none of one that has none yet."""
    try:
        yield from split(document)
    except BadRecord as error:
        if error.reason != Reason.NO_ENTRIES:
            raise


@dataclasses.dataclass
class Run:
    """One run over all feeds."""

    dataset: Dataset
    web: Web
    client: Client
    rows: dict[str, str] = dataclasses.field(default_factory=dict)
    memory: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)
    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def make(self, dies: bool) -> None:
        """Ask what is due, and commits; a run that dies leaves no trace."""
        now, turns = self.web.now, HostRateLimiter(0, sleep=lambda seconds: None)
        asked = self.due()
        for tasks in asked.values():
            for result in ask_host(
                self.client, turns, tasks, pace=PollingPolicy(), fetched=now, clock=lambda: now, retry_seconds=10
            ):
                self.take(result)
        due = {task.address for tasks in asked.values() for task in tasks}
        for address in self.web.publishers:
            closed = self.web.closed.get(host_of(address), START) > now
            self.dataset.history[address].append((now, self.outcome(address, address in due, closed, dies)))
        if not dies:
            self.dataset.rows.update({name: row for name, row in self.rows.items() if name not in self.dataset.rows})
            self.dataset.memory.update(self.memory)
            self.dataset.counts.update(self.counts)

    def due(self) -> dict[str, list[FetchRequest]]:
        """Return the addresses to request, by host."""
        states: dict[str, FeedState] = {key: from_json(values) for key, values in self.dataset.memory.items()}
        found: dict[str, list[FetchRequest]] = collections.defaultdict(list)
        for address in self.web.publishers:
            state = states.get(key_of(address))
            if is_due(state, self.web.now):
                found[host_of(address)].append(FetchRequest(address=address, state=state))
        return found

    def take(self, result: object) -> None:
        """Read what an address gave."""
        if isinstance(result, Document):
            self.counts["unchanged"] += len(result.known)
            for item in items(result):
                if item.position not in result.known:
                    article = parse_item(item, lambda name: False)
                    self.counts["duplicates"] += (
                        article.article_id in self.dataset.rows or article.article_id in self.rows
                    )
                    self.rows.setdefault(article.article_id, article.text.split(". ")[0])
        elif isinstance(result, FetchOutcome) and result.state:
            self.memory[result.state.key] = to_json(result.state)
            self.counts[result.outcome] += 1
            self.counts["overruns"] += result.overrun
        elif isinstance(result, Failure):
            self.counts["failure rows"] += 1

    def outcome(self, address: str, due: bool, closed: bool, dies: bool) -> str:
        """Return the outcome of an address in this run."""
        state = self.memory.get(key_of(address))
        if not due or state is None:
            return "waiting" if closed else "not asked"
        if dies:
            return "died"
        return "answered" if state.get("answered") == state["asked"] else "waiting" if closed else "failed"


def why_missing(history: list[tuple[datetime.datetime, str]], begin: datetime.datetime, end: datetime.datetime) -> str:
    """Return the reason for which a story of a feed was not found: `never offered`, or a fault of ours."""
    runs = {what for now, what in history if begin <= now < end}
    faults = runs & {"answered", "not asked"}
    return "answered" if "answered" in faults else "not asked" if faults else "never offered"


def judge(
    dataset: Dataset, publishers: dict[str, Publisher], begin: datetime.datetime, end: datetime.datetime
) -> tuple[collections.Counter[str], list[str]]:
    """Return counts of the stories that were found, and a line for each that was not."""
    have = set(dataset.rows.values())
    stories = {name.rpartition("-")[0] for name in have}
    counts: collections.Counter[str] = collections.Counter()
    missing: list[str] = []
    for publisher in publishers.values():
        history = dataset.history[publisher.address]
        for story in publisher.stories:
            left = publisher.leaves(story) or end
            if left <= begin or story.published > min(end, publisher.ends or end) - LAST:
                continue
            since = max(story.published, begin)
            name = f"Story {publisher.number}-{story.number}"
            counts["stories"] += 1
            if name not in stories:
                why = why_missing(history, since, left)
                counts[f"stories {why}"] += 1
                missing.append(f"{name} stood from {since:%d %H:%M:%S} to {left:%d %H:%M:%S}: {why}")
            if story.edited is None or story.edited - since >= STOOD:
                counts["versions"] += 1
                if f"{name}-1" not in have and name in stories:
                    counts[f"versions {why_missing(history, since, min(left, story.edited or left))}"] += 1
    return counts, missing


def simulate(feeds: int, days: float, seed: int = 1, host: int | None = None) -> tuple[dict[str, float], list[str]]:
    """Run it all, and gives the figures by name, and a line for each story that is missing."""
    made = (publish(number, days, seed) for number in range(feeds))
    publishers = {one.address: one for one in made if host is None or one.host == host}
    web = Web(publishers, seed)
    dataset = Dataset()
    chance = random.Random(f"runs {seed}")
    crashes, begin = 0, None
    with Client(Limits(), transport=httpx.MockTransport(web.answer)) as client:
        for number in range(int(days * 96)):
            web.now = START + number * STEP + datetime.timedelta(seconds=chance.uniform(0, 60))
            begin = begin or web.now
            dies = chance.random() < CRASHES
            crashes += dies
            Run(dataset, web, client).make(dies)
    found, missing = judge(dataset, publishers, begin or START, web.now)
    rows = collections.Counter(dataset.rows.values())
    counts = dataset.counts
    return {
        "feeds": len(publishers),
        "runs": int(days * 96),
        "runs that died": crashes,
        "stories published": found["stories"],
        "stories lost": found["stories answered"] + found["stories not asked"],
        "stories never offered": found["stories never offered"],
        "first versions that stood for an hour": found["versions"],
        "of them lost, the story found later": found["versions answered"] + found["versions not asked"],
        "of them never offered": found["versions never offered"],
        "second versions found": sum(name.endswith("-2") for name in rows),
        "rows": len(dataset.rows),
        "rows doubled": sum(count - 1 for count in rows.values()),
        "entries known by their fingerprint": counts["unchanged"],
        "duplicates found by id": counts["duplicates"],
        "feeds that had moved on altogether": counts["overruns"],
        "requests": web.requests,
        "requests per feed and day": web.requests / len(publishers) / days,
        "timeouts": web.faults["timeout"],
        "5xx": web.faults["5xx"],
        "addresses that failed in a run": counts["failed"] + counts["still_failing"],
        "failure rows": counts["failure rows"],
        "answers 304": web.not_modified,
        "bytes sent": web.sent,
        "bytes saved by 304": web.saved,
        "requests answered 410": web.asked_after_end,
        "feeds gone": sum(bool(one.ends) for one in publishers.values()),
        "requests answered 301": web.asked_at_old_address,
        "feeds moved": sum(bool(one.moves) for one in publishers.values()),
    }, missing


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--host", type=int, help="only the feeds of this host, from 0")
    args = parser.parse_args()
    began = time.monotonic()
    figures, missing = simulate(args.feeds, args.days, args.seed, args.host)
    for line in missing:
        print(line)
    for name, value in figures.items():
        print(f"{name:<42}{value:>15,.1f}" if isinstance(value, float) else f"{name:<42}{value:>15,}")
    print(f"{'seconds':<42}{time.monotonic() - began:>15,.1f}")


if __name__ == "__main__":
    main()
