"""WARC files as input: each answer in them that is a feed or a page is a document of its own."""

import itertools
from collections.abc import Iterator
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from transforms.failures import BadRecord, Reason, failure_from
from transforms.formats.documents import STAGE, peek
from transforms.formats.known import by_name, kind_of_response
from transforms.http.client import media_type
from transforms.http.decoding import decode_content, unchunk
from transforms.http.redact import mask
from transforms.records import Document, Failure
from transforms.text.byte_stream import BLOCK

_KINDS_OF_TEXT = ("html", "xml", "rss", "atom", "json")


def read_warc(file: BinaryIO, uri: str, *, max_bytes: int) -> Iterator[Document | Failure]:
    """Yield the feeds and pages of a WARC file, plain or packed, with the address and date of each answer.

    Answers other than 200, pictures and other media are passed over. A record
    that cannot be read is a failure of its own. Memory is bounded by
    `max_bytes`, which holds for each body.

    Args:
        file: its bytes, as stored.
        uri: its name, for failures and `Document.record`; documents carry the address of the answer.
        max_bytes: the longest body.

    Raises:
        BadRecord: BAD_ARCHIVE if the file is damaged, EMPTY if there is no feed or page in it.
    """
    found = False
    records = iter(ArchiveIterator(file, record_types=WarcRecordType.response, auto_decode="none"))
    for number in itertools.count(1):
        try:
            record = next(records, None)
        except (OSError, ValueError, EOFError) as error:
            raise BadRecord(Reason.BAD_ARCHIVE, f"answer {number} of the archive: {error}") from error
        if record is None:
            break
        place = f"{uri}#{record.stream_pos}"
        try:
            for document in _documents(record, place, max_bytes):
                found = True
                yield document
        except BadRecord as error:
            found = True
            yield failure_from(error, stage=STAGE, source=place)
    if not found:
        raise BadRecord(Reason.EMPTY, "no feed or page in it")


def _body(record: WarcRecord) -> Iterator[bytes]:
    """Yield the body of an answer.

    Raises:
        BadRecord: BAD_ARCHIVE if it cannot be read to its end.
    """
    try:
        while block := record.reader.read(BLOCK):
            yield block
    except (OSError, ValueError, EOFError) as error:
        raise BadRecord(Reason.BAD_ARCHIVE, f"the body of an answer: {str(error)[:200]}") from error


def _documents(record: WarcRecord, place: str, max_bytes: int) -> Iterator[Document | Failure]:
    headers = record.http_headers
    if headers is None or headers.status_code != 200:
        return
    media, charset = media_type(headers.get("Content-Type") or "")
    if media and not any(kind in media for kind in _KINDS_OF_TEXT):
        return
    address = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
    body = _body(record)
    if "chunked" in (headers.get("Transfer-Encoding") or "").lower():
        body = unchunk(body)
    head, blocks = peek(decode_content(body, headers.get("Content-Encoding") or ""))
    form = by_name(kind_of_response(address, media, head))
    if form.is_taken_from_archives:
        frame = Document(
            uri=mask(address), kind=form.name, content=b"", fetched=record.record_date, charset=charset, record=place
        )
        yield from form.documents(frame, blocks, max_bytes=max_bytes)
