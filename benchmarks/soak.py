"""A stream of hours with faults, on Prism: is a story lost or doubled, and does memory stay flat?

    python -m benchmarks.soak --minutes 120
    python -m benchmarks.soak --minutes 5 --feeds 6 --kills 2

Publishers are made up and served on loopback: new stories all the time, some
edited later, some taken over by another feed under the same address, some
reprinted under another one, some dated 1970, tomorrow, or not at all. Servers
break, do not answer, move for good, and know validators or do not. Files of
articles are dropped into a watched folder. In the first half of the time
`dateline stream` is killed with SIGKILL at random moments, or its Prism is,
and started again immediately; the second half is left alone, so that the slope of
its memory can be measured. In the end a minute without faults, then SIGTERM.

What is real: everything but the publishers. A story counts as lost when a
server has sent it in a whole answer and the dataset has no row of its address.

Prints a line a minute, a report at the end, and exits with 1 if anything was
lost or doubled, if counts do not add up, if an article waited too long for its
commit, or if the stream ended by itself.
"""

import argparse
import collections
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pyarrow.parquet as pq

from benchmarks.soak_web import TIMEOUT, Web, drop_file, serve
from pipeline.engines.prism import VARIABLE, find_prism
from transforms.dataset import list_runs
from transforms.dataset import memory as snapshot

REMEMBERED = 30 * 60.0
"""Seconds for which the stream keeps a page in keyed state: from then on it forgets as much as it learns."""
MAX_WAITED = 10 * 60.0
"""Seconds from an article's reading to its commit, with windows of a minute on a busy machine."""
SETTLED = REMEMBERED + 5 * 60.0


class Job:
    """`dateline stream`, started again whenever it has ended."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = command
        self._log = log.open("ab")
        self.starts = 0
        self.started = list[float]()
        self.ended_by_itself = list[int]()
        self.memory = list[tuple[int, float, float, float]]()
        """Start, seconds since then, and MB of the stream and of Prism."""
        self.start()

    def start(self) -> None:
        """Start it."""
        self.starts += 1
        self.begun = time.monotonic()
        self.started.append(time.time())
        self.process = subprocess.Popen(self._command, stdout=self._log, stderr=subprocess.STDOUT)

    def prism(self) -> psutil.Process | None:
        """Return its Prism."""
        try:
            children = psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return None
        return next((child for child in children if "prism" in child.name()), None)

    def kill(self, what: str) -> None:
        """Kill the stream or its Prism, waits for its end, and starts it again."""
        prism = self.prism()
        if what == "prism" and prism is not None:
            prism.kill()
            self.process.wait(120)
        else:
            self.process.kill()
            self.process.wait()
        self.start()

    def look(self) -> None:
        """Note its memory, and starts it again if it has ended."""
        if self.process.poll() is not None:
            self.ended_by_itself.append(self.process.returncode)
            self.start()
            return
        prism = self.prism()
        try:
            sizes = [one.memory_info().rss / 1e6 if one else 0.0 for one in (psutil.Process(self.process.pid), prism)]
        except psutil.NoSuchProcess:
            return
        self.memory.append((self.starts, time.monotonic() - self.begun, sizes[0], sizes[1]))

    def drain(self) -> int:
        """End it as a user would; gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(300)


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Return MB an hour, by least squares; 0 for too few samples."""
    if len(samples) < 10:
        return 0.0
    xs, ys = zip(*samples, strict=True)
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return 3600 * sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0


def configuration(folder: Path, port: int, feeds: int) -> Path:
    """Return the stream's configuration, with windows of a minute."""
    path = folder / "soak.yaml"
    inputs = [f"http://127.0.0.1:{port}/{feed}" for feed in range(feeds)] + [str(folder / "dropped" / "*.jsonl")]
    settings = {
        "runner": "PrismRunner",
        "read": {
            "inputs": inputs,
            "every_minutes": 0.5,
            "timeout_seconds": TIMEOUT,
            "host_interval_seconds": 0.01,
            "allow_private_addresses": True,
        },
        "stream": {
            "window_minutes": 1,
            "wait_minutes": 0.5,
            "oldest_minutes": 5,
            "late_minutes": 0.1,
            "remember_hours": REMEMBERED / 3600,
            "check_seconds": 2,
        },
        "write": {"output": str(folder / "out")},
    }
    path.write_text(json.dumps(settings))  # JSON is YAML
    return path


def waited(database: duckdb.DuckDBPyConnection, output: Path) -> float:
    """Return the longest time for which an article that was read had to wait until it was committed, seconds."""
    read = dict(
        database.execute(
            f"SELECT split_part(parse_filename(filename), '-', 1), epoch(min(date_fetched))"
            f" FROM read_parquet('{output}/articles/**/*.parquet', filename=true) GROUP BY 1"
        ).fetchall()
    )
    ended = {path.stem: path.stat().st_mtime for path in output.glob("_dateline/runs/*.json")}
    return max((ended[run] - begun for run, begun in read.items()), default=0.0)


def account(web: Web, dropped: list[str], output: Path) -> dict[str, Any]:
    """Compare the dataset with the stories that were sent."""
    database = duckdb.connect()
    rows = database.execute(
        f"SELECT article_id, coalesce(canonical_url, url) AS url, version, text_sha256, duplicate_of, filename"
        f" FROM read_parquet('{output}/articles/**/*.parquet', filename=true)"
    ).fetchall()
    places = database.execute(
        f"SELECT count(*) FROM '{output}/entities/**/*.parquet' e"
        f" WHERE NOT EXISTS (SELECT 1 FROM '{output}/articles/**/*.parquet' a WHERE a.article_id = e.article_id)"
    ).fetchone()
    broken = collections.Counter(
        row["source"].rpartition("/")[2].partition(".")[0]
        for path in output.glob("failures/**/*.parquet")
        for row in pq.ParquetFile(path).read(columns=["source"]).to_pylist()
        if "/dropped/" in row["source"]
    )
    files = {address.removeprefix("https://dropped.test/").partition("-")[0] for address in dropped}
    runs = [run for run in list_runs(str(output)) if run.state == "committed"]
    totals = sum((collections.Counter(run.counts) for run in runs), collections.Counter[str]())
    have = {row[1] for row in rows}
    versions = collections.Counter((row[1], row[3]) for row in rows)
    ids = collections.Counter(row[0] for row in rows)
    linked = {row[1] for row in rows if row[4]}
    reprinted = [again for again, first in web.reprints.items() if {again, first} <= have]
    return {
        "stories sent": len(web.sent),
        "stories lost": sorted(set(web.sent) - have),
        "articles dropped as files": len(dropped),
        "of them lost": sorted(set(dropped) - have),
        "broken lines of files": len(files),
        "of them not told": sorted(files - broken.keys()),
        "of them told twice": sum(count - 1 for count in broken.values()),
        "longest time from an article's reading to its commit, s": round(waited(database, output)),
        "rows": len(rows),
        "rows doubled": sum(count - 1 for count in versions.values()),
        "article ids twice": sum(count - 1 for count in ids.values()),
        "second versions": sum(row[2] > 1 for row in rows),
        "reprints in the dataset": len(reprinted),
        "of reprints and firsts, pairs linked": sum(
            again in linked or web.reprints[again] in linked for again in reprinted
        ),
        "entities without article": places[0] if places else 0,
        "feeds remembered": sum("due" in values for values in snapshot.read(str(output)).values()),
        "windows": len({run.pane["start"] for run in runs}),
        "commits": len(runs),
        "late panes": sum(bool(run.pane["late"]) for run in runs),
        "late articles": sum(run.counts.get("articles", 0) for run in runs if run.pane["late"]),
        "inputs": totals["inputs"],
        "articles + duplicates + failures": totals["articles"] + totals["duplicates"] + totals["failures"],
        "duplicates": totals["duplicates"],
        "failures": totals["failures"],
    }


def soak(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run it all, and gives the figures by name."""
    (folder / "dropped").mkdir(parents=True)
    web = Web(args.feeds, args.seconds, args.seed)
    chance = random.Random(args.seed)
    config = configuration(folder, serve(web), args.feeds)
    job = Job([sys.executable, "-m", "pipeline", "stream", str(config)], folder / "stream.log")
    begun = time.monotonic()
    total = 60 * args.minutes
    kills = sorted(chance.uniform(0.08, 0.5) * total for _ in range(args.kills))
    moves = sorted(chance.uniform(0.1, 0.6) * total for _ in range(args.feeds // 8))
    files = list(range(20, int(total), 60))
    dropped: list[str] = []
    next_line = 60.0
    next_look = 0.0
    while (passed := time.monotonic() - begun) < total:
        web.live()
        if kills and passed >= kills[0]:
            kills.pop(0)
            what = chance.choice(["stream", "stream", "prism"])
            job.kill(what)
            print(f"{passed / 60:6.1f} min  killed the {what}", flush=True)
        if moves and passed >= moves[0]:
            moves.pop(0)
            web.moved.add(chance.randrange(args.feeds))
        if files and passed >= files[0]:
            dropped += drop_file(folder / "dropped", files.pop(0), web)
        if passed >= next_look:
            job.look()
            next_look = passed + 5
        if passed >= next_line:
            next_line += 60
            _, _, stream, prism = job.memory[-1] if job.memory else (0, 0, 0.0, 0.0)
            commits = len(list((folder / "out" / "_dateline" / "runs").glob("*.json")))
            print(
                f"{passed / 60:6.1f} min  {len(web.sent):,} stories sent, {commits:,} commits, start {job.starts},"
                f" {stream:.0f} MB stream, {prism:.0f} MB Prism",
                flush=True,
            )
        time.sleep(0.2)
    web.faulty = web.open = False
    settle = time.monotonic()
    # All that was sent to a stream that was killed then must have been sent to one that lives.
    while time.monotonic() - settle < 60:
        job.look()
        time.sleep(1)
    code = job.drain()
    figures = account(web, dropped, folder / "out")
    (folder / "memory.json").write_text(json.dumps(job.memory))
    last = [(at, stream, prism) for start, at, stream, prism in job.memory if start == job.starts and at > 300]
    settled = [sample for sample in last if sample[0] > SETTLED]
    # Between two visits of one stream that lives, not across a restart, after which memory is read again.
    gaps = [
        b - a
        for times in web.asked.values()
        for a, b in itertools.pairwise(times)
        if not any(a < start <= b for start in job.started)
    ]
    return {
        "minutes": args.minutes,
        "starts": job.starts,
        "kills": args.kills,
        "ended by itself, with code": job.ended_by_itself,
        "exit code after SIGTERM": code,
        **figures,
        "requests": dict(web.requests),
        "faults": dict(web.faults),
        "shortest time between two good answers of a feed, s": round(min(gaps, default=0.0), 1),
        "MB of the stream at last": round(job.memory[-1][2]),
        "MB of Prism at last": round(job.memory[-1][3]),
        "MB of the stream at most": round(max(one[2] for one in job.memory)),
        "MB of Prism at most": round(max(one[3] for one in job.memory)),
        "slope of the stream, MB/h, last start without its first 5 min": round(slope([(x, s) for x, s, _ in last]), 1),
        "slope of Prism, MB/h": round(slope([(x, p) for x, _, p in last]), 1),
        "slope of the stream since its state is full": round(slope([(x, s) for x, s, _ in settled]), 1),
        "slope of Prism since then": round(slope([(x, p) for x, _, p in settled]), 1),
        "minutes of the last start, and since then": [round(len(some) / 12) for some in (last, settled)],
    }


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120, help="how long; kills fall into the first half (120)")
    parser.add_argument("--feeds", type=int, default=40, help="how many feeds (40)")
    parser.add_argument("--seconds", type=float, default=90, help="between two stories of a feed, about (90)")
    parser.add_argument("--kills", type=int, default=8, help="how often the stream or its Prism is killed (8)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep the dataset, the log and the report here; must not exist")
    parser.add_argument("--prism", help=f"path of the program; else {VARIABLE}, else on the path")
    args = parser.parse_args()
    os.environ[VARIABLE] = find_prism(args.prism)
    with tempfile.TemporaryDirectory(prefix="dateline-soak-") as temporary:
        folder = args.folder or Path(temporary) / "soak"
        folder.mkdir(parents=True)
        figures = soak(args, folder)
        report = json.dumps(figures, indent=1)
        (folder / "report.json").write_text(report + "\n")
        print(report)
    bad = (
        bool(figures["stories lost"] or figures["of them lost"] or figures["rows doubled"])
        or bool(figures["of them not told"] or figures["of them told twice"])
        or figures["longest time from an article's reading to its commit, s"] > MAX_WAITED
        or bool(figures["article ids twice"] or figures["entities without article"])
        or figures["inputs"] != figures["articles + duplicates + failures"]
        or figures["feeds remembered"] != args.feeds
        or bool(figures["ended by itself, with code"] or figures["exit code after SIGTERM"])
    )
    sys.exit(bad)


if __name__ == "__main__":
    main()
