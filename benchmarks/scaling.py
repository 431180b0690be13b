"""CPU time and memory per article as the input grows: what is flat, and what holds the whole input.

    python -m benchmarks.scaling --articles 1000 10000              the shipped model
    python -m benchmarks.scaling --articles 1000 10000 100000 --cheap

Runs `dateline run` itself, with its near-copy and commit steps, over made-up
articles, a process for each size, and prints what the run's metrics say. CPU
time is of all processes; wall time depends on what else the machine does.

With --cheap a stand-in reads the articles instead of the shipped model:
spaCy's tokenizer and a list of names (an entity ruler). It finds the made-up
persons, organizations and places, so that all later steps have as much to do,
but costs a small part of the model. The stand-in's figures tell how time and
memory grow, not what an article costs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.throughput import BODIES, PEOPLE, PLACES, articles

COLUMNS = (
    f"{'articles':>9} {'CPU s':>8} {'ms each':>8} {'marginal':>8} {'peak MB':>8} {'KB each':>8} {'marginal':>8}"
    f" {'wall s':>8} {'files':>6} {'MB':>7} {'bytes each':>10}"
)


def make_stand_in(folder: Path) -> None:
    """Write a spaCy pipeline that knows only the made-up names."""
    import spacy

    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    for label, names in (("PERSON", PEOPLE), ("ORG", BODIES), ("GPE", PLACES)):
        ruler.add_patterns([{"label": label, "pattern": name} for name in names])
    nlp.to_disk(folder)


def measure(count: int, folder: Path, settings: list[str]) -> dict[str, Any]:
    """Execute one run over a number of articles; return its metrics and its files."""
    given = folder / f"{count}.jsonl"
    with given.open("w") as file:
        file.writelines(json.dumps(article) + "\n" for article in articles(count))
    output = folder / f"out-{count}"
    metrics = folder / f"{count}.json"
    command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--input", str(given)]
    command += ["--output", str(output), "--metrics", str(metrics)]
    subprocess.run([*command, *(word for one in settings for word in ("--set", one))], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(metrics.read_text())
    paths = list(output.glob("*/date=*/*.parquet"))
    found["files"], found["bytes"] = len(paths), sum(path.stat().st_size for path in paths)
    return found


def row(count: int, found: dict[str, Any], before: tuple[int, dict[str, Any]] | None) -> str:
    """Return a line of the table; marginal is what each further article took against the size before."""
    memory = found["peak_memory_bytes"]
    more = ["", ""]
    if before:
        size, old = before
        more = [f"{(found['cpu_seconds'] - old['cpu_seconds']) / (count - size) * 1e3:.2f}",
                f"{(memory - old['peak_memory_bytes']) / (count - size) / 1e3:.1f}"]  # fmt: skip
    return (
        f"{count:>9,} {found['cpu_seconds']:>8.1f} {found['cpu_seconds'] / count * 1e3:>8.2f} {more[0]:>8}"
        f" {memory / 1e6:>8,.0f} {memory / count / 1e3:>8.1f} {more[1]:>8} {found['seconds']:>8.1f}"
        f" {found['files']:>6} {found['bytes'] / 1e6:>7.1f} {found['bytes'] / count:>10,.0f}"
    )


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cheap", action="store_true", help="read with the stand-in, not the shipped model")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = [f"workers={args.workers}", *args.set]
        if args.cheap:
            make_stand_in(folder / "stand-in")
            settings.append(f"extract.model={folder / 'stand-in'}")
        print(f"{'a stand-in for the model' if args.cheap else 'the shipped model'}, {args.workers} worker(s)")
        print(COLUMNS, flush=True)
        before = None
        for count in sorted(args.articles):
            found = measure(count, folder, settings)
            print(row(count, found, before), flush=True)
            rows = ", ".join(f"{table} {number:,}" for table, number in sorted(found["rows"].items()))
            print(f"{'':>9} counts {found['counts']['articles']:,} articles of {found['counts']['inputs']:,}; {rows}")
            before = (count, found)


if __name__ == "__main__":
    main()
