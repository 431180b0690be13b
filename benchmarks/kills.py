"""Kills a run at random moments, starts it again, and compares its rows with an undisturbed run's.

    python benchmarks/kills.py --kills 10 --articles 300

Prints a line a kill: when, how far the run was, and whether rows are equal.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from benchmarks.throughput import articles
from transforms.records import TABLES

NOT_COMPARED = {"date_fetched", "date"}
"""Columns that say when a run began, which two runs do not share."""


def command(inputs: Path, output: Path, *more: str) -> list[str]:
    """Return the command of a run over one file."""
    given = ["run", "configs/sample.yaml", "--input", str(inputs), "--output", str(output)]
    return [sys.executable, "-m", "pipeline", *given, *more]


def rows(output: Path, table: str) -> list[dict[str, Any]]:
    """Return all rows as a reader that globs `**/*.parquet` finds them, in a fixed order."""
    paths = sorted(map(str, (output / table).glob("**/*.parquet")))
    found = ds.dataset(paths, format="parquet").to_table().to_pylist() if paths else []
    kept = [{key: value for key, value in row.items() if key not in NOT_COMPARED} for row in found]
    return sorted(kept, key=lambda row: json.dumps(row, default=str))


def dataset(output: Path) -> dict[str, list[dict[str, Any]]]:
    """Return table -> its rows."""
    return {table: rows(output, table) for table in TABLES}


def kill_after(seconds: float, arguments: Sequence[str]) -> bool:
    """Start a command and kills it with SIGKILL; whether it was still running."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    running = process.poll() is None
    process.kill()
    process.wait()
    return running


def main() -> None:
    """Print the table, exits with 1 if any kill left other rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    workers = f"workers={args.workers}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = folder / "many.jsonl"
        inputs.write_text("".join(json.dumps(article) + "\n" for article in articles(args.articles)))
        begun = time.monotonic()
        subprocess.run(command(inputs, folder / "whole", "--set", workers), check=True, capture_output=True)
        seconds = time.monotonic() - begun
        whole = dataset(folder / "whole")
        print(f"undisturbed: {seconds:.1f} s, rows", {table: len(found) for table, found in whole.items()})
        equal = 0
        for number in range(1, args.kills + 1):
            output = folder / str(number)
            arguments = command(inputs, output, "--set", workers)
            moment = rng.uniform(0.05, 1.0) * seconds
            running = kill_after(moment, arguments)
            visible = len(list(output.glob("**/*.parquet")))
            subprocess.run(arguments, check=True, capture_output=True)
            same = dataset(output) == whole
            equal += same
            state = "killed" if running else "had ended"
            print(
                f"{number:>2}: {state} after {moment:5.1f} s, {visible} files visible, rows equal: {same}", flush=True
            )
    print(f"{equal} of {args.kills} equal")
    sys.exit(equal != args.kills)


if __name__ == "__main__":
    main()
