"""How long it takes to begin: a cold run over one article, and until a worker can work.

Each round starts `dateline run` over a single article, in memory and with
worker processes in turn, and notes when each worker process has been forked and
has everything loaded. All processes are new; the files are in the system's
cache after the first round. CPU seconds hold where the machine has other things
to do, too.

    python benchmarks/startup.py --rounds 5
"""

import argparse
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.throughput import articles

INTERVAL_SECONDS = 0.01


def run_once(file: Path, workers: int) -> dict[str, float]:
    """Return seconds of a run over the file: `wall`, `cpu`, and `worker`, from the template's fork to its first
    worker.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--input", str(file)]
        command += ["--output", folder, "--set", f"workers={workers}"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        figures = _watch(process)
        figures["wall"] = time.perf_counter() - begun
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return figures


def _watch(process: psutil.Popen) -> dict[str, float]:
    """Wait for the end. A template is there as soon as it has its name, a worker as soon as it has its own."""
    first: dict[str, float] = {}
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            for child in process.children(recursive=True):
                first.setdefault(child.name(), time.perf_counter())
        time.sleep(INTERVAL_SECONDS)
    if {"dateline-ready", "dateline-worker"} <= first.keys():
        return {"worker": first["dateline-worker"] - first["dateline-ready"]}
    return {}


def fresh_worker() -> float:
    """Return wall seconds until a fresh interpreter has loaded what a worker needs, as where none is forked."""
    script = (
        "from pipeline.engines.startup import import_beam, import_spacy; import_beam(); import_spacy()\n"
        "from pipeline.engines.prepare import prepare\n"
    )
    script += "from pipeline.config import load_settings; prepare(load_settings('configs/sample.yaml'))"
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return time.perf_counter() - begun


def _line(name: str, values: Sequence[float]) -> None:
    print(f"{name:44s} {min(values):6.2f} {statistics.median(values):6.2f}")


def main() -> None:
    """Print the least and the median of each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "one.jsonl")
        file.write_text(json.dumps(next(articles(1))) + "\n")
        alone, forked, fresh = [], [], []
        for _ in range(args.rounds):
            alone.append(run_once(file, 1))
            forked.append(run_once(file, 2))
            fresh.append(fresh_worker())
    print(f"{'seconds, of ' + str(args.rounds) + ' rounds':44s} {'least':>6s} {'median':>6s}")
    for name, runs in (("one article, in memory", alone), ("one article, two workers", forked)):
        _line(name, [run["wall"] for run in runs])
        _line("  CPU of all processes", [run["cpu"] for run in runs])
    if all("worker" in run for run in forked):
        _line("  a worker, from its template's fork", [run["worker"] for run in forked])
    _line("a worker that is not forked, ready to read", fresh)


if __name__ == "__main__":
    main()
