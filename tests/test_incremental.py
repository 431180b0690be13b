"""Runs one after another into one dataset, through the whole chain: nothing lost, nothing told twice."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from benchmarks.kills import command, rows
from pipeline.launch.totals import adds_up
from transforms.dataset import list_runs


def words(seed: int, count: int = 120) -> str:
    rng = random.Random(seed)
    known = ["storm", "river", "town", "council", "bridge", "school", "market", "rain", "night", "police", "fire"]
    return " ".join(rng.choice(known) + str(rng.randrange(50)) for _ in range(count))


def line(address: str, text: str, title: str, day: int = 1) -> dict[str, str]:
    return {"url": address, "title": title, "text": text, "date": f"2026-11-{day:02}T08:00:00Z"}


WIRE = words(1)
FIRST = [
    line("https://wire.test/flood", WIRE, "Flood"),
    line("https://other.test/fire", words(2), "Fire"),
]
SECOND = [
    line("https://m.wire.test/flood?utm_source=x", WIRE, "Flood"),  # the same again, for a telephone
    line("https://wire.test/flood", WIRE + " Updated with another line.", "Flood", 2),  # changed
    line("https://paper.test/a", " ".join(WIRE.split()[:60]), "Flood in the east", 2),  # cut to half
    line("https://third.test/b", words(3), "Fair", 2),
]


def run(folder: Path, name: str, lines: list[dict[str, str]]) -> None:
    file = folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    subprocess.run(command(file, folder / "out"), check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    run(folder, "first", FIRST)
    run(folder, "second", SECOND)
    return folder


def test_versions_and_copies_of_an_earlier_run(two_runs):
    found = {(row["canonical_url"], row["version"]): row for row in rows(two_runs / "out", "articles")}
    assert len(found) == 5
    first = found["https://wire.test/flood", 1]
    changed, copy = found["https://wire.test/flood", 2], found["https://paper.test/a", 1]
    assert (changed["version_of"], changed["changed"], changed["duplicate_of"]) == (first["article_id"], ["text"], None)
    assert (copy["duplicate_of"], copy["duplicate_overlap"]) == (first["article_id"], 1.0)
    assert {row["story_id"] for row in (first, changed, copy)} == {first["article_id"]}
    others = [
        row for row in found.values() if row["canonical_url"] in ("https://other.test/fire", "https://third.test/b")
    ]
    assert all(row["story_id"] == row["article_id"] and row["duplicate_of"] is None for row in others)


def test_the_totals_of_each_run_add_up(two_runs):
    first, second = list_runs(str(two_runs / "out"))
    assert adds_up(first)
    assert adds_up(second)
    assert second.counts["duplicates.already_in_dataset"] == 1
    assert (second.counts["versions"], second.counts["copies"]) == (1, 1)


def test_the_first_run_done_again_leaves_the_dataset_as_it_is(two_runs):
    before = rows(two_runs / "out", "articles")
    subprocess.run(command(two_runs / "second.jsonl", two_runs / "out"), check=True, capture_output=True, timeout=300)
    assert rows(two_runs / "out", "articles") == before


def test_a_second_run_that_was_killed_is_finished_by_the_next(two_runs, tmp_path):
    run(tmp_path, "first", FIRST)
    file = tmp_path / "second.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in SECOND))
    process = subprocess.Popen(command(file, tmp_path / "out"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    # Killed as soon as the first run's segment is there, in the middle of the second run.
    while not list(tmp_path.glob("out/_dateline/known/*.segment")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(rows(tmp_path / "out", "articles")) in (2, 5)
    run(tmp_path, "second", SECOND)

    def told(folder: Path) -> list[tuple[str, ...]]:
        names = ("canonical_url", "article_id", "version_of", "duplicate_of", "story_id")
        return sorted(tuple(str(row[name]) for name in names) for row in rows(folder, "articles"))

    assert told(tmp_path / "out") == told(two_runs / "out")
