"""Streams without end are given up within a bound of bytes, and memory stays small meanwhile."""

import datetime
import itertools
import os
import re
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.cli import main
from tests.helpers.hostile import FakeInternet, Server
from tests.helpers.hostile_answers import OK, endless
from transforms.failures import BadRecord, Reason
from transforms.feeds.feed_list import MAX_BYTES, FeedListError, read_feed_list
from transforms.feeds.fetch import FetchRequest, fetch
from transforms.feeds.schedule import PollingPolicy
from transforms.formats.known import format_of
from transforms.http.client import Client, Limits
from transforms.http.decoding import unchunk
from transforms.http.rate_limit import HostRateLimiter
from transforms.read import Source, resolve_inputs
from transforms.read.read import read_source
from transforms.records import Document, Failure
from transforms.text.byte_stream import HOPELESS, bounded, cut_lines, inflate

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
LINE = b'{"text": "Rain fell in Lima."}\n'
LIMITS = Limits(max_bytes=200_000, max_jsonl_bytes=3_000_000, timeout_seconds=60)
MAX_MEMORY = 16_000_000
"""Bytes of Python's memory, whatever the stream."""


@pytest.fixture
def server() -> Server:
    return Server()


def packed(content: bytes) -> Iterator[bytes]:
    """Return gzip members without end."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    return itertools.repeat(compressor.compress(content) + compressor.flush())


JSONL = OK + b"Content-Type: application/jsonl\r\n"
ENDLESS: dict[str, tuple[bytes, Callable[[], Iterator[bytes]], int]] = {
    "lines": (JSONL + b"\r\n", lambda: itertools.repeat(LINE * 2_000), 50_000),
    "no line": (JSONL + b"\r\n", lambda: itertools.repeat(b"x" * 65_536), 0),
    "packed lines": (
        JSONL + b"Content-Encoding: gzip\r\n\r\n",
        lambda: packed(b"".join(LINE[:-1] + b" " * (n % 977) + b"\n" for n in range(2_000))),
        1_000,
    ),
    "nothing, packed": (
        JSONL + b"Content-Encoding: gzip\r\n\r\n",
        lambda: itertools.repeat(next(packed(b"")) * 5_000),
        0,
    ),
    "line ends": (JSONL + b"\r\n", lambda: itertools.repeat(b"\n" * 65_536), 0),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_jsonl_answer_without_end_is_a_failure_within_its_bound(server: Server, name: str) -> None:
    head, blocks, least = ENDLESS[name]
    server.answers["/a.jsonl"] = endless(head, blocks)
    internet = FakeInternet(server)
    lines, failures = 0, []
    tracemalloc.start()
    with Client(LIMITS, lookup=internet.lookup, inner=internet, tls=server.trusting) as client:
        task = FetchRequest(address="http://news.test/a.jsonl")
        for result in fetch(client, task, HostRateLimiter(0), pace=PollingPolicy(), fetched=NOON):
            lines += result.content.count(b"\n") if isinstance(result, Document) else 0
            failures += [result] if isinstance(result, Failure) else []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (failure,) = failures
    assert failure.reason == Reason.TOO_LARGE
    assert re.search(r"read\.max_jsonl_bytes|no end", failure.message)
    assert least <= lines <= LIMITS.max_jsonl_bytes / len(LINE) + 1
    assert peak < MAX_MEMORY


@pytest.mark.parametrize(
    "blocks",
    [
        lambda: itertools.repeat(b"x" * 65_536),
        lambda: inflate(packed(bytes(os.urandom(60_000)).replace(b"\n", b"x")), max_bytes=10_000),
        lambda: bounded(packed(b""), most=50_000, setting="x"),
        lambda: bounded(itertools.repeat(LINE * 100), most=5_000_000, setting="read.max_jsonl_bytes"),
    ],
    ids=["one line", "one line, packed", "nothing, packed", "lines"],
)
def test_a_stream_without_end_is_given_up(blocks: Callable[[], Iterator[bytes]]) -> None:
    frame = Document(uri="a.jsonl", kind="jsonl", content=b"", fetched=NOON)
    tracemalloc.start()
    with pytest.raises(BadRecord) as caught:
        for _ in format_of(frame).documents(frame, blocks(), max_bytes=100_000):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.reason == Reason.TOO_LARGE
    assert peak < MAX_MEMORY


def test_a_line_that_ends_in_time_is_passed_over() -> None:
    blocks = [b"x" * 1000] * HOPELESS + [b"\ngood\n"]
    assert [getattr(run, "content", None) for run in cut_lines(blocks, max_line=1000)] == [None, b"good\n"]
    with pytest.raises(BadRecord, match="no end"):
        list(cut_lines([b"x" * 1000] * (HOPELESS + 2), max_line=1000))


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt", "a.xml", "a.html.gz"])
def test_a_file_of_a_terabyte_of_nothing_is_given_up(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b"\x1f\x8b\x08\0\0\0\0\0\0\0" if name.endswith(".gz") else b"<rss>")
        file.truncate(1 << 40)
    (source,) = resolve_inputs([str(path)])
    with pytest.raises(BadRecord):
        list(read_source(source, max_bytes=100_000, fetched=NOON))


def test_a_file_that_grows_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINE * 10_000)
    (source,) = resolve_inputs([str(path)])
    lines = 0
    for run in read_source(source, max_bytes=100_000, fetched=NOON):
        assert isinstance(run, Document)
        lines += run.content.count(b"\n")
        with path.open("ab") as file:
            file.write(LINE * 10_000)
    assert lines == 10_000


@pytest.mark.parametrize("command", [["feeds", "list"], ["feeds", "import", "--output", "out.csv"]])
def test_lists_of_feeds_are_bounded(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("feeds.csv").open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo("fifo.csv")
    with pytest.raises(FeedListError, match=f"longer than {MAX_BYTES:,} bytes"):
        read_feed_list("feeds.csv")
    for name, message in (("feeds.csv", "longer than 20,000,000 bytes"), ("fifo.csv", "a FIFO")):
        assert main([*command[:2], name, *command[2:]]) == 2
        assert message in capsys.readouterr().err


HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def warc(body: bytes, repeated: bytes, times: int) -> Iterator[bytes]:
    """Yield a packed archive of one answer; its body repeats a part many times."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    length = len(body) + len(repeated) * times
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.test/\r\n"
    head += b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n" % length
    yield compressor.compress(head + body)
    for _ in range(times):
        yield compressor.compress(repeated)
    yield compressor.compress(b"\r\n\r\n") + compressor.flush()


BOMBS = {
    "a chunk's size without end": HTTP + b"Transfer-Encoding: chunked\r\n\r\n",
    "a body": HTTP + b"\r\n<html>",
    "a header": HTTP + b"X: ",
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_archive_that_unpacks_to_much_takes_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(warc(BOMBS[name], b"A" * (1 << 20), 150)))
    before = psutil.Process().memory_info().rss
    results: list[Any] = []
    source = Source(uri=str(path), kind="warc")
    try:
        results += read_source(source, max_bytes=1_000_000, fetched=NOON)
    except BadRecord as error:
        results.append(error)
    assert [one.reason for one in results] in ([Reason.TOO_LARGE], [Reason.BAD_ARCHIVE])
    assert psutil.Process().memory_info().rss - before < 60_000_000


@pytest.mark.parametrize(
    ("body", "unpacked"),
    [
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", b"abc0123456789"),
        (b"3\nabc\n0\n\n", b"abc"),
        (b"<html>not in chunks", b"<html>not in chunks"),
        (b"", b""),
        (b"3\r\nabc\r\n", b"abc"),
        (b"3\r\nabc\r\nxyz\r\n", None),
        (b"3\r\nab", None),
        (b"3\r\nabc\r\n3" + b" " * 2_000 + b"\r\nabc\r\n0\r\n\r\n", None),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100_000])
def test_chunks_are_put_together(body: bytes, unpacked: bytes | None, size: int) -> None:
    blocks = [body[at : at + size] for at in range(0, len(body), size)]
    if unpacked is None:
        with pytest.raises(BadRecord) as caught:
            list(unchunk(blocks))
        assert caught.value.reason == Reason.BAD_ARCHIVE
    else:
        assert b"".join(unchunk(blocks)) == unpacked


def test_many_small_chunks_take_linear_time() -> None:
    def seconds(count: int) -> float:
        body = b"1\r\na\r\n" * count + b"0\r\n\r\n"
        begun = time.process_time()
        assert sum(map(len, unchunk(body[at : at + 65_536] for at in range(0, len(body), 65_536)))) == count
        return time.process_time() - begun

    assert seconds(200_000) < 40 * max(seconds(20_000), 0.002)
