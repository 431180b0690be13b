"""docs/adding/sink.md, followed in a copy: two files, the contract holds, and a run writes there."""

import json
import shutil
from pathlib import Path

import pytest

from tests.helpers.adding import ROOT, follow, run

COMMAND = ("-m", "pipeline", "run", "configs/sample.yaml", "--output", "jsonl:out/lines")


def lines(output: Path, table: str) -> list[dict[str, object]]:
    return [json.loads(line) for path in output.glob(f"*/{table}-*.jsonl") for line in path.read_text().splitlines()]


def test_a_new_sink_takes_two_files(tmp_path: Path):
    assert follow("sink", tmp_path) == ["transforms/dataset/jsonl_sink.py", "transforms/dataset/sinks.py"]
    shown = run(tmp_path, *COMMAND)
    assert "The dataset is in jsonl:out/lines." in shown.stdout
    assert "Guadalajara" in shown.stdout
    articles, places = (lines(tmp_path / "out" / "lines", table) for table in ("articles", "locations"))
    assert len(articles) == len({row["article_id"] for row in articles}) == 23
    assert {row["article_id"] for row in places} <= {row["article_id"] for row in articles}
    run(tmp_path, *COMMAND)
    again = lines(tmp_path / "out" / "lines", "articles")
    assert sorted(str(row["article_id"]) for row in again) == sorted(str(row["article_id"]) for row in articles)

    (tmp_path / "tests").mkdir()
    for name in ("__init__.py", "test_sinks.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    shutil.copytree(ROOT / "tests" / "helpers", tmp_path / "tests" / "helpers")
    assert "JsonlSink" in run(tmp_path, "-m", "pytest", "-v", "tests/test_sinks.py").stdout

    with pytest.raises(AssertionError, match="exit 2") as caught:
        run(tmp_path, "-m", "pipeline", "stream", "configs/stream.yaml", "--check", "--output", "jsonl:out/stream")
    assert "write.output: got 'jsonl:out/stream'; expected a folder of Parquet files" in str(caught.value)
