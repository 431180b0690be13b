"""The operations of a commit, on a local disk and on a bucket."""

import datetime
import io
import multiprocessing
import multiprocessing.synchronize
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from apache_beam.io.filesystem import BeamIOError, FileMetadata, FileSystem

from transforms.dataset import Run, begin_run, files, list_runs, lock
from transforms.dataset.commit import commit
from transforms.dataset.shards import stage_shard
from transforms.deduplicate.segments import sources
from transforms.records import Failure

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
FILES = [("a.txt", 10, 1.5)]


class Upload(io.BytesIO):
    """An object that is there once it is closed, and not before."""

    def __init__(self, objects: dict[str, bytes], path: str) -> None:
        super().__init__()
        self.objects, self.path = objects, path

    def close(self) -> None:
        if not self.closed:
            self.objects[self.path] = self.getvalue()
        super().close()


class Bucket(FileSystem):
    """An object store: no folders, and (as HDFS) no renaming over what is there.

    What the writer must do without raises NotImplementedError: to need it would be a defect.
    """

    objects: ClassVar[dict[str, bytes]] = {}

    @classmethod
    def scheme(cls) -> str:
        return "bucket"

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path: str) -> None:
        raise NotImplementedError

    def has_dirs(self) -> bool:
        return False

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        found = [path for path in self.objects if path.startswith(dir_or_prefix)]
        return (self.metadata(path) for path in found)

    def create(self, path: str, *_: Any, **__: Any) -> Upload:
        return Upload(self.objects, path)

    def open(self, path: str, *_: Any, **__: Any) -> io.BytesIO:
        return io.BytesIO(self.objects[path])

    def copy(self, sources: list[str], targets: list[str]) -> None:
        raise NotImplementedError

    def rename(self, sources: list[str], targets: list[str]) -> None:
        for source, target in zip(sources, targets, strict=True):
            if source not in self.objects or target in self.objects:
                raise BeamIOError("Rename operation failed", {source: target})
            self.objects[target] = self.objects.pop(source)

    def exists(self, path: str) -> bool:
        return path in self.objects

    def size(self, path: str) -> int:
        return len(self.objects[path])

    def last_updated(self, path: str) -> float:
        return 0.0

    def metadata(self, path: str) -> FileMetadata:
        return FileMetadata(path, self.size(path), 0.0)

    def checksum(self, path: str) -> str:
        raise NotImplementedError

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            if path not in self.objects:
                raise BeamIOError("Delete operation failed", {path: "not found"})
            del self.objects[path]


@pytest.fixture(params=["local", "bucket"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    Bucket.objects.clear()
    return "bucket://news/out" if request.param == "bucket" else str(tmp_path / "out")


def put(path: str, content: bytes) -> None:
    files.write_file(path, lambda handle: handle.write(content))


def test_what_is_written_is_read_and_listed(folder: str) -> None:
    for name in ("b/2", "a/1.gz"):
        put(files.join(folder, name), name.encode())
    paths = files.list_files(files.join(folder, "**"))
    assert paths == [files.join(folder, "a/1.gz"), files.join(folder, "b/2")]
    assert [files.read_bytes(path) for path in paths] == [b"a/1.gz", b"b/2"]
    assert files.size_of(paths[0]) == 6
    assert files.size_of(files.join(folder, "none")) is None
    assert files.list_files(files.join(folder, "none", "**")) == []


def test_replace_puts_the_new_in_place_of_the_old(folder: str) -> None:
    source, target = files.join(folder, "staging/new"), files.join(folder, "table/there")
    put(target, b"old")
    put(source, b"newer")
    files.replace(source, target, size=5)
    assert files.read_bytes(target) == b"newer"
    assert files.size_of(source) is None
    files.replace(source, target, size=5)  # a retry


@pytest.mark.parametrize("there", [None, b"of another size"])
def test_replace_without_the_source_is_an_error_unless_it_was_done(folder: str, there: bytes | None) -> None:
    target = files.join(folder, "there")
    if there is not None:
        put(target, there)
    with pytest.raises(OSError, match="Rename operation failed"):
        files.replace(files.join(folder, "gone"), target, size=5)


def test_remove_is_content_with_what_is_gone(folder: str) -> None:
    put(files.join(folder, "a"), b"")
    files.remove([files.join(folder, "a"), files.join(folder, "none")])
    assert files.list_files(files.join(folder, "**")) == []


def test_remove_tree_leaves_the_neighbours(folder: str) -> None:
    for name in ("run/1", "run/2", "runner/1"):
        put(files.join(folder, name), b"")
    files.remove_tree(files.join(folder, "run"))
    files.remove_tree(files.join(folder, "run"))
    assert files.list_files(files.join(folder, "**")) == [files.join(folder, "runner/1")]


@pytest.mark.parametrize(("given", "output"), [("out", "out"), ("out/", "out"), ("/", "/"), ("gs://b/o/", "gs://b/o")])
def test_check_output(given: str, output: str) -> None:
    assert files.check_output(given) == output


def failure(number: int) -> Failure:
    return Failure(failure_id=f"f{number}", stage="read", reason="empty", error="E", message="m", source="s")


def attempt(output: str, shards: int) -> Run:
    run = begin_run(output, FILES, NOON)
    staged = [stage_shard(output, run.run_id, "failures", shard, [failure(shard)]) for shard in range(shards)]
    return commit(output, run, staged, shards=shards, counts={})


def test_a_run_is_committed_and_replaced(folder: str) -> None:
    attempt(folder, 3)
    again = attempt(folder, 2)
    attempt(folder, 2)
    everything = files.list_files(files.join(folder, "**"))
    expected = [f"_dateline/runs/{again.run_id}.json", *again.files]
    assert [re.sub(".*?out/", "", path, count=1) for path in everything] == expected
    assert list_runs(folder) == [again]
    assert sources(folder, "") == []


def hold_and_wait(output: str, begun: multiprocessing.synchronize.Event) -> None:
    begin_run(output, FILES, NOON)
    begun.set()
    multiprocessing.Event().wait(60)


def test_a_dataset_that_another_process_writes_into_is_refused_until_that_is_killed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    process = context.Process(target=hold_and_wait, args=(str(tmp_path), begun))
    process.start()
    try:
        assert begun.wait(60)
        with pytest.raises(ValueError, match="another run is writing into"):
            begin_run(str(tmp_path), FILES, NOON)
        with pytest.raises(ValueError, match="another run is writing into"):
            begin_run(str(tmp_path), [("other.txt", 1, 1.0)], NOON)
    finally:
        process.kill()
        process.join()
    begin_run(str(tmp_path), FILES, NOON)


def test_a_lock_can_be_held_again_and_released(tmp_path: Path) -> None:
    lock.hold(str(tmp_path))
    lock.hold(str(tmp_path))
    lock.release(str(tmp_path))
    lock.release(str(tmp_path))
