"""Whole runs against S3 and Google Cloud Storage, as emulators that are packages serve them on this machine."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.cli import main
from tests.test_commit import Crash, Killed, attempt, die, nothing
from transforms.dataset import files, layout, list_runs
from transforms.read.sources import resolve_inputs

NEEDED = "needs the emulators: pip install '.[clouds]'"
BUCKET = "news"
ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class Store(NamedTuple):
    """A bucket that is served on this machine."""

    flags: list[str]
    """Beam's, to reach it."""
    put: Callable[[str, bytes], Any]
    """Writes an object under a key with the store's own client: Beam's cannot write an empty one to S3."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def s3_served() -> Iterator[Store]:
    """Yield a bucket on S3."""
    server = pytest.importorskip("moto.server", reason=NEEDED)
    boto3 = pytest.importorskip("boto3", reason=NEEDED)
    port = free_port()
    serving = server.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    serving.start()
    endpoint = f"http://127.0.0.1:{port}"
    settings = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **settings)
    client.create_bucket(Bucket=BUCKET)
    keys = ["--s3_access_key_id=x", "--s3_secret_access_key=x", "--s3_region_name=us-east-1"]
    try:
        yield Store(
            flags=[f"--s3_endpoint_url={endpoint}", *keys],
            put=lambda key, content: client.put_object(Bucket=BUCKET, Key=key, Body=content),
        )
    finally:
        serving.stop()


@contextlib.contextmanager
def gcs_served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Yield a bucket on GCS, which Google's client finds by an environment variable; it needs no flags."""
    emulator = pytest.importorskip("gcp_storage_emulator.server", reason=NEEDED)
    storage = pytest.importorskip("google.cloud.storage", reason=NEEDED)
    auth = pytest.importorskip("apache_beam.internal.gcp.auth", reason=NEEDED)
    port = free_port()
    serving = emulator.create_server("127.0.0.1", port, in_memory=True)
    serving.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    # Else Beam asks for credentials for half a minute before it goes without.
    monkeypatch.setattr(auth._Credentials, "_credentials_init", True)
    monkeypatch.setattr(auth._Credentials, "_credentials", None)
    bucket = storage.Client.create_anonymous_client().create_bucket(BUCKET)
    try:
        yield Store(flags=[], put=lambda key, content: bucket.blob(key).upload_from_string(content))
    finally:
        serving.stop()


@pytest.fixture(scope="module", params=["s3", "gs"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[str, Store]]:
    """Yield the bucket's address and the bucket."""
    before = FileSystems._pipeline_options
    with (
        pytest.MonkeyPatch.context() as patch,
        s3_served() if request.param == "s3" else gcs_served(patch) as store,
    ):
        yield f"{request.param}://{BUCKET}", store
    FileSystems.set_options(before)


@pytest.fixture
def store(stores: tuple[str, Store]) -> Store:
    FileSystems.set_options(PipelineOptions(stores[1].flags))  # a run of another test has set others
    return stores[1]


@pytest.fixture
def folder(stores: tuple[str, Store], store: Store, request: pytest.FixtureRequest) -> str:
    """Return a folder of its own for each test."""
    return f"{stores[0]}/{request.node.originalname}"


def put(path: str, content: bytes) -> None:
    files.write_file(path, lambda handle: handle.write(content))


def contents(root: str) -> dict[str, bytes]:
    return {path.removeprefix(root): files.read_bytes(path) for path in files.list_files(f"{root}/**")}


def rows(root: str, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in files.list_files(files.join(root, layout.table_pattern(table))):
        with files.open_file(path) as handle:
            found += pq.read_table(handle).to_pylist()
    return sorted(found, key=repr)


def configuration(folder: Path) -> str:
    path = folder / "run.yaml"
    path.write_text("read: {inputs: [x]}\nwrite: {output: x, shards: 2}\nmax_failure_share: 0.9\n")
    return str(path)


def run(config: str, source: str, output: str, flags: list[str]) -> int:
    return main(["run", config, "--input", source, "--output", output, "--", *flags])


def upload(store: Store, root: str) -> None:
    """The seeds that are read in a blink, one file that is broken, and what a browser of stores leaves behind."""
    below = root.partition(f"//{BUCKET}/")[2]
    for name in ("wire.jsonl", "empty.txt", "kiruna-church.html.gz", "harbours.atom.xml"):
        store.put(f"{below}/{name}", (ROOT / "seeds" / name).read_bytes())
    store.put(f"{below}/deeper/tbilisi-wine.txt", (ROOT / "seeds/tbilisi-wine.txt").read_bytes())
    store.put(f"{below}/deeper/", b"")


def test_a_missing_file_has_no_size_and_a_folder_that_is_not_there_no_files(folder: str) -> None:
    assert files.size_of(f"{folder}/none") is None
    assert files.list_files(f"{folder}/none/**") == []
    files.remove([f"{folder}/none"])


def test_replace_puts_the_new_in_place_of_the_old(folder: str) -> None:
    put(f"{folder}/old", b"old")
    put(f"{folder}/new", b"newer")
    files.replace(f"{folder}/new", f"{folder}/old", size=5)
    assert contents(folder) == {"/old": b"newer"}
    files.replace(f"{folder}/new", f"{folder}/old", size=5)  # a retry
    with pytest.raises(OSError, match="Rename"):
        files.replace(f"{folder}/new", f"{folder}/old", size=4)


def test_a_rename_that_cannot_take_the_source_away_leaves_the_target(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(f"{folder}/old", b"old")
    put(f"{folder}/new", b"newer")

    def refused(paths: list[str]) -> None:
        raise AssertionError(f"{paths} would be gone for a moment")

    def copied_only(sources: list[str], targets: list[str]) -> None:
        FileSystems.copy(sources, targets)
        raise OSError("the source may not be deleted")

    monkeypatch.setattr(FileSystems, "delete", refused)
    monkeypatch.setattr(FileSystems, "rename", copied_only)
    with pytest.raises(OSError, match="may not be deleted"):
        files.replace(f"{folder}/new", f"{folder}/old", size=5)
    assert contents(folder)["/old"] == b"newer"


def test_a_folder_is_every_file_beneath_it(folder: str, store: Store) -> None:
    upload(store, folder)
    expected = ["deeper/tbilisi-wine.txt", "empty.txt", "harbours.atom.xml", "kiruna-church.html.gz", "wire.jsonl"]
    for entry in (folder, f"{folder}/", f"{folder}/**"):
        sources = resolve_inputs([entry])
        assert [source.uri.removeprefix(f"{folder}/") for source in sources] == expected
    assert all(source.size is not None and (source.modified or 0) > 1.6e9 for source in sources)
    with pytest.raises(ValueError, match="matches no file"):
        resolve_inputs([f"{folder}/nothing"])


def copy_only(sources: list[str], targets: list[str]) -> None:
    """A rename that was killed between its two halves."""
    FileSystems.copy(sources, targets)


def test_a_commit_killed_within_any_step_and_started_again_leaves_the_same_bytes(folder: str) -> None:
    attempt(f"{folder}/undisturbed", shards=1)
    expected = contents(f"{folder}/undisturbed")
    for step in range(1, 200):
        output = f"{folder}/{step}"
        crash = Crash(step, "half", die)
        # A store shows no half of a file, and deletes one whole.
        crash.half = {"create": nothing, "rename": copy_only, "delete": nothing}
        with pytest.MonkeyPatch.context() as patch:
            crash.install(patch.setattr)
            try:
                attempt(output, shards=1)
            except Killed:
                pass
            else:
                break
        attempt(output, shards=1)
        assert contents(output) == expected, output
    assert 10 < step < 199


def test_runs_read_and_write_it_as_they_do_a_disk(
    folder: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, flags = configuration(tmp_path), store.flags
    upload(store, f"{folder}/in")
    assert run(config, f"{folder}/in", f"{folder}/out", flags) == 0
    first = contents(f"{folder}/out")
    assert not [path for path in first if "/staging/" in path]
    assert [(row["reason"], row["source"].rpartition("/")[2]) for row in rows(f"{folder}/out", "failures")] == [
        ("bad_json", "wire.jsonl#5"),
        ("empty", "empty.txt"),
    ]

    for path in files.list_files(f"{folder}/in/**"):
        if not path.endswith("/"):
            local = tmp_path / "in" / path.removeprefix(f"{folder}/in/")
            local.parent.mkdir(parents=True, exist_ok=True)
            local.write_bytes(files.read_bytes(path))
    assert run(config, str(tmp_path / "in"), str(tmp_path / "out"), flags) == 0
    for table in ("entities", "locations"):
        assert placed(rows(f"{folder}/out", table)) == placed(rows(str(tmp_path / "out"), table)) != []

    assert run(config, f"{folder}/in", f"{folder}/out", flags) == 0  # the same run again
    again = contents(f"{folder}/out")
    parquet = [path for path in first if path.endswith(".parquet")]
    assert {path: again[path] for path in parquet} == {path: first[path] for path in parquet}
    assert [path for path in again if path.endswith(".parquet")] == parquet
    capsys.readouterr()
    assert main(["describe", f"{folder}/out", "--", *flags]) == 0
    assert "1 run" in capsys.readouterr().out


def placed(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return rows without the ids that follow from where an article was read."""
    return sorted((row["start"], row["surface"], row.get("place_id"), row.get("label")) for row in found)


def test_a_second_run_adds_what_is_new_and_nothing_twice(folder: str, store: Store, tmp_path: Path) -> None:
    config, flags = configuration(tmp_path), store.flags
    put(f"{folder}/in/a.txt", (ROOT / "seeds/tbilisi-wine.txt").read_bytes())
    assert run(config, f"{folder}/in/*", f"{folder}/out", flags) == 0
    put(f"{folder}/in/b.txt", (ROOT / "seeds/tripoli-harbour.txt").read_bytes())
    assert run(config, f"{folder}/in/*", f"{folder}/out", flags) == 0
    names = [row["source_uri"].rpartition("/")[2] for row in rows(f"{folder}/out", "articles")]
    assert sorted(names) == ["a.txt", "b.txt"]
    assert [one.counts.get("duplicates.already_in_dataset", 0) for one in list_runs(f"{folder}/out")] == [0, 1]


KILLED_IN_COMMIT = """
    import os, signal, sys
    from transforms.write import files
    rename, left = files.rename, [int(sys.argv[1])]

    def counted(source, target):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, target)

    files.rename = counted
    if os.environ.get("STORAGE_EMULATOR_HOST"):
        from apache_beam.internal.gcp import auth
        auth._Credentials._credentials_init = True
    from pipeline.cli import main
    sys.exit(main(sys.argv[2:]))
"""


def test_a_run_killed_in_its_commit_is_finished_by_the_next(folder: str, store: Store, tmp_path: Path) -> None:
    config, flags = configuration(tmp_path), store.flags
    put(f"{folder}/in/a.txt", (ROOT / "seeds/tbilisi-wine.txt").read_bytes())
    arguments = ["run", config, "--input", f"{folder}/in/*", "--output", f"{folder}/out", "--", *flags]
    fifth = "5"  # behind the record, the manifest and two tables
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED_IN_COMMIT), fifth, *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert [one.state for one in list_runs(f"{folder}/out")] == ["started"]
    assert main(arguments) == 0
    assert [one.state for one in list_runs(f"{folder}/out")] == ["committed"]
    assert [row["source_uri"].rpartition("/")[2] for row in rows(f"{folder}/out", "articles")] == ["a.txt"]
    assert files.list_files(f"{folder}/out/_dateline/staging/**") == []
