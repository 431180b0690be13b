"""Reading files and addresses: what is found, what is refused, what is bounded."""

import datetime
import gzip
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from transforms.failures import BadRecord, Reason
from transforms.formats.known import format_of, kind_of_response
from transforms.read import Read, Source, resolve_inputs
from transforms.read.read import read_source
from transforms.records import Document, Failure
from transforms.text.byte_stream import Lines, LongLine, cut_lines, inflate, join

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
THEN = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
MAX = 1_000_000


def blocks_of(content: bytes, size: int = 1000) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def read_one(path: Path, max_bytes: int = MAX) -> list[Document | Failure]:
    (source,) = resolve_inputs([str(path)])
    return list(read_source(source, max_bytes=max_bytes, fetched=THEN))


# What the inputs name.


def test_a_glob_gives_each_file_once_with_its_kind(tmp_path: Path) -> None:
    for name in ("a.txt", "b.HTML", "c.jsonl.gz", "sub/d.rss", "e.pdf", ".hidden.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = resolve_inputs([f"{tmp_path}/**", f"{tmp_path}/a.txt"])
    assert [(Path(source.uri).name, source.kind, source.size) for source in found] == [
        ("a.txt", "text", 1),
        ("b.HTML", "html", 1),
        ("c.jsonl.gz", "jsonl", 1),
        ("e.pdf", None, 1),
        ("d.rss", "feed", 1),
    ]
    assert all(source.modified for source in found)


def test_a_directory_stands_for_the_files_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "notes.md").write_bytes(b"x")
    assert [Path(source.uri).name for source in resolve_inputs([str(tmp_path)])] == ["a.txt"]


def test_a_file_that_goes_while_its_folder_is_listed_is_passed_over(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    gone = tmp_path / "sub" / "gone.txt"
    gone.parent.mkdir()
    gone.write_bytes(b"x")
    stat = Path.stat

    def stat_and_go(path: Path, **follow: Any) -> os.stat_result:
        found = stat(path, **follow)
        if path == gone:
            gone.unlink()
        return found

    monkeypatch.setattr(Path, "stat", stat_and_go)
    resolve_inputs([str(tmp_path)])
    assert [Path(source.uri).name for source in resolve_inputs([str(tmp_path)])] == ["a.txt"]
    gone.symlink_to(tmp_path / "nowhere")
    (_, dangling) = resolve_inputs([str(tmp_path)])
    assert (dangling.kind, dangling.problem) == (
        None,
        "not a regular file but a link that leads nowhere; it is not opened",
    )


@pytest.mark.parametrize("pattern", ["", "/*.txt", "/*.warc"])
def test_a_file_whose_name_is_no_utf8_is_read_and_its_name_shown(tmp_path: Path, pattern: str) -> None:
    kind = ".warc" if "warc" in pattern else ".txt"
    try:
        (tmp_path / os.fsdecode(b"b\xe4d" + kind.encode())).write_text("Storm hits Lima.")
    except OSError:
        pytest.skip("this file system takes no such name")
    (source,) = resolve_inputs([f"{tmp_path}{pattern}"])
    assert source.uri == f"{tmp_path}/b\\xe4d{kind}"
    if kind == ".txt":
        (document,) = read_source(source, max_bytes=MAX, fetched=THEN)
        assert isinstance(document, Document)
        assert (document.uri, document.content) == (source.uri, b"Storm hits Lima.")
    else:
        with pytest.raises(BadRecord) as caught:
            list(read_source(source, max_bytes=MAX, fetched=THEN))
        assert caught.value.reason != Reason.UNREADABLE


def test_an_address_waits_for_its_answer_to_tell_its_kind() -> None:
    assert resolve_inputs(["https://example.org/feed"]) == [Source(uri="https://example.org/feed", kind=None)]


def test_inputs_that_name_nothing_are_refused_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"x")
    bad = ["no/such/*.txt", f"{tmp_path}/a.pdf", "nofs://bucket/*.txt", "http://", " ", str(tmp_path)]
    with pytest.raises(ValueError, match="no/such") as caught:
        resolve_inputs(bad)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(bad)
    assert all(repr(name) in line for name, line in zip(bad, lines, strict=True))
    with pytest.raises(ValueError, match="expected at least one pattern"):
        resolve_inputs([])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_bytes": 0}, "read.max_bytes: got 0"),
        ({"timeout_seconds": -1}, "read.timeout_seconds: got -1"),
        ({"connect_seconds": 0}, "read.connect_seconds: got 0"),
        ({"every_minutes": -1}, "read.every_minutes: got -1"),
        ({"hosts_at_once": 0}, "read.hosts_at_once: got 0"),
        ({"contact": "me\r\nX-Evil: 1"}, "read.contact"),
        ({"fetched": datetime.datetime(2026, 1, 1)}, "read.fetched"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Read(["a.txt"], **settings)


# Streams.


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_are_the_same_however_the_stream_is_cut(size: int) -> None:
    content = b"one\n\ntwo two\r\nthree" + b"\n" * 3 + b"four"
    runs = list(cut_lines(blocks_of(content, size), max_line=100))
    lines = [
        (run.first_line + offset, line.strip())
        for run in runs
        if isinstance(run, Lines)
        for offset, line in enumerate(run.content.split(b"\n"))
        if line.strip()
    ]
    assert lines == [(1, b"one"), (3, b"two two"), (4, b"three"), (7, b"four")]


@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_a_line_too_long_is_passed_over_and_reported(size: int) -> None:
    runs = list(cut_lines(blocks_of(b"a\n" + b"b" * 20 + b"\nc\n" + b"d" * 11, size), max_line=10))
    assert [(run.line, run.size) for run in runs if isinstance(run, LongLine)] == [(2, 20), (4, 11)]
    assert [run.content.strip() for run in runs if isinstance(run, Lines)] == [b"a", b"c"]


def test_many_lines_longer_together_than_one_may_be() -> None:
    runs = list(cut_lines([b"aa\nbb\ncc\n"], max_line=4))
    assert [run.content for run in runs if isinstance(run, Lines)] == [b"aa", b"bb", b"cc"]


def test_gzip_of_several_members_and_padding_is_read_whole() -> None:
    packed = gzip.compress(b"first ") + gzip.compress(b"second") + b"\0" * 10
    for size in (1, 5, 1000):
        assert b"".join(inflate(blocks_of(packed, size), max_bytes=100)) == b"first second"


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (b"not gzip at all", Reason.BAD_ARCHIVE),
        (gzip.compress(b"cut short" * 100)[:-9], Reason.BAD_ARCHIVE),
        (gzip.compress(b"good") + b"garbage", Reason.BAD_ARCHIVE),
        (gzip.compress(b"wrong sum")[:-8] + b"\1" * 8, Reason.BAD_ARCHIVE),
    ],
)
def test_gzip_that_lies(packed: bytes, reason: Reason) -> None:
    with pytest.raises(BadRecord) as caught:
        list(inflate(blocks_of(packed), max_bytes=1000))
    assert caught.value.reason == reason


def bomb(size: int) -> bytes:
    """Return a gzip stream of `size` zeros, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"0" * 1_000_000
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


@pytest.mark.parametrize("name", ["bomb.txt.gz", "bomb.jsonl.gz"])
def test_gzip_that_explodes_is_given_up_early(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bomb(500_000_000))
    began = time.process_time()
    with pytest.raises(BadRecord) as caught:
        read_one(tmp_path / name)
    assert caught.value.reason in (Reason.ARCHIVE_BOMB, Reason.TOO_LARGE)
    assert time.process_time() - began < 0.5


def test_a_stream_is_joined_up_to_its_limit() -> None:
    assert join(blocks_of(b"x" * 5000), max_bytes=5000) == b"x" * 5000
    with pytest.raises(BadRecord, match="5,000"):
        join(blocks_of(b"x" * 5001), max_bytes=5000)


# Files.


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", Reason.EMPTY),
        ("blank.html", b" \n\t", Reason.EMPTY),
        ("blank.jsonl", b"\n\n", Reason.EMPTY),
        ("empty.jsonl.gz", gzip.compress(b""), Reason.EMPTY),
        ("binary.txt", b"\x7fELF\x02\x01\x01" + bytes(100), Reason.BINARY),
        ("picture.html", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Reason.BINARY),
        ("paper.txt", b"%PDF-1.7\nall letters", Reason.BINARY),
        ("gzipped.txt", gzip.compress(b"an article"), Reason.BINARY),
        ("binary.jsonl", b"PK\x03\x04" + bytes(300), Reason.BINARY),
        ("liar.txt.gz", b"an article that is not packed", Reason.BAD_ARCHIVE),
        ("long.txt", b"word " * 250_000, Reason.TOO_LARGE),
    ],
)
def test_a_file_that_gives_no_document(tmp_path: Path, name: str, content: bytes, reason: Reason) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadRecord) as caught:
        read_one(tmp_path / name)
    assert caught.value.reason == reason


def test_a_text_of_50_mb_is_refused_in_bounded_time(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"A long story. " * 3_600_000)
    began = time.process_time()
    with pytest.raises(BadRecord) as caught:
        read_one(tmp_path / "a.txt", 50_000_000)
    assert caught.value.reason == Reason.TOO_LARGE
    assert time.process_time() - began < 2


def test_utf16_is_not_binary(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Zürich".encode("utf-16"))
    (document,) = read_one(tmp_path / "a.txt")
    assert isinstance(document, Document)


def test_jsonl_may_be_longer_than_any_line(tmp_path: Path) -> None:
    lines = (b'{"text": "%s"}\n' % os.urandom(250).hex().encode() for _ in range(4000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"".join(lines)))
    found = read_one(tmp_path / "a.jsonl.gz", 1000)
    assert all(isinstance(document, Document) for document in found)
    contents = [document.content for document in found if isinstance(document, Document)]
    assert sum(content.count(b"{") for content in contents) == 4000


def test_a_long_line_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a"}\n"' + b"x" * 1_500_000 + b'"\n{"text": "b"}\n')
    good, bad, last = read_one(tmp_path / "a.jsonl")
    assert isinstance(good, Document)
    assert isinstance(bad, Failure)
    assert isinstance(last, Document)
    assert (bad.reason, bad.source) == ("too_large", f"{tmp_path}/a.jsonl#2")
    assert last.first_line == 3


def test_lines_before_a_stream_breaks_are_kept(tmp_path: Path) -> None:
    packed = gzip.compress(os.urandom(60_000).hex().encode() + b"\n" + os.urandom(60_000).hex().encode())
    (tmp_path / "a.jsonl.gz").write_bytes(packed[:-20_000])
    (source,) = resolve_inputs([f"{tmp_path}/a.jsonl.gz"])
    documents_then_error = read_source(source, max_bytes=MAX, fetched=THEN)
    assert isinstance(next(documents_then_error), Document)
    with pytest.raises(BadRecord, match="ends before"):
        list(documents_then_error)


def test_a_file_that_vanished_is_unreadable(tmp_path: Path) -> None:
    source = Source(uri=f"{tmp_path}/gone.txt", kind="text")
    with pytest.raises(BadRecord) as caught:
        list(read_source(source, max_bytes=MAX, fetched=THEN))
    assert caught.value.reason == Reason.UNREADABLE


def test_documents_carry_their_provenance() -> None:
    frame = Document(uri="a.html", kind="html", content=b"", fetched=THEN, charset="utf-8")
    assert list(format_of(frame).documents(frame, [b"<p>", b"x"], max_bytes=10)) == [
        Document(uri="a.html", kind="html", content=b"<p>x", fetched=THEN, charset="utf-8")
    ]


# Addresses; what servers do is in test_fetch_hostile.py.


@pytest.mark.parametrize(
    ("url", "media", "head", "kind"),
    [
        ("http://a.test/x", "application/rss+xml", b"<?xml", "feed"),
        ("http://a.test/x", "text/html", b"<div>", "html"),
        ("http://a.test/x", "text/html", b"\n<feed xmlns=", "feed"),
        ("http://a.test/x", "application/xml", b"<!DOCTYPE html>", "html"),
        ("http://a.test/x", "application/x-ndjson", b"{", "jsonl"),
        ("http://a.test/x.jsonl?y=1", "text/plain", b"{", "jsonl"),
        ("http://a.test/x", "application/json", b"{", "feed"),
        ("http://a.test/x.txt", "text/plain", b"News", "text"),
    ],
)
def test_kind_of_an_answer(url: str, media: str, head: bytes, kind: str) -> None:
    assert kind_of_response(url, media, head) == kind


# The transform.


def test_read_gives_documents_and_failures(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"News.")
    (tmp_path / "b.txt").write_bytes(b"")
    (tmp_path / "c.pdf").write_bytes(b"%PDF")
    (tmp_path / "d.jsonl").write_bytes(b'{"text": "x"}\n')
    with beam.Pipeline(runner=RUNNER) as p:
        found = p | Read([f"{tmp_path}/*"], fetched=THEN)
        kinds = found.documents | "Kinds" >> beam.Map(lambda document: (document.kind, document.content))
        reasons = found.failures | "Reasons" >> beam.Map(lambda failure: (failure.stage, failure.reason))
        assert_that(kinds, equal_to([("text", b"News."), ("jsonl", b'{"text": "x"}\n')]), label="documents")
        assert_that(reasons, equal_to([("read", "empty"), ("read", "unreadable")]), label="failures")


def test_read_refuses_inputs_while_the_graph_is_built() -> None:
    p = beam.Pipeline(runner=RUNNER)
    with pytest.raises(ValueError, match="a pattern that matches a file"):
        p | Read(["no/such/*.txt"])
