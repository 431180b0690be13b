"""The list of input formats, and look-ups in it: by name, path, response and message."""

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from transforms.formats.base import Format
from transforms.formats.feed_format import FeedFormat
from transforms.formats.html_format import HtmlFormat
from transforms.formats.jsonl_format import JsonlFormat
from transforms.formats.text_format import TextFormat
from transforms.formats.warc_format import WarcFormat
from transforms.records import Document, Item

FORMATS: tuple[Format, ...] = (
    TextFormat(),
    FeedFormat(),
    HtmlFormat(),
    JsonlFormat(),
    WarcFormat(),
)
"""All formats. Their order is the precedence of `sniff` and of media types."""

_BY_NAME = {one.name: one for one in FORMATS}
_BY_EXTENSION = {extension: one for one in FORMATS for extension in one.extensions}
_BY_ITEM_KIND = {kind: one for one in FORMATS for kind in one.item_kinds}

ALLOWED = ", ".join(_BY_EXTENSION) + ", each also with .gz"
"""For messages: the extensions of files that are read."""


def format_of(document: Document) -> Format:
    """Return the format of a document."""
    return _BY_NAME[document.kind]


def by_name(name: str) -> Format:
    """Return a format by its name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def kind_of(path: str) -> str | None:
    """Return the name of a file's format by its extension, in any case and with or without `.gz`.

    >>> kind_of("news/a.HTML"), kind_of("b.jsonl.gz"), kind_of("c.pdf")
    ('html', 'jsonl', None)
    """
    found = _BY_EXTENSION.get(posixpath.splitext(path.lower().removesuffix(".gz"))[1])
    return found.name if found else None


def kind_of_response(url: str, media: str, head: bytes) -> str:
    """Return the name of a response's format.

    Precedence: first bytes, media type, extension of the address, feed. The
    bytes come first because feeds are often served as text/html.

    >>> kind_of_response("http://a.test/feed", "text/html", b"<?xml version='1.0'?><rss>")
    'feed'
    """
    start = head[:2048]
    for one in FORMATS:
        if one.sniff(start):
            return one.name
    for one in FORMATS:
        if one.matches_media_type(media):
            return one.name
    return kind_of(urlsplit(url).path) or FeedFormat.name


def kind_of_message(message: bytes) -> str:
    """Return the name of the format of a message of a topic, by its first bytes.

    >>> kind_of_message(b'{"text": "Rain fell."}'), kind_of_message(b"Rain fell.")
    ('jsonl', 'text')
    """
    start = message[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return JsonlFormat.name
    return kind_of_response("", "", message[:2048]) if start.startswith(b"<") else TextFormat.name


def split(document: Document) -> Iterator[Item]:
    """Yield the items of a document, numbered like its lines or entries.

    Raises:
        BadRecord: BAD_FEED, BAD_JSON or NO_ENTRIES, before the first item.
    """
    yield from format_of(document).split(document)


def fields_of(item: Item) -> dict[str, Any]:
    """Return the columns of an article that the item's format knows.

    Raises:
        BadRecord: as `Format.fields`.
    """
    return _BY_ITEM_KIND[item.kind].fields(item)


def min_characters(item: Item) -> int:
    """Return a number of characters that the item's text has at least, known without parsing."""
    return _BY_ITEM_KIND[item.kind].min_characters(item)
