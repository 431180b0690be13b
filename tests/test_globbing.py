"""Patterns mean what they mean to a shell, and what they match is accounted for."""

import datetime
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import main
from transforms.failures import BadRecord, Reason
from transforms.files.globbing import MAX_ALTERNATIVES, braces, expand, matcher
from transforms.files.local_files import open_regular
from transforms.read import resolve_inputs
from transforms.read.read import read_source
from transforms.read.sources import find_files
from transforms.records import Document
from transforms.stream import folder_watch as watch
from transforms.stream.follow import list_watched

THEN = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
TREE = (
    *("a.txt", "b.txt", "c.html", "[x].txt", "x.txt", "!y.txt", "^z.txt", "A.TXT", "{q}.txt", "back\\slash.txt"),
    *(".hidden.txt", ".dir/h.txt", "dir/d.txt", "dir/e.html", "dir/.h.txt", "dir/deep/f.txt", "dir/deep/er/g.txt"),
    *("other/o.txt", "with space/s p.txt", "1.txt", "2.txt", "10.txt", "ü.txt", "-n.txt"),
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with many names in it, which is the current one and the home folder."""
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("Rain in Lima.")
    (tmp_path / "linked").symlink_to("dir")
    (tmp_path / "dir/loop").symlink_to("..")
    (tmp_path / "link.txt").symlink_to("a.txt")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


PATTERNS = [
    *("*.txt", "./*.txt", "*", "**/*.txt", "**", "dir/**", "other/**/*.txt", "**/deep/*.txt", "**/deep/**/*.txt"),
    *("?.txt", "??.txt", "[ab].txt", "[a-b].txt", "[!a].txt", "[^a].txt", "[[:digit:]].txt", "[]x].txt", "[x]*.txt"),
    *("[[]x].txt", r"\[x].txt", r"back\\slash.txt", r"\*.txt", "{a,b}.txt", "{a,dir/d}.txt", "*.{txt,html}"),
    *("{1..2}.txt", "{dir,other}/*.txt", ".*.txt", ".dir/*", "*/*.txt", "*/.h.txt", "linked/*.txt", "dir/loop/*.txt"),
    *("*/deep/*.txt", "**/loop/*.txt", "with space/*", "dir//d.*", "dir/../*.txt", "**/**/g.txt", "a**.txt", "[a-c]*"),
    *(
        "~/*.txt",
        "{q}*",
        "[!-]*.txt",
        "*[",
        "[ab",
        "**/.h.txt",
        "*x*",
        "*.t?t",
        "{a..c}*",
        "{1..5..2}*",
        "[[:punct:]]*",
        "[[:digit:][:punct:]]*",
        "[^[:punct:]]*",
        "[a\\]x]*",
        "[z-a]*",
        "[[:digit:]-[:upper:]].TXT",
    ),
]


def by_bash(pattern: str) -> list[str]:
    """Return the regular files among the words that bash makes of a pattern."""
    quoted = re.sub(r"([ ()&;])", r"\\\1", pattern)
    words = f"shopt -s globstar nullglob; LC_ALL=C.UTF-8; for f in {quoted}"
    script = f'{words}; do [ -f "$f" ] && printf \'%s\\0\' "$f"; done'
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    return sorted({os.path.normpath(os.fsdecode(one)) for one in done.stdout.split(b"\0") if one})


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_what_it_means_to_bash(tree: Path, pattern: str) -> None:
    found = [os.path.normpath(one.path) for one in expand(pattern) if not one.problem]
    assert sorted(found) == by_bash(pattern)


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("*.html", ["c.html"]),
        ("**/*.html", ["c.html", "dir/e.html"]),
        ("[x].txt", ["[x].txt"]),  # a file of this very name takes precedence
        ("{q}.txt", ["{q}.txt"]),
        ("dir", ["dir/d.txt", "dir/deep/er/g.txt", "dir/deep/f.txt", "dir/e.html"]),
        ("dir/", ["dir/d.txt", "dir/deep/er/g.txt", "dir/deep/f.txt", "dir/e.html"]),
        ("o*/", ["other/o.txt"]),
        (
            "dir/**/*.txt",
            ["dir/d.txt", "dir/deep/er/g.txt", "dir/deep/f.txt"],
        ),  # bash would enter dir/loop, but no other
        ("~/other", ["other/o.txt"]),
        ("{a.txt,}", ["a.txt"]),
        ("~/a.txt", ["a.txt"]),
        ("./a.txt", ["a.txt"]),
        ("link.txt", ["link.txt"]),
    ],
)
def test_inputs_name_files(tree: Path, entry: str, names: list[str]) -> None:
    assert [source.uri.removeprefix(f"{tree}/") for source in resolve_inputs([entry])] == names


def test_a_path_of_several_patterns_is_read_once_and_in_order(tree: Path) -> None:
    found = [source.uri for source in resolve_inputs(["b.txt", "?.txt", "./[ab].txt", "{a,b}.txt"])]
    assert found == sorted({*found}) == ["1.txt", "2.txt", "a.txt", "b.txt", "x.txt", "ü.txt"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("no*.txt", "got 'no*.txt'; expected a pattern that matches a file"),
        ("{a,nothing}.txt", "paths that exist; 'nothing.txt' does not"),
        ("{a,b}" * 11, f"at most {MAX_ALTERNATIVES:,} patterns"),
        ("{1..999999999}", f"at most {MAX_ALTERNATIVES:,} patterns"),
        ("fifo.txt", "is not a regular file but a FIFO"),
        ("gone.txt", "is not a regular file but a link that leads nowhere"),
        ("around.txt", "a link that leads nowhere"),
        ("fifo*", "is not a regular file but a FIFO"),
        ("/dev/null", "but a device"),
    ],
)
def test_what_names_nothing_to_read_is_refused_with_its_reason(tree: Path, entry: str, message: str) -> None:
    os.mkfifo("fifo.txt")
    Path("gone.txt").symlink_to("nowhere")
    Path("around.txt").symlink_to("around.txt")
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve_inputs([entry])


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield one file that can be read, and many that cannot."""
    monkeypatch.chdir(tmp_path)
    Path("good.txt").write_text("Heavy rain fell in Lima on Monday, the mayor said.")
    Path("notes.pdf").write_bytes(b"%PDF")
    os.mkfifo("fifo.txt")
    Path("gone.txt").symlink_to("nowhere")
    Path("around.txt").symlink_to("around.txt")
    Path("device.txt").symlink_to("/dev/zero")
    Path("folder.txt").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.txt")
        yield tmp_path


UNREADABLE = {
    "around.txt": "a link that leads nowhere",
    "device.txt": "a device",
    "fifo.txt": "a FIFO (named pipe)",
    "gone.txt": "a link that leads nowhere",
    "socket.txt": "a socket",
}


@pytest.mark.parametrize(
    ("entry", "others"), [("*", {"notes.pdf"}), ("*.txt", set()), (".", set()), ("**", {"notes.pdf"})]
)
def test_what_matches_and_cannot_be_read_is_a_failure_each(zoo: Path, entry: str, others: set[str]) -> None:
    failed, read = {}, []
    for source in resolve_inputs([entry]):
        try:
            read += [one.uri for one in read_source(source, max_bytes=1000, fetched=THEN) if isinstance(one, Document)]
        except BadRecord as error:
            failed[source.uri] = f"{error.reason}: {error}"
    assert read == ["good.txt"]
    assert set(failed) == {*UNREADABLE, *others}
    assert all(failed[name].startswith(f"unreadable: not a regular file but {UNREADABLE[name]}") for name in UNREADABLE)


def test_a_run_over_them_ends_and_adds_up(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parent.parent
    code = main(["run", str(root / "configs/sample.yaml"), "--input", "*", "--output", "out", "--set", "workers=1"])
    said = capsys.readouterr().out
    assert code == 3
    assert re.search(r"inputs +7\b", said)
    assert re.search(r"= articles +1\b", said)
    assert re.search(r"\+ failures +6 +unreadable 6\b", said)


def test_a_stream_takes_note_of_them_once(zoo: Path) -> None:
    found = list_watched(["*.txt", "nothing*", "{a,b}" * 11])
    whole, growing = watch.ready(found, {}, {})
    assert whole == []
    whole, growing = watch.ready(found, {}, growing)
    assert {source.uri for source in whole} == {"good.txt", *UNREADABLE}
    read = {source.uri: watch.Seen(source.size, source.modified) for source in whole}
    remembered = watch.files_from({watch.key_of(uri): watch.to_json(uri, seen) for uri, seen in read.items()})
    assert watch.ready(list_watched(["*.txt"]), remembered, {}) == ([], {})


def test_a_file_swapped_for_a_fifo_does_not_hang(zoo: Path) -> None:
    (source,) = resolve_inputs(["good.txt"])
    Path("good.txt").unlink()
    os.mkfifo("good.txt")
    outcome: list[str] = []

    def read() -> None:
        with pytest.raises(BadRecord, match="a FIFO") as caught:
            list(read_source(source, max_bytes=1000, fetched=THEN))
        outcome.append(caught.value.reason)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(20)
    assert outcome == [Reason.UNREADABLE]


@pytest.mark.parametrize("path", ["/dev/zero", "fifo.txt", ".", "gone.txt", "a\0b", "socket.txt"])
def test_only_regular_files_are_opened(zoo: Path, path: str) -> None:
    with pytest.raises(BadRecord):
        open_regular(path)


def test_a_folder_that_cannot_be_listed_is_a_failure(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refused(path: Path) -> Iterator[os.DirEntry[str]]:
        if Path(path) == Path("dir/deep"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    for entry in ("**/*.txt", "dir", "dir/*/*.txt"):
        (found,) = [source for source in find_files(entry) if source.problem]
        assert (found.uri, found.problem) == ("dir/deep", "the folder cannot be listed: Permission denied")


def test_very_deep_folders_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1_500):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.txt").write_text("Rain.")
    os.chdir(tmp_path)
    try:
        assert len(expand("**/*.txt")) == len(expand("**")) == 1
    finally:
        subprocess.run(["rm", "-rf", "d"], check=True)  # Python's rmtree, and so pytest's, is recursive


def test_braces_stay_few() -> None:
    assert len(braces("{1..1000}")) == MAX_ALTERNATIVES
    assert braces("{" * 2_000) == ["{" * 2_000]
    assert braces("{a,b}{c,d}") == ["ac", "ad", "bc", "bd"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("s3://b/*.txt", ["a.txt"]),
        ("s3://b/**/*.txt", ["a.txt", "x/b.txt", "x/y/c.txt"]),
        ("s3://b/**", ["a.txt", "d.jsonl", "x/b.txt", "x/y/c.txt"]),
        ("s3://b/x/**/c.txt", ["x/y/c.txt"]),
        ("s3://b/{a,d}.*", ["a.txt", "d.jsonl"]),
        ("s3://b/[!a].jsonl", ["d.jsonl"]),
        ("s3://b/*/b.t?t", ["x/b.txt"]),
        ("s3://b/**/y/**", ["x/y/c.txt"]),
        ("s3://b/.*/*", [".h/e.txt"]),
    ],
)
def test_names_of_objects_are_matched_likewise(pattern: str, names: list[str]) -> None:
    there = ["a.txt", "d.jsonl", "x/b.txt", "x/y/c.txt", ".h/e.txt", ".f.txt", "x/.g.txt"]
    fits = matcher(pattern)
    assert [name for name in there if fits(f"s3://b/{name}")] == names


def test_a_pattern_of_many_stars_is_quick() -> None:
    assert not matcher("s3://b/" + "*a" * 60 + "*b")("s3://b/" + "a" * 250)


@pytest.mark.parametrize(
    ("pattern", "stands_for"),
    [
        ("{08..10}", ["08", "09", "10"]),
        ("{a..c}", ["a", "b", "c"]),
        ("{c..a..2}", ["c", "a"]),
        ("{0..100..50}", ["0", "50", "100"]),
        ("{-05..5..5}", ["-05", "000", "005"]),
        ("{1..2..0}", ["1", "2"]),
        ("{a..2}", ["{a..2}"]),
    ],
)
def test_ranges_are_those_of_bash(pattern: str, stands_for: list[str]) -> None:
    assert braces(pattern) == stands_for
