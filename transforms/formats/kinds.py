"""Kinds of input files and responses: by extension, media type and first bytes."""

import posixpath
from urllib.parse import urlsplit

from transforms.records import MediaKind

KINDS: dict[str, MediaKind] = {
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xml": "feed",
    ".rss": "feed",
    ".atom": "feed",
    ".rdf": "feed",
    ".json": "feed",
    ".warc": "warc",
}
"""Extension -> kind. `.json` is a JSON Feed, or articles as one object or one array; see `parse/split.py`."""

ALLOWED = ", ".join(KINDS) + ", each also with .gz"


def kind_of(path: str) -> MediaKind | None:
    """Return the kind of a file by its extension, whatever its case and with or without `.gz`.

    >>> kind_of("news/a.HTML"), kind_of("b.jsonl.gz"), kind_of("c.pdf")
    ('html', 'jsonl', None)
    """
    return KINDS.get(posixpath.splitext(path.lower().removesuffix(".gz"))[1])


def kind_of_response(url: str, media: str, head: bytes) -> MediaKind:
    """What an answer is: by its first bytes where they tell, else its type, else its address, else a feed.

    Feeds are often served as text/html, and pages as the feed they replaced.

    >>> kind_of_response("http://a.test/feed", "text/html", b"<?xml version='1.0'?><rss>")
    'feed'
    """
    opening = head[:2048].lower()
    if any(mark in opening for mark in (b"<rss", b"<feed", b"<rdf:rdf")):
        return "feed"
    if opening.lstrip().startswith((b"<!doctype html", b"<html")):
        return "html"
    if "jsonl" in media or "ndjson" in media:
        return "jsonl"
    if media == "text/html":
        return "html"
    return kind_of(urlsplit(url).path) or "feed"
