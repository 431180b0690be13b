"""Files and feeds to bytes with their provenance."""

import dataclasses
import datetime
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from transforms.failures import FAILURES, BadRecord, Reason, failure_from
from transforms.parse.encoding import looks_binary
from transforms.read.blocks import BLOCK, LongLine, cut_lines, inflate, join
from transforms.read.fetch import fetch, kind_of_response
from transforms.read.sources import ALLOWED, Source, is_address, resolve_inputs
from transforms.records import Document, Failure, MediaKind

STAGE = "read"
GZIP_MAGIC = b"\x1f\x8b"


def utc_now() -> datetime.datetime:
    """The present instant."""
    return datetime.datetime.now(datetime.UTC)


@dataclasses.dataclass
class Read(beam.PTransform):
    """Reads every input once: `p | Read(["seeds/*"])` -> `Document`s, and `Failure`s under `FAILURES`.

    Bounded. Files are spread over the workers before they are opened. A whole
    file or answer is one document; a JSONL file, which may be of any size, is
    read as a stream and gives one document for each run of whole lines. What
    cannot be read becomes a failure row and never stops the run.

    Raises:
        ValueError: while the graph is built, if an input matches nothing; see `resolve_inputs`.
    """

    inputs: list[str]
    """Globs, files, directories, and http(s) URLs of feeds, pages or JSONL."""
    max_bytes: int = 50_000_000
    """The longest file, answer or JSONL line that is read, after decompression."""
    timeout_seconds: float = 30.0
    """How long an http(s) answer may take, from the request to its last byte."""
    user_agent: str = "dateline/0.1"
    """How the reader names itself to servers."""
    fetched: datetime.datetime = dataclasses.field(default_factory=utc_now)
    """The instant that rows carry as `date_fetched`: when the run began."""

    def __post_init__(self) -> None:
        if self.max_bytes < 1:
            raise ValueError(f"read.max_bytes: {self.max_bytes!r} is not allowed; give a number of bytes above 0")
        if self.timeout_seconds <= 0:
            raise ValueError(f"read.timeout_seconds: {self.timeout_seconds!r} is not allowed; give seconds above 0")
        if self.fetched.tzinfo is None:
            raise ValueError(f"read.fetched: {self.fetched!r} is not allowed; give an instant with its time zone")

    def expand(self, begin: beam.pvalue.PBegin) -> Any:
        limits = Limits(max_bytes=self.max_bytes, timeout_seconds=self.timeout_seconds, user_agent=self.user_agent)
        return (
            begin
            | "Sources" >> beam.Create(resolve_inputs(self.inputs), reshuffle=False)
            | "Spread" >> beam.Reshuffle()
            | "ReadSource" >> beam.ParDo(_ReadSource(limits, self.fetched)).with_outputs(FAILURES, main="documents")
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What bounds the reading of one source; see the fields of `Read`."""

    max_bytes: int
    timeout_seconds: float
    user_agent: str


class _ReadSource(beam.DoFn):
    def __init__(self, limits: Limits, fetched: datetime.datetime) -> None:
        self._limits = limits
        self._fetched = fetched

    def process(self, source: Source) -> Iterator[Any]:
        # Not `attempt`: lines of a stream that were read before it broke are good, and holding
        # them back until it ends would hold the whole file.
        try:
            for result in read_source(source, limits=self._limits, fetched=self._fetched):
                yield beam.pvalue.TaggedOutput(FAILURES, result) if isinstance(result, Failure) else result
        except MemoryError:
            raise
        except Exception as error:
            yield beam.pvalue.TaggedOutput(FAILURES, failure_from(error, stage=STAGE, source=source.uri))


def read_source(source: Source, *, limits: Limits, fetched: datetime.datetime) -> Iterator[Document | Failure]:
    """The documents of one file or address; a failure for each JSONL line that is too long.

    Raises:
        BadRecord: at any point; what was given before is good.
    """
    if is_address(source.uri):
        with fetch(source.uri, timeout_seconds=limits.timeout_seconds, user_agent=limits.user_agent) as response:
            head, blocks = peek(response.blocks())
            if head.startswith(GZIP_MAGIC):  # a packed file, which some servers also declare as a content encoding
                head, blocks = peek(inflate(blocks, max_bytes=limits.max_bytes))
            kind = kind_of_response(response.url, response.media_type, head)
            frame = Document(uri=source.uri, kind=kind, content=b"", fetched=fetched, charset=response.charset)
            yield from documents(frame, blocks, max_bytes=limits.max_bytes)
    else:
        frame = Document(uri=source.uri, kind=_known(source), content=b"", fetched=fetched)
        blocks = _file_blocks(source.uri)
        if source.uri.lower().endswith(".gz"):
            blocks = inflate(blocks, max_bytes=limits.max_bytes)
        yield from documents(frame, blocks, max_bytes=limits.max_bytes)


def documents(frame: Document, blocks: Iterable[bytes], *, max_bytes: int) -> Iterator[Document | Failure]:
    """Fills `frame` with a stream's bytes: once, or for JSONL once for each run of lines.

    Raises:
        BadRecord: EMPTY, BINARY, TOO_LARGE.
    """
    if frame.kind != "jsonl":
        yield dataclasses.replace(frame, content=_checked(join(blocks, max_bytes=max_bytes)))
        return
    empty = True
    for run in cut_lines(blocks, max_line=max_bytes):
        if isinstance(run, LongLine):
            yield _too_long(frame.uri, run, max_bytes)
        else:
            content = _checked(run.content) if empty else run.content
            yield dataclasses.replace(frame, content=content, first_line=run.first_line)
        empty = False
    if empty:
        _checked(b"")


def _checked(content: bytes) -> bytes:
    """`content`, if there is any and it is text."""
    if not content.strip():
        raise BadRecord(Reason.EMPTY, "nothing in it but white space" if content else "no bytes in it")
    if looks_binary(content):
        raise BadRecord(Reason.BINARY, f"not text: begins with {content[:12]!r}")
    return content


def _too_long(uri: str, run: LongLine, max_bytes: int) -> Failure:
    error = BadRecord(Reason.TOO_LARGE, f"a line of {run.size:,} bytes; at most {max_bytes:,} (read.max_bytes)")
    return failure_from(error, stage=STAGE, source=f"{uri}#{run.line}", payload=run.head)


def _known(source: Source) -> MediaKind:
    if source.kind is None:
        raise BadRecord(Reason.UNREADABLE, f"a kind of file that is not read; allowed are {ALLOWED}")
    return source.kind


def _file_blocks(uri: str) -> Iterator[bytes]:
    """A file's bytes as stored, a block at a time."""
    try:
        with FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            while block := file.read(BLOCK):
                yield block
    except (OSError, BeamIOError) as error:
        raise BadRecord(Reason.UNREADABLE, f"{type(error).__name__}: {error}") from error


def peek(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first block, and the whole stream.

    >>> head, blocks = peek(iter([b"ab", b"c"]))
    >>> head, list(blocks)
    (b'ab', [b'ab', b'c'])
    """
    head = next(blocks, b"")
    return head, itertools.chain([head], blocks)
