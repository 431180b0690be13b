"""What a run says at its end."""

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.launch.totals import summarize
from transforms.dataset import Run

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


def test_a_dataset_without_articles_is_not_to_be_queried(tmp_path: Path) -> None:
    run = Run(run_id="r", listing="l", started=NOON, rows={"articles": 0}, counts={"inputs": 1, "failures": 1})
    folder = tmp_path / "articles" / "date=2026-03-02"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"article_id": pa.array([], pa.string())}), folder / "r-00000-of-00001.parquet")
    said = summarize(run, str(tmp_path), seconds=1.0)
    assert "Query it" not in said
    assert said.endswith(f"There is no article in {tmp_path} yet.")
    pq.write_table(pa.table({"article_id": ["a"]}), folder / "q-00000-of-00001.parquet")
    assert "Query it" in summarize(run, str(tmp_path), seconds=1.0)
