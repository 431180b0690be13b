"""The proof of issue 12: a dataset from somebody else deletes and overwrites nothing outside of itself.

Uses only what the code had before that was so, and fails there.
"""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from transforms.dataset import begin_run
from transforms.dataset.compact import compact

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
RECORD = {
    "run_id": "4f0c", "listing": "", "started": NOON.isoformat(), "state": "committed", "inputs": [], "files": [],
}  # fmt: skip


def start_run(output: str) -> None:
    begin_run(output, [("a.txt", 1, 1.0)], NOON)


def start_compaction(output: str) -> None:
    compact(output, NOON.date())


def start_stream(output: str) -> None:
    """Do what `dateline stream` does before its first window."""
    from pipeline.launch.stream import _begin
    from transforms.stream import Job

    settings: Any = SimpleNamespace(output=output, launch=SimpleNamespace(runner="PrismRunner"), options=None)
    _begin(settings, Job(output=output, job_id="4f0c9a3b", started=NOON))


@pytest.mark.parametrize("start", [start_run, start_compaction, start_stream])
@pytest.mark.parametrize("how", ["deletes by ..", "deletes by an absolute path", "overwrites by ..", "follows a link"])
def test_a_dataset_changes_nothing_outside_of_itself(how: str, start: Callable[[str], None], tmp_path: Path) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    canary = outside / "x" / "canary"
    canary.parent.mkdir(parents=True)
    canary.write_text("alive")
    (out / "_dateline/runs").mkdir(parents=True)
    (out / "_dateline/runs/4f0c.json").write_text(json.dumps(RECORD))
    staging = out / "_dateline/staging"
    if how == "follows a link":
        staging.symlink_to(outside)
    else:
        (staging / "x").mkdir(parents=True)
    (staging / "x/evil.staged").write_text("evil!")
    manifest: dict[str, Any] = {"run": None, "renames": [], "stale": [], "name": "x"}
    if how.startswith("deletes"):
        manifest["stale"] = ["../outside/x/canary" if ".." in how else str(canary)]
    if how.startswith("overwrites"):
        manifest["renames"] = [["_dateline/staging/x/evil.staged", "../outside/x/canary", 5]]
    (staging / "x/manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(Exception, match=r"got '.*'; expected"):
        start(str(out))
    assert canary.read_text() == "alive"
