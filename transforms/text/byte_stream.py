"""Streams of bytes in bounded memory: inflating, joining under a limit, cutting at line ends."""

import dataclasses
import zlib
from collections.abc import Iterable, Iterator

from transforms.failures import BadRecord, Reason

BLOCK = 1 << 16
"""Bytes taken from a stream in one go, and the most that inflating gives in one step."""

BOMB_RATIO = 200
"""News deflates to a third or a tenth of its size; more than this is made to do harm."""

HOPELESS = 20
"""A line of more times `max_line` bytes is not passed over to its end, which may never come."""

GZIP = 31
"""zlib's window bits for a stream with a gzip header and checksum."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lines:
    """Whole lines of a file, and the number of the first, from 1."""

    first_line: int
    content: bytes


@dataclasses.dataclass(frozen=True, kw_only=True)
class LongLine:
    """A line that was longer than allowed and was skipped, with its beginning."""

    line: int
    size: int
    head: bytes


def inflate(blocks: Iterable[bytes], *, max_bytes: int) -> Iterator[bytes]:
    """Unpack a gzip stream of one or more members, at most `BLOCK` bytes at a time.

    Args:
        blocks: the compressed bytes.
        max_bytes: beyond this much output a stream that inflates `BOMB_RATIO`-fold is given up.

    Raises:
        BadRecord: BAD_ARCHIVE if it is not gzip, damaged or cut short; ARCHIVE_BOMB.
    """
    inflater = zlib.decompressobj(GZIP)
    taken = given = 0
    for block in blocks:
        taken += len(block)
        pending, piece = block, b""
        # zlib may hold output back though it has taken all input, after a piece as long as allowed.
        while pending or len(piece) == BLOCK:
            if inflater.eof:
                pending = pending.lstrip(b"\0")  # padding of tapes and disks between members
                inflater, piece = zlib.decompressobj(GZIP) if pending else inflater, b""
                continue
            piece = _inflate_some(inflater, pending)
            pending = inflater.unused_data or inflater.unconsumed_tail
            given += len(piece)
            if given > max_bytes and given > BOMB_RATIO * taken:
                raise BadRecord(Reason.ARCHIVE_BOMB, f"{taken:,} bytes of gzip inflate to more than {given:,}")
            yield piece
    if taken and not inflater.eof:
        raise BadRecord(Reason.BAD_ARCHIVE, "the gzip stream ends before its end mark")


def _inflate_some(inflater: "zlib._Decompress", data: bytes) -> bytes:
    try:
        return inflater.decompress(data, BLOCK)
    except zlib.error as error:
        raise BadRecord(Reason.BAD_ARCHIVE, f"not gzip, or damaged: {error}") from error


def join(blocks: Iterable[bytes], *, max_bytes: int) -> bytes:
    """Return all of a stream that must not be longer than `max_bytes`.

    Raises:
        BadRecord: TOO_LARGE.

    >>> join([b"ab", b"c"], max_bytes=3)
    b'abc'
    """
    content = bytearray()
    for block in blocks:
        content += block
        if len(content) > max_bytes:
            raise BadRecord(Reason.TOO_LARGE, f"longer than {max_bytes:,} bytes (read.max_bytes)")
    return bytes(content)


def bounded(blocks: Iterable[bytes], *, most: int, setting: str) -> Iterator[bytes]:
    """Yield the blocks of a stream, up to a bound.

    Args:
        blocks: a stream that may have no end.
        most: bytes.
        setting: the name of the bound.

    Raises:
        BadRecord: TOO_LARGE, after at most `most` bytes.
    """
    size = 0
    for block in blocks:
        size += len(block)
        if size > most:
            raise BadRecord(Reason.TOO_LARGE, f"longer than {most:,} bytes ({setting})")
        yield block


def cut_lines(blocks: Iterable[bytes], *, max_line: int) -> Iterator[Lines | LongLine]:
    """Yield cuts a stream into runs of whole lines, about one to a block.

    Memory is bounded by `max_line` and the size of a block: a longer line is
    passed over to its end, and reported. Lines end with a line feed, as JSON
    Lines says; runs of blank lines are left out.

    Raises:
        BadRecord: TOO_LARGE for a line that is `HOPELESS` times as long as allowed; such a stream may have no end.

    >>> list(cut_lines([b"a\\nb", b"b\\ncccccc\\nd"], max_line=5))[1:]
    [Lines(first_line=2, content=b'bb'), LongLine(line=3, size=6, head=b'cccccc'), Lines(first_line=4, content=b'd')]
    """
    line, dropped, head = 1, 0, b""
    tail = bytearray()  # the line that the last block left unfinished, where `dropped` of it is not gone already
    for block in blocks:
        end = block.rfind(b"\n") + 1
        whole = block[:end]
        if whole and dropped:
            first, _, whole = whole.partition(b"\n")
            yield LongLine(line=line, size=dropped + len(tail) + len(first), head=head)
            line, dropped = line + 1, 0
            tail.clear()
        if whole:
            run = bytes(tail) + whole
            tail.clear()
            yield from _runs(run, line, max_line)
            line += run.count(b"\n")
        tail += block[end:]
        if len(tail) > max_line:
            head = head if dropped else bytes(tail[:BLOCK])
            dropped += len(tail)
            tail.clear()
            if dropped > HOPELESS * max_line:
                raise BadRecord(Reason.TOO_LARGE, f"line {line:,} has more than {dropped:,} bytes and no end")
    if dropped:
        yield LongLine(line=line, size=dropped + len(tail), head=head)
    else:
        yield from _runs(bytes(tail), line, max_line)


def _runs(content: bytes, line: int, max_line: int) -> Iterator[Lines | LongLine]:
    """Yield whole lines as one run, or one by one where one of them may be too long."""
    if len(content) <= max_line:
        if content.strip():
            yield Lines(first_line=line, content=content)
        return
    for number, text in enumerate(content.split(b"\n"), line):
        if len(text) > max_line:
            yield LongLine(line=number, size=len(text), head=text[:BLOCK])
        elif text.strip():
            yield Lines(first_line=number, content=text)
