"""docs/adding/engine.md, followed in a copy: two files, and a run on the new engine writes the same rows."""

from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.helpers.adding import follow, run

COMMAND = ("-m", "pipeline", "run", "configs/sample.yaml")


def locations(output: Path) -> list[tuple[object, ...]]:
    columns = ["location_id", "place_id", "score"]
    rows = ds.dataset(output / "locations").to_table(columns).to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def test_a_new_engine_takes_two_files(tmp_path: Path):
    assert follow("engine", tmp_path) == ["pipeline/engines/known.py", "pipeline/engines/solo_engine.py"]
    shown = run(tmp_path, *COMMAND, "--output", "out/solo", "--set", "runner=SoloRunner")
    assert "on SoloRunner, 1 worker" in shown.stdout + shown.stderr
    run(tmp_path, *COMMAND, "--output", "out/memory")
    assert locations(tmp_path / "out/solo") == locations(tmp_path / "out/memory") != []
    with pytest.raises(AssertionError, match="exit 2") as caught:
        run(tmp_path, *COMMAND, "--output", "out/two", "--set", "runner=SoloRunner", "--set", "workers=2")
    assert "workers: got 2; expected 1 with SoloRunner" in str(caught.value)
