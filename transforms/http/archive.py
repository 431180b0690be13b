"""Answers as they came, as WARC/1.1 (ISO 28500), so that what a row was made from can still be seen."""

import datetime
import gzip
import io
from collections.abc import Iterator, Mapping

from fastwarc.warc import WarcRecord, WarcRecordType

from transforms.http.client import Answer
from transforms.http.redact import mask, mask_text

_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "trailer", "upgrade", "te", "content-length"}
"""Headers of the transfer, which do not apply to the stored body; its length is computed again."""
_ADDRESSES = {"location", "content-location", "referer"}
_SECRET_HEADERS = {"set-cookie", "set-cookie2", "www-authenticate", "proxy-authenticate", "authentication-info"}


def keep(answer: Answer) -> Iterator[bytes]:
    """Yield the answer as one WARC record in a gzip member of its own; nothing for one whose body was not kept."""
    if answer.kept is not None:
        now = datetime.datetime.now(datetime.UTC)
        yield response_record(answer.url, now, http_block(answer, bytes(answer.kept)))


def http_block(answer: Answer, body: bytes) -> bytes:
    """Return status, headers and body as HTTP/1.1, whatever version it came by."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}".rstrip()]
    for name, value in answer.headers.multi_items():
        value = mask(value) if name.lower() in _ADDRESSES else mask_text(value)
        if name.lower() not in _OF_THE_CONNECTION | _SECRET_HEADERS:
            lines.append(f"{name}: {value}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body


def response_record(address: str, when: datetime.datetime, block: bytes) -> bytes:
    """Return a response record."""
    headers = {"WARC-Target-URI": mask(address), "Content-Type": "application/http; msgtype=response"}
    return warc_record(WarcRecordType.response, when, headers, block)


def warc_record(kind: WarcRecordType, when: datetime.datetime, headers: Mapping[str, str], block: bytes) -> bytes:
    """Return a WARC/1.1 record with its digest, as a gzip member of its own."""
    record = WarcRecord()
    record.init_headers(kind)
    record.record_date = when
    for name, value in headers.items():
        record.headers[name] = value
    record.set_bytes_content(block)
    out = io.BytesIO()
    record.write(out, checksum_data=True)
    return gzip.compress(out.getvalue(), mtime=0)
