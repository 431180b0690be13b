"""The contract of a sink, for each of the list: atomic, idempotent, repeatable."""

import datetime
from pathlib import Path

import pytest

from tests.helpers.records import article
from transforms.dataset.base import Sink
from transforms.dataset.runs import Run
from transforms.dataset.shards import plain_table
from transforms.dataset.sinks import SINKS, sink_of

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
FILES = [("a.txt", 5, 1.0), ("b.txt", 6, 2.0)]
TABLES = ("articles", "failures")


@pytest.fixture(params=SINKS, ids=lambda kind: kind.__name__)
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Sink:
    kind: type[Sink] = request.param
    return sink_of(f"{kind.prefix}:{tmp_path / 'out'}" if kind.prefix else str(tmp_path / "out"))


def attempt(sink: Sink, texts: list[str], *, commit: bool = True, now: datetime.datetime = NOON) -> Run:
    run = sink.begin(FILES, now, versions={"model": "m"})
    staged = [sink.stage(run, "articles", 0, [plain_table("articles", [article(text) for text in texts])])]
    if not commit:
        return run
    return sink.commit(run, staged, [], counts={"inputs": len(texts)}, shards=1, tables=TABLES)


def texts_of(sink: Sink, run: Run) -> list[str]:
    return sorted(row["text"] for row in sink.read_rows(run, "articles", ["text"]))


def test_committed_rows_and_counts_come_back(sink: Sink):
    run = attempt(sink, ["Rain.", "Snow."])
    assert (run.state, run.rows, run.counts["inputs"]) == ("committed", {"articles": 2, "failures": 0}, 2)
    again = sink.read_run(run.run_id)
    assert (again.state, again.rows, texts_of(sink, again)) == ("committed", run.rows, ["Rain.", "Snow."])


def test_staged_rows_are_invisible_until_the_commit(sink: Sink):
    first = attempt(sink, ["Rain."])
    attempt(sink, ["Rain.", "Hail."], commit=False)
    assert texts_of(sink, first) == ["Rain."]


def test_the_same_run_again_replaces_its_rows(sink: Sink):
    first = attempt(sink, ["Rain."])
    second = attempt(sink, ["Rain.", "Snow."], now=NOON + datetime.timedelta(hours=1))
    assert second.run_id == first.run_id
    assert texts_of(sink, second) == ["Rain.", "Snow."]


def test_what_a_killed_attempt_left_is_not_committed_by_the_next(sink: Sink):
    attempt(sink, ["Hail."], commit=False)
    run = attempt(sink, ["Rain."])
    assert texts_of(sink, run) == ["Rain."]


def test_a_commit_may_be_called_again(sink: Sink):
    run = sink.begin(FILES, NOON, versions={})
    staged = [sink.stage(run, "articles", 0, [plain_table("articles", [article("Rain.")])])]
    for _ in range(2):
        done = sink.commit(run, staged, [], counts={"inputs": 1}, shards=1, tables=TABLES)
        assert (done.rows, texts_of(sink, done)) == ({"articles": 1, "failures": 0}, ["Rain."])


@pytest.mark.parametrize("output", ["out", "a/b:c", "gs://bucket/x", "s3://b", "C:\\out", "nothing:out"])
def test_without_a_known_prefix_the_output_is_a_folder_of_parquet_files(output: str):
    assert (sink_of(output).prefix, sink_of(output).output) == ("", output)
