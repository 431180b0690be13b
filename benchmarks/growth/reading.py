"""Readers of bytes as functions of a text: robots.txt, content codings, WARC files, JSON Feeds, lists of feeds."""

import gzip
import io
import json
from collections.abc import Callable, Iterator

import brotli
import zstandard
from protego import Protego

from transforms.failures import BadRecord
from transforms.feeds.feed_list import FeedListError, parse_feed_list
from transforms.formats.warc import read_warc
from transforms.http.decoding import decode_content, unchunk
from transforms.http.redact import mask
from transforms.text.byte_stream import BLOCK, inflate

MAX_BYTES = 50_000_000
HTTP = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
_CODERS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("gzip", gzip.compress),
    ("br", lambda body: brotli.compress(body, quality=1)),
    ("zstd", zstandard.ZstdCompressor().compress),
)


def _blocks(body: bytes) -> Iterator[bytes]:
    return (body[at : at + BLOCK] for at in range(0, len(body), BLOCK))


def robots(text: str) -> object:
    """Ask rules with the text as a path about an address with the text as its path, and the text as rules."""
    rules = Protego.parse(f"User-agent: *\nDisallow: /*{text}*$\n{text}\n")
    return rules.can_fetch(f"http://a.test/{text}", "Dateline")


def codings(text: str) -> object:
    """Undo each content coding of a body, of its parts one after another, and of nested ones."""
    body = text.encode("utf-8", "replace")
    found = []
    for name, code in _CODERS:
        found.append(_size(decode_content(_blocks(code(body)), name)))
        found.append(_size(decode_content(_blocks(code(code(body[:1]) * len(body))), f"{name}, {name}")))
    found.append(_size(inflate(_blocks(gzip.compress(body[:1]) * len(body)), max_bytes=MAX_BYTES)))
    found.append(_size(unchunk(_blocks(b"1\r\na\r\n" * len(body) + b"0\r\n\r\n"))))
    return found


def _size(blocks: Iterator[bytes]) -> int:
    try:
        return sum(map(len, blocks))
    except BadRecord:
        return -1


def warc(text: str) -> object:
    """Read an archive with the text as address, as headers and as body, and as many records as it has characters."""
    record = _record(text[:1], "<p>Rain fell.</p>")
    pieces = [_record(text, text), _record("a", f"{text}\r\n\r\n"), record * len(text)]
    found = []
    for piece in pieces:
        try:
            found.append(sum(1 for _ in read_warc(io.BytesIO(piece), "a.warc", max_bytes=MAX_BYTES)))
        except BadRecord:
            found.append(-1)
    return found


def _record(address: str, rest: str) -> bytes:
    block = f"{HTTP}\r\n{rest}".encode("utf-8", "replace")
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.test/{address}\r\n"
    head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode("utf-8", "replace") + block + b"\r\n\r\n"


def json_feed(text: str) -> str:
    """Return a JSON Feed with the text as what it says of itself, and a twentieth as many entries as characters."""
    items = [{"id": str(number), "title": "Rain"} for number in range(len(text) // 20)]
    return json.dumps(
        {"title": text, "language": text, "authors": [{"name": text}], "items": [*items, {"title": text}]}
    )


def rss_feed(text: str) -> str:
    """Return an RSS feed with the text as its title and language, and a twentieth as many entries as characters."""
    plain = text.replace("&", "").replace("<", "")
    items = "<item><title>Rain</title></item>" * (len(text) // 20)
    return f"<rss><channel><title>{plain}</title><language>{plain}</language>{items}</channel></rss>"


def feed_list(text: str) -> object:
    """Read a list of feeds with the text as its columns, and as an address."""
    found = []
    for content in (f"{text}\n", f"url\nhttp://{text}/\n"):
        try:
            found.append(len(parse_feed_list(content)))
        except FeedListError as error:
            found.append(len(error.problems))
    return found


def masked(text: str) -> object:
    """Mask an address with the text as its host, its path and its query."""
    return [mask(address) for address in (f"http://{text}/", f"http://a.test/{text}", f"http://a.test/?{text}")]
