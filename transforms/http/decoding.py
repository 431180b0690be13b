"""Content codings undone a little at a time, so that a bomb is noticed before it is big."""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import brotli
import zstandard

from transforms.failures import BadRecord, Reason
from transforms.text.byte_stream import BLOCK, BOMB_RATIO, GZIP

ACCEPTED = "gzip, deflate, br, zstd"
MAX_CODINGS = 3
"""Codings one upon another; more than one is rare, and each multiplies what the next may unpack."""
MAX_BETWEEN = 1_000_000
"""Bytes that one coding may give to the next in any case; of more, `BOMB_RATIO` holds."""
MAX_CHUNK_LINE = 1_024
"""Bytes of the line that says how long a chunk is."""
_CHUNK = re.compile(rb"(?:\r?\n)?[ \t]{0,50}([0-9A-Fa-f]{1,15})[ \t]{0,50}(?:;[^\r\n]{0,900})?\r?\n")
ZSTD_WINDOW = 8 << 20
"""https://www.rfc-editor.org/rfc/rfc9659 allows no more on the web."""

_NOTHING = {"", "identity", "none", "utf-8", "binary"}
"""What servers write in the header to say that there is no coding."""
_ERRORS = (zlib.error, brotli.error, zstandard.ZstdError, EOFError)

Blocks = Iterator[bytes]


def codings(header: str) -> list[str]:
    """Return the codings of a Content-Encoding header, in the order in which they were applied.

    Raises:
        BadRecord: FETCH_FAILED for one that was not asked for, or for too many.

    >>> codings("GZIP, x-gzip, identity")
    ['gzip', 'gzip']
    """
    named = [name.strip().lower().removeprefix("x-") for name in header.split(",")]
    found = [name for name in named if name not in _NOTHING]
    unknown = [name for name in found if name not in _DECODERS]
    if unknown or len(found) > MAX_CODINGS:
        raise BadRecord(Reason.FETCH_FAILED, f"a content coding that is not read: {header[:80]!r}")
    return found


def decode_content(blocks: Iterable[bytes], header: str) -> Blocks:
    """Return a body with its codings undone, at most about `BLOCK` bytes at a time.

    Args:
        blocks: the body as it arrives.
        header: its Content-Encoding.

    Raises:
        BadRecord: FETCH_FAILED if a coding is unknown, damaged or cut short; ARCHIVE_BOMB if one of several gives the
            next far more than it was given.
    """
    source = _Counted(blocks)
    decoded: Blocks = source
    for number, coding in enumerate(reversed(codings(header))):
        # The reader limits the output of the last coding; the output between two codings is limited here.
        decoded = _undo(_no_bomb(decoded, source) if number else decoded, coding)
    return decoded


class _Counted(Blocks):
    """Blocks, and how many bytes of them were taken."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self.taken = 0

    def __next__(self) -> bytes:
        block = next(self._blocks)
        self.taken += len(block)
        return block


def _no_bomb(blocks: Blocks, source: _Counted) -> Blocks:
    """Yield the output of one coding to the next, as long as it is in proportion to the input."""
    given = 0
    for block in blocks:
        given += len(block)
        if given > MAX_BETWEEN and given > BOMB_RATIO * source.taken:
            message = f"{source.taken:,} bytes of one coding upon another unpack to more than {given:,}"
            raise BadRecord(Reason.ARCHIVE_BOMB, message)
        yield block


def unchunk(blocks: Iterable[bytes]) -> Blocks:
    """Yield a body in chunks as the body, a block at a time; one that only claims to be in chunks as it is.

    https://www.rfc-editor.org/rfc/rfc9112#section-7.1. Some archives keep the header of a body that they have put
    together. The size of a chunk is on a line, whose length is bounded here: fastwarc 2.0 reads it whole, 1.6 GB
    from an archive of 400 kB.

    Raises:
        BadRecord: BAD_ARCHIVE if a chunk's size is none, or the body ends within a chunk.

    >>> b"".join(unchunk([b"3\\r\\nabc\\r", b"\\n2;x=1\\r\\nde\\r\\n0\\r\\n\\r\\n"]))
    b'abcde'
    >>> b"".join(unchunk([b"<html>", b"</html>"]))
    b'<html></html>'
    """
    source = iter(blocks)
    buffer, at = _first(source, MAX_CHUNK_LINE), 0
    if buffer and not _CHUNK.match(buffer):
        yield buffer
        yield from source
        return
    while at < len(buffer):
        found = _CHUNK.match(buffer, at)
        if found is None and not buffer[at:].strip():
            return
        if found is None:
            raise BadRecord(Reason.BAD_ARCHIVE, f"not the size of a chunk: {buffer[at : at + 40]!r}")
        left, at = int(found[1], 16), found.end()
        if left == 0:
            return
        while left:
            if at == len(buffer):
                buffer, at = next(source, b""), 0
            if not buffer:
                raise BadRecord(Reason.BAD_ARCHIVE, "the body ends within a chunk")
            piece = buffer[at : at + left]
            yield piece
            left, at = left - len(piece), at + len(piece)
        if len(buffer) - at < MAX_CHUNK_LINE:
            buffer, at = buffer[at:] + _first(source, MAX_CHUNK_LINE), 0


def _undo(blocks: Blocks, coding: str) -> Blocks:
    try:
        yield from _DECODERS[coding](blocks)
    except _ERRORS as error:
        raise BadRecord(Reason.FETCH_FAILED, f"the {coding} of the answer is damaged: {error}") from error


def _first(blocks: Blocks, size: int) -> bytes:
    """Return a minimum number of bytes, if there are as many."""
    head = b""
    for block in blocks:
        head += block
        if len(head) >= size:
            break
    return head


def _gzip(blocks: Blocks) -> Blocks:
    head = _first(blocks, 2)
    if head and not head.startswith(b"\x1f\x8b"):  # some servers declare what they do not do
        yield head
        yield from blocks
    else:
        yield from _zlib(head, blocks, GZIP)


def _deflate(blocks: Blocks) -> Blocks:
    """Yield RFC 9110 means zlib; some servers send the bare stream, and browsers read both."""
    head = _first(blocks, 2)
    has_header = len(head) >= 2 and head[0] & 15 == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    yield from _zlib(head, blocks, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


def _zlib(head: bytes, blocks: Blocks, window: int) -> Blocks:
    inflater = zlib.decompressobj(window)
    pending = head
    taken = False
    while pending or (pending := next(blocks, b"")):
        taken = True
        if inflater.eof:  # a further member; anything else after the end is padding
            if window != GZIP or not pending.startswith(b"\x1f\x8b"):
                return
            inflater = zlib.decompressobj(window)
        piece = inflater.decompress(pending, BLOCK)
        pending = inflater.unused_data or inflater.unconsumed_tail
        yield piece
        while len(piece) == BLOCK and not pending and not inflater.eof:
            piece = inflater.decompress(b"", BLOCK)
            yield piece
    if taken and not inflater.eof:
        raise EOFError("it ends before its end mark")


def _brotli(blocks: Blocks) -> Blocks:
    decoder = brotli.Decompressor()
    taken = False
    for block in blocks:
        taken = taken or bool(block)
        piece = decoder.process(block, output_buffer_limit=BLOCK)
        yield piece
        # brotli 1.2 may say that it can take more while it still holds output back.
        while not decoder.is_finished() and (len(piece) >= BLOCK or not decoder.can_accept_more_data()):
            piece = decoder.process(b"", output_buffer_limit=BLOCK)
            yield piece
    if taken and not decoder.is_finished():
        raise EOFError("it ends before its end mark")


def _zstd(blocks: Blocks) -> Blocks:
    decoder = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    source: Any = _File(blocks)
    with decoder.stream_reader(source, read_across_frames=True) as reader:
        while piece := reader.read(BLOCK):
            yield piece


class _File:
    """Blocks as the file that zstandard reads from."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def read(self, _: int = -1) -> bytes:
        return next((block for block in self._blocks if block), b"")


_DECODERS: dict[str, Callable[[Blocks], Blocks]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
