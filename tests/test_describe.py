import dataclasses
import datetime
from pathlib import Path

import pytest

from pipeline.commands.describe import describe
from transforms.dataset import Run, begin_run
from transforms.dataset.commit import commit
from transforms.dataset.shards import stage_shard
from transforms.records import TABLES, Article, Location

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def article(number: int, model: str | None) -> Article:
    return Article(
        article_id=f"a{number}",
        source_uri="a.txt",
        source_kind="text",
        date_fetched=NOON,
        text="text",
        text_basis="file",
        text_sha256="0",
        word_count=1,
        model=model,
    )


def write(output: Path, uri: str, articles: list[Article]) -> Run:
    run = begin_run(str(output), [(uri, 1, 1.0)], NOON, versions={"model": "en-2"})
    staged = [
        stage_shard(str(output), run.run_id, table, 0, articles if table == "articles" else [])
        for table in ("articles", "locations")
    ]
    return commit(str(output), run, staged, shards=1, counts={"inputs": 12_000})


def test_describe_tells_tables_columns_versions_and_runs(tmp_path: Path) -> None:
    run = write(tmp_path, "a.txt", [article(0, "en-1"), article(1, "en-2"), article(2, "en-2"), article(3, None)])
    text = describe(str(tmp_path))
    lines = text.splitlines()
    assert lines[0].startswith(f"{tmp_path}: 2 tables, 4 rows, 2 files, 1 run; schema 1 by Dateline ")
    assert any(line.startswith("articles: 4 rows, 1 file, ") for line in lines)
    assert any(line.startswith("locations: 0 rows, 1 file, ") for line in lines)
    assert text.index("articles: ") < text.index("locations: ")
    assert "  One mention of a place, and where it is." in lines
    assert "Models: en-2 (2 articles), en-1 (1 article)" in lines
    assert f"  {run.run_id}  2026-11-22 12:00:00 UTC  committed  1 input" in lines
    assert "    rows: articles 4, locations 0" in lines
    assert "    counts: inputs 12,000" in lines
    assert max(map(len, lines[1:])) <= 110


@pytest.mark.parametrize("record", [Article, Location])
def test_describe_tells_every_column_with_its_type_and_documentation(tmp_path: Path, record: type) -> None:
    write(tmp_path, "a.txt", [])
    words = " ".join(describe(str(tmp_path)).split())
    for field in dataclasses.fields(record):
        assert f" {field.name} " in words
        assert field.metadata["doc"] in words
    assert " authors list of string Authors' names" in words
    assert " latitude double Degrees north" in words
    assert " url string, or null Address" in words


def test_describe_counts_over_all_runs(tmp_path: Path) -> None:
    for number in range(22):
        write(tmp_path, f"{number}.txt", [article(number, None)])
    text = describe(str(tmp_path))
    assert "22 runs" in text.splitlines()[0]
    assert "articles: 22 rows, 22 files" in text
    assert "Models" not in text
    assert "  (2 earlier runs not shown)" in text
    assert text.count("committed") == 20


def test_a_table_of_another_version_is_described_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.txt", [])
    others = {table: record for table, record in TABLES.items() if table != "articles"}
    monkeypatch.setattr("pipeline.commands.describe.TABLES", others)
    assert describe(str(tmp_path)).index("locations: ") < describe(str(tmp_path)).index("articles: ")


def test_a_run_that_never_finished_is_told(tmp_path: Path) -> None:
    begin_run(str(tmp_path), [("a.txt", 1, 1.0)], NOON)
    text = describe(str(tmp_path))
    assert text.startswith(f"{tmp_path}: 0 tables, 0 rows, 0 files, 1 run\n")
    assert "UTC  started  1 input" in text


@pytest.mark.parametrize("kind", ["missing", "folder", "file"])
def test_what_is_no_dataset_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    if kind == "file":
        path.write_text("")
    with pytest.raises(ValueError, match=f"dataset: got '{path}'; expected the folder of a Dateline dataset"):
        describe(str(path))
