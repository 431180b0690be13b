"""Documents: checked bytes of a stream, as one piece or as runs of whole lines."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

from transforms.failures import BadRecord, Reason, failure_from
from transforms.records import Document, Failure
from transforms.text.byte_stream import LongLine, cut_lines, join
from transforms.text.encoding import looks_binary

STAGE = "read"
GZIP_MAGIC = b"\x1f\x8b"


def whole_document(frame: Document, blocks: Iterable[bytes], *, max_bytes: int) -> Document:
    """Return `frame` with all bytes of a stream.

    Raises:
        BadRecord: EMPTY, BINARY, TOO_LARGE.
    """
    return dataclasses.replace(frame, content=_checked(join(blocks, max_bytes=max_bytes)))


def line_documents(frame: Document, blocks: Iterable[bytes], *, max_bytes: int) -> Iterator[Document | Failure]:
    """Yield `frame` with runs of whole lines, and a failure for each line of more than `max_bytes`.

    Raises:
        BadRecord: EMPTY, BINARY.
    """
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
    """Return `content`, if there is any and it is text."""
    if not content.strip():
        raise BadRecord(Reason.EMPTY, "nothing in it but white space" if content else "no bytes in it")
    if looks_binary(content):
        raise BadRecord(Reason.BINARY, f"not text: begins with {content[:12]!r}")
    return content


def _too_long(uri: str, run: LongLine, max_bytes: int) -> Failure:
    error = BadRecord(Reason.TOO_LARGE, f"a line of {run.size:,} bytes; at most {max_bytes:,} (read.max_bytes)")
    return failure_from(error, stage=STAGE, source=f"{uri}#{run.line}", payload=run.head)


def peek(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first block, and the whole stream.

    >>> head, blocks = peek(iter([b"ab", b"c"]))
    >>> head, list(blocks)
    (b'ab', [b'ab', b'c'])
    """
    head = next(blocks, b"")
    return head, itertools.chain([head], blocks)
