"""Properties of JSON Lines and web archives: what is damaged takes nothing else along."""

import datetime
import gzip
import io
import json

from fastwarc.warc import WarcRecordType
from hypothesis import given
from hypothesis import strategies as st

from transforms.failures import BadRecord
from transforms.formats.jsonl import parse_line
from transforms.formats.known import format_of
from transforms.formats.warc import read_warc
from transforms.http.archive import warc_record
from transforms.records import Document, Failure

NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
    lambda text: text.strip() != ""
)
BROKEN = st.sampled_from([b"{", b"nonsense", b'{"text": 5}', b"[1, 2]", b'{"text": "cut', b"\xff\xfe"])


def items_of(content: bytes, block: int) -> list[bytes]:
    """Cut and split a file that arrives in blocks."""
    frame = Document(uri="a.jsonl", kind="jsonl", content=b"", fetched=NOW)
    blocks = (content[at : at + block] for at in range(0, len(content), block))
    documents = format_of(frame).documents(frame, blocks, max_bytes=10_000)
    return [item.content for one in documents if isinstance(one, Document) for item in format_of(one).split(one)]


@given(st.lists(TEXT, min_size=1, max_size=8), st.data(), BROKEN, st.integers(1, 50))
def test_a_broken_line_at_any_place_costs_that_line_only(
    texts: list[str], data: st.DataObject, broken: bytes, block: int
):
    lines = [json.dumps({"text": text}).encode() for text in texts]
    lines.insert(data.draw(st.integers(0, len(lines))), broken)
    found: list[str | None] = []
    for line in items_of(b"\n".join(lines) + b"\n", block):
        try:
            found.append(parse_line(line).text)
        except BadRecord:
            continue
    assert found == texts


@given(st.lists(TEXT, min_size=1, max_size=8), st.integers(1, 50), st.integers(51, 500))
def test_blocks_do_not_change_the_lines(texts: list[str], small: int, large: int):
    content = b"\n".join(json.dumps({"text": text}).encode() for text in texts)
    assert items_of(content, small) == items_of(content, large) == content.split(b"\n")


@given(st.binary(max_size=200))
def test_any_line_is_a_record_or_a_failure_with_a_reason(line: bytes):
    try:
        record = parse_line(line)
    except BadRecord:
        return
    assert record.text is not None or record.html is not None


def response(number: int, body: bytes, headers: bytes = b"Content-Type: text/html\r\n") -> bytes:
    block = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n" + body
    target = {"WARC-Target-URI": f"https://a.test/{number}", "Content-Type": "application/http; msgtype=response"}
    return warc_record(WarcRecordType.response, NOW, target, block)


@given(st.lists(TEXT, min_size=1, max_size=6))
def test_every_page_of_an_archive_comes_out_with_its_address_and_body(texts: list[str]):
    bodies = [f"<html><p>{number} {text}".encode() for number, text in enumerate(texts)]
    archive = b"".join(response(number, body) for number, body in enumerate(bodies))
    found = [one for one in read_warc(io.BytesIO(archive), "a.warc.gz", max_bytes=10_000) if isinstance(one, Document)]
    assert [(one.uri, one.content) for one in found] == [
        (f"https://a.test/{number}", body) for number, body in enumerate(bodies)
    ]


PACKED = gzip.compress(b"<html><p>Snow and rain fell on the hills." * 20)


@given(st.integers(0, 4), st.integers(12, len(PACKED) - 9))
def test_a_body_that_cannot_be_unpacked_is_one_failure(at: int, cut: int):
    pages = [response(number, b"<html><p>Rain.") for number in range(4)]
    pages.insert(at, response(9, PACKED[:cut], b"Content-Type: text/html\r\nContent-Encoding: gzip\r\n"))
    found = list(read_warc(io.BytesIO(b"".join(pages)), "a.warc.gz", max_bytes=10_000))
    assert [one.uri for one in found if isinstance(one, Document)] == [f"https://a.test/{n}" for n in range(4)]
    assert sum(isinstance(one, Failure) for one in found) == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_an_archive_or_a_failure_with_a_reason(content: bytes):
    try:
        found = list(read_warc(io.BytesIO(content), "a.warc", max_bytes=10_000))
    except BadRecord:
        return
    assert found
