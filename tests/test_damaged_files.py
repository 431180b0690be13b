"""Damage in a dataset is named and skipped: sizes, Parquet, segments, memory; and nothing is unpickled."""

import datetime
import gzip
import json
import logging
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from tests.test_compact import run as committed_run
from tests.test_known import committed, ids, known, made
from tests.test_untrusted_dataset import RUN, TOMORROW, write
from transforms import spill as spilling
from transforms.dataset import begin_run, bounded, layout, list_runs, runs, trust
from transforms.dataset import memory as snapshot
from transforms.dataset.commit import roll_forward_all
from transforms.dataset.compact import compact
from transforms.dataset.merged_file import KEY, parts_of
from transforms.dataset.trust import DamagedFile, UntrustedDataset
from transforms.deduplicate import segments
from transforms.read.memory import read_states
from transforms.stream.commit import clean_staging

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(trust, "_warned", set())
    monkeypatch.setattr(logging.getLogger("dateline"), "propagate", True)  # a command of another test may print them


class TestSizes:
    def test_json(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounded, "MAX_JSON_BYTES", 1_000)
        write(tmp_path / "a.json", ["x" * 1_000])
        with pytest.raises(DamagedFile, match="larger than 1,000 bytes"):
            bounded.read_json(str(tmp_path / "a.json"))

    def test_inputs_whose_record_could_not_be_read_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bounded, "MAX_JSON_BYTES", 1_000)
        with pytest.raises(ValueError, match=r"read\.inputs: got 40 inputs"):
            begin_run(str(tmp_path), [(f"{number}.txt", 1, 1.0) for number in range(40)], NOON)

    def test_lines_that_unpack_to_too_much(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = json.dumps(RUN).encode() + b"\n"
        path = write(tmp_path / "2026-11.jsonl.gz", gzip.compress(whole * 3 + b" " * 10_000_000))
        monkeypatch.setattr(bounded, "MAX_LINE_BYTES", 1_000_000)
        found, error = runs.read_history(str(path))
        assert (len(found), error and error.problem) == (3, "unpacks to more than 1,000,000 bytes a line")
        monkeypatch.setattr(bounded, "MAX_HISTORY_BYTES", len(whole))
        found, error = runs.read_history(str(path))
        assert (len(found), error and error.problem) == (1, f"unpacks to more than {len(whole):,} bytes")

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100, b"PAR1" + b"\xff" * 20 + b"\xff\xff\xff\x7fPAR1"])
    def test_footers(self, content: bytes, tmp_path: Path) -> None:
        path = write(tmp_path / "a.parquet", content)
        with pytest.raises(DamagedFile), bounded.parquet(str(path)):
            pass

    def test_row_groups(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pq.write_table(pa.table({"a": range(1_000)}), tmp_path / "a.parquet")
        for name, limit in (("MAX_GROUP_ROWS", 999), ("MAX_GROUP_BYTES", 100), ("MAX_FOOTER_BYTES", 50)):
            with monkeypatch.context() as patch:
                patch.setattr(bounded, name, limit)
                with pytest.raises(DamagedFile, match="expected"), bounded.parquet(str(tmp_path / "a.parquet")):
                    pass


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ([["../../../outside/4f0c-00000-of-00001.parquet", 3]], UntrustedDataset),
        ([["/etc/passwd", 3]], UntrustedDataset),
        ([["4f0c-00000-of-00001.parquet", 2]], DamagedFile),
        ([["4f0c-00000-of-00001.parquet", -3], ["4f0d-00000-of-00001.parquet", 6]], DamagedFile),
        ([[1, 3]], UntrustedDataset),
        ({}, DamagedFile),
        (5, DamagedFile),
    ],
)
def test_parts_of_a_compacted_file(parts: Any, error: type[Exception], tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2, 3]}).replace_schema_metadata({KEY: json.dumps(parts)})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(error):
        parts_of("a.parquet", pq.read_metadata(tmp_path / "a.parquet"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """Damage the pages of a file, not its footer."""
    content = bytearray(path.read_bytes())
    content[8:200] = bytes(192)
    path.write_bytes(content)


def foreign(path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), path)


@pytest.mark.parametrize("damage", [cut, flip, foreign, lambda path: path.write_bytes(b"")])
def test_a_damaged_file_of_another_run_is_named_and_the_others_are_known(
    damage: Callable[[Path], Any], tmp_path: Path, caplog: Any
) -> None:
    committed(tmp_path, [1], "a.txt", shards=1)
    committed(tmp_path, [2], "b.txt", shards=1)
    path = tmp_path / next(run for run in list_runs(str(tmp_path)) if run.inputs[0].uri == "a.txt").files[0]
    damage(path)
    with caplog.at_level(logging.WARNING, "dateline"):
        assert known(tmp_path, [made(1), made(2)])[0] == ids([2])
    (said,) = caplog.messages
    assert said.startswith(f"{path}: damaged: ")
    assert "not recognized" in said
    committed(tmp_path, [1, 3], "c.txt", shards=1)
    assert known(tmp_path, [made(1), made(2), made(3)])[0] == ids([1, 2, 3])


@pytest.mark.parametrize("damage", [cut, flip, foreign, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("merged", [False, True])
def test_what_a_damaged_segment_held_is_still_known(
    damage: Callable[[Path], Any], merged: bool, tmp_path: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MERGED", 2 if merged else 32)
    committed(tmp_path, [1, 2], "a.txt", shards=1)
    committed(tmp_path, [3], "b.txt", shards=1)
    for _ in range(2):
        before = known(tmp_path, [made(1), made(3)])
    for path in tmp_path.glob("_dateline/known/*.segment"):
        damage(path)
    with caplog.at_level(logging.WARNING, "dateline"):
        assert known(tmp_path, [made(1), made(3)]) == before == (ids([1, 3]), ids([1, 3]))
    assert ".segment: damaged" in caplog.text


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"k": 5}', b'{"k": {"asked": 5}}', b'{"k": {"asked": "2026-11-22"}}', b"\xff"]
)
def test_a_damaged_memory_is_named_and_the_next_one_is_above_it(content: bytes, tmp_path: Path, caplog: Any) -> None:
    write(tmp_path / layout.memory_path(4, "4f0c"), {"a": {"asked": NOON.isoformat()}})
    path = write(tmp_path / layout.memory_path(7, "4f0c"), content)
    with caplog.at_level(logging.WARNING, "dateline"):
        assert snapshot.read(str(tmp_path)).keys() == {"a"}
    assert str(path) in caplog.text
    assert (snapshot.next_number(str(tmp_path)), len(snapshot.readable(str(tmp_path)))) == (8, 1)


def test_states_that_no_run_has_written_are_left_out(tmp_path: Path) -> None:
    good = {"key": "a", "shown": "u", "asked": NOON.isoformat(), "due": NOON.isoformat()}
    bad = [
        {"due": 5}, {"rate": "fast"}, {"failed": -1}, {"entries": [1]}, {"moved_to": 5}, {"gone": "yes"},
        {"told": {"a": "b"}}, {"again": {"a": 5}}, {"shown": None}, {"tried": 5},
    ]  # fmt: skip
    memory = {"good": good, **{f"bad{number}": {**good, **change} for number, change in enumerate(bad)}}  # type: ignore[dict-item]
    write(tmp_path / layout.memory_path(1, "4f0c"), memory)
    assert [key for key, _ in read_states(str(tmp_path))] == ["good"]


def test_compaction_leaves_damaged_files_alone_and_says_so(tmp_path: Path, capsys: Any) -> None:
    for number, name in enumerate(("a.txt", "b.txt", "c.txt", "d.txt")):
        committed_run(str(tmp_path), name, range(10 * number, 10 * number + 10), shards=1, only="entities")
    first, second, *_ = sorted((tmp_path / "entities/date=2026-11-22").iterdir())
    cut(first)
    flip(second)
    assert main(["compact", str(tmp_path), "--before", str(TOMORROW)]) == 0
    said = capsys.readouterr()
    assert "2 files became 1" in said.out
    assert f"damaged, skipped: {first.relative_to(tmp_path)}, {second.relative_to(tmp_path)}" in said.out
    assert said.err.count("damaged: ") == 2
    assert first.exists()
    assert second.exists()
    assert len(list((tmp_path / "entities/date=2026-11-22").iterdir())) == 3
    assert not list(tmp_path.glob("_dateline/staging/*/*"))


def test_a_history_that_is_damaged_is_not_written_over(tmp_path: Path, caplog: Any) -> None:
    committed_run(str(tmp_path), "https://news.test/feed", range(5), shards=1, only="entities")
    path = write(tmp_path / layout.history_path("2026-11"), b"not gzip")
    compact(str(tmp_path), TOMORROW)
    assert path.read_bytes() == b"not gzip"
    assert str(path) in caplog.text
    assert len(list(tmp_path.glob("_dateline/runs/*.json"))) == 1


def test_a_stream_leaves_what_a_damaged_manifest_names(tmp_path: Path) -> None:
    for name in ("a", "b", "not one of ours!"):
        write(tmp_path / f"_dateline/staging/{name}/c.staged", b"")
    write(tmp_path / "_dateline/staging/b/manifest.json", b"")
    roll_forward_all(str(tmp_path))
    clean_staging(str(tmp_path))
    assert sorted(path.parent.name for path in tmp_path.glob("_dateline/staging/*/c.staged")) == [
        "b",
        "not one of ours!",
    ]


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_spilled_files_of_another_origin_are_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pickle.dumps(Bomb(tmp_path / "exploded"))
    number = 12345
    monkeypatch.setattr(spilling.secrets, "randbits", lambda bits: number)  # type: ignore[attr-defined]
    planted = write(tmp_path / "spill" / f"{number:x}{spilling.SUFFIX}", packed)
    with spilling.spilling_into(tmp_path / "spill"), pytest.raises(FileExistsError):
        spilling.spill("a" * 1_000)
    planted.parent.mkdir(exist_ok=True)
    planted.unlink(missing_ok=True)
    (tmp_path / "outside").write_bytes(packed)
    planted.symlink_to(tmp_path / "outside")
    with spilling.spilling_into(tmp_path / "spill"), pytest.raises(OSError):  # noqa: PT011 (a link is refused)
        spilling.unspill(spilling.Spilled(number, 0, len(packed)))
    assert not (tmp_path / "exploded").exists()
