"""Comparison of two datasets: what counts as equal, and what is shown of the rest."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import same_rows
from transforms.records import TABLES

ROW = {"article_id": "a", "title": "Rain", "date_fetched": "noon"}


@pytest.mark.parametrize(
    ("after", "equal", "changed", "missing", "added"),
    [
        ([ROW], 1, {}, [], []),
        ([ROW | {"date_fetched": "later"}], 1, {}, [], []),
        ([ROW | {"title": "Snow"}], 0, {"a": ["title"]}, [], []),
        ([{"article_id": "a"}], 0, {"a": ["title"]}, [], []),
        ([], 0, {}, ["a"], []),
        ([ROW, ROW | {"article_id": "b"}], 1, {}, [], ["b"]),
    ],
    ids=["same", "time of the run", "value", "column lost", "row lost", "row added"],
)
def test_rows_are_compared_by_their_id(after, equal, changed, missing, added):
    found = same_rows.compare([ROW], after, "articles", "article_id")
    assert found == same_rows.Comparison("articles", equal, changed, missing, added)
    assert found.is_equal == (equal == 1 and not added)


def test_only_the_first_differences_are_shown():
    rows = [{"article_id": str(number)} for number in range(50)]
    assert len(same_rows.compare(rows, [], "articles", "article_id").lines()) == 1 + same_rows.MAX_SHOWN


def test_a_row_that_is_there_twice_is_a_difference():
    found = same_rows.compare([ROW], [ROW, ROW], "articles", "article_id")
    assert not found.is_equal


def test_a_column_that_only_the_later_dataset_has_is_a_difference():
    found = same_rows.compare([ROW], [ROW | {"mood": "wet"}], "articles", "article_id")
    assert found.changed == {"a": ["mood"]}


def dataset(folder: Path, **values: str) -> Path:
    """Write a dataset of one article, and return its folder."""
    place = folder / "articles" / "date=2026-12-01"
    place.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([ROW | values]), place / "part.parquet")
    return folder


def test_the_command_prints_every_table_and_fails_if_they_differ(tmp_path, capsys):
    before, same = dataset(tmp_path / "before"), dataset(tmp_path / "same", date_fetched="later")
    assert same_rows.main([str(before), str(same)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "articles: 1 equal, 0 changed, 0 missing, 0 added"
    assert len(lines) == len(TABLES)
    assert same_rows.main([str(before), str(dataset(tmp_path / "other", title="Snow"))]) == 1


def test_no_dataset_is_not_an_equal_one(tmp_path):
    with pytest.raises(SystemExit):
        same_rows.main([str(dataset(tmp_path / "before")), str(tmp_path / "nothing")])
