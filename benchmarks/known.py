"""Cost of a long history: time and memory of a run with ten million known articles, and with none.

    python -m benchmarks.known --known 10000000 --articles 1000

Makes a dataset of that many rows (of the columns that matter), then
deduplicates one run of articles into it, half of them known. The first time
the dataset's segments are made; from then on they are read. Each measurement
is a process of its own, so that its peak of memory is its own, too.
"""

import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.dataset import Run
from transforms.dataset.schema import table_schema
from transforms.deduplicate import Deduplicate, KnownArticles, segments
from transforms.records import Article

NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
ROWS_PER_FILE = 100_000
RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


def hex_strings(rng: np.random.Generator, rows: int, digits: int) -> pa.Array:
    """Return random ids."""
    text = rng.bytes(rows * digits // 2).hex().encode()
    offsets = np.arange(0, rows * digits + 1, digits, dtype=np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(text))


def write_history(output: Path, rows: int) -> None:
    """Write files of the `articles` table, a run each, older than the window."""
    schema = table_schema("articles")
    for number in range(-(-rows // ROWS_PER_FILE)):
        count = min(ROWS_PER_FILE, rows - number * ROWS_PER_FILE)
        rng = np.random.default_rng(number)
        day = NOW.date() - datetime.timedelta(days=30 + number)
        ids = hex_strings(rng, count, 32)
        then = pa.array([NOW - datetime.timedelta(days=30 + number)] * count, schema.field("date_fetched").type)
        columns: dict[str, Any] = {
            "article_id": ids,
            "canonical_url": pc.binary_join_element_wise("https://news.test/articles/", ids, ""),
            "headline": ids,
            "source_uri": pa.array(["feed.xml"] * count),
            "text_sha256": hex_strings(rng, count, 64),
            "text_basis": pa.array(["content"] * count),
            "word_count": pa.array([300] * count, pa.int64()),
            "text": pa.array([""] * count),
            "date_fetched": then,
            "date_published": then,
        }
        for field in schema:
            if field.name in segments.READ and field.name not in columns:
                version = field.name == "version"
                columns[field.name] = pa.array([1] * count, field.type) if version else pa.nulls(count, field.type)
        path = output / f"articles/date={day}/{number:016x}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table(columns), path, compression="zstd")


def articles_of_run(output: Path, count: int) -> list[Article]:
    """Return articles of a run; every other one is in the dataset, if that has any."""
    rng = np.random.default_rng(10**9)
    known: list[dict[str, Any]] = []
    for path in sorted(output.glob("articles/*/*.parquet"))[:1]:
        table = pq.read_table(path, columns=["article_id", "canonical_url", "headline", "text_sha256"])
        known = table.slice(0, count // 2).to_pylist()
    ids = hex_strings(rng, count, 64).to_pylist()
    fresh = [
        {"article_id": one[:32], "canonical_url": f"https://news.test/{one}", "headline": one, "text_sha256": one}
        for one in ids
    ]
    texts = [" ".join(one) for one in rng.choice([f"word{at}" for at in range(50_000)], (count, 300)).tolist()]
    return [
        Article(
            **row,
            source_uri="feed.xml",
            source_kind="entry",
            date_fetched=NOW,
            text=text,
            text_basis="content",
            word_count=300,
        )
        for row, text in zip([*known, *fresh][:count], texts, strict=True)
    ]


def deduplicate(output: Path, articles: int) -> dict[str, float]:
    """Return one run through Beam; rows kept and dropped, seconds, and the process's peak of memory in MB."""
    given = articles_of_run(output, articles)
    run = Run(run_id="f" * 16, listing="", started=NOW)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        with beam.Pipeline(runner=RUNNER) as p:
            inputs = {
                "articles": p | "Articles" >> beam.Create(given),
                "known": p | KnownArticles(output=str(output), run=run),
            }
            unique, dropped, _ = inputs | Deduplicate()
            for name, rows in (("kept", unique), ("dropped", dropped)):
                counted = rows | f"Count {name}" >> beam.combiners.Count.Globally()
                _ = counted | f"Say {name}" >> beam.Map(_say, f"{folder}/{name}")
        counts = {path.name: float(path.read_text()) for path in Path(folder).iterdir()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**counts, "seconds": time.perf_counter() - begun, "before_mb": before, "peak_mb": peak}


def _say(count: int, path: str) -> None:
    Path(path).write_text(str(count), encoding="utf-8")


def main() -> None:
    """Print a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--known", type=int, default=10_000_000)
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--output", type=Path, help="where the dataset is made and kept; else it is removed again")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(deduplicate(args.output, args.articles)))
        return
    with tempfile.TemporaryDirectory() as folder:
        output = args.output or Path(folder) / "dataset"
        if not output.exists():
            begun = time.perf_counter()
            write_history(output, args.known)
            print(f"{args.known:,} rows written in {time.perf_counter() - begun:.0f} s", flush=True)
        for name, where in (
            ("no history", Path(folder) / "none"),
            ("history, segments made", output),
            ("history, segments merged and read", output),
            ("history, segments read", output),
        ):
            print(f"{name}: {measured(where, args.articles)}", flush=True)
        found = list(output.glob(f"{segments.FOLDER}/*"))
        size = sum(path.stat().st_size for path in found)
        print(f"{len(found)} segments of {size / 1e6:,.0f} MB, {size / args.known:.0f} bytes an article")


def measured(output: Path, articles: int) -> str:
    """Return the figures of one run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.known", "--measure", "--output", str(output)]
    done = subprocess.run(
        [*command, "--articles", str(articles)], check=True, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    found = json.loads(done.stdout)
    return (
        f"{found['kept']:,.0f} articles kept, {found['dropped']:,.0f} dropped, {found['seconds']:.1f} s,"
        f" peak {found['peak_mb']:,.0f} MB ({found['before_mb']:,.0f} MB before)"
    )


if __name__ == "__main__":
    main()
