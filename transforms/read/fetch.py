"""One plain, bounded GET; the only code of the pipeline that touches the network."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from email.message import Message
from urllib.parse import urlsplit

import requests
import urllib3

from transforms.failures import BadRecord, Reason
from transforms.read.blocks import BLOCK
from transforms.read.sources import kind_of
from transforms.records import MediaKind

MAX_REDIRECTS = 5
ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Response:
    """An answer that has begun: its address after redirects, its declared type, and its body as it comes."""

    def __init__(self, response: requests.Response, deadline: float) -> None:
        self.url: str = response.url
        self.media_type, self.charset = media_type(response.headers.get("content-type", ""))
        self._raw = response.raw
        self._deadline = deadline

    def blocks(self) -> Iterator[bytes]:
        """The body, with any content encoding undone; fails when it has not ended by the deadline.

        `read1` gives what has arrived: a server that drips one byte a second is noticed, where a
        read of a whole block would wait for hours without once being late.
        """
        try:
            while block := self._raw.read1(BLOCK, decode_content=True):
                if time.monotonic() > self._deadline:
                    raise BadRecord(Reason.FETCH_FAILED, "the answer did not end in time (read.timeout_seconds)")
                yield block
        except _NETWORK_ERRORS as error:
            raise BadRecord(Reason.FETCH_FAILED, f"the answer broke off: {error}") from error


@contextlib.contextmanager
def fetch(url: str, *, timeout_seconds: float, user_agent: str) -> Iterator[Response]:
    """Asks for `url` once: no retries, and no cookies but those of its own redirects.

    Raises:
        BadRecord: FETCH_FAILED for anything but an answer of success within the time.
    """
    deadline = time.monotonic() + timeout_seconds
    with requests.Session() as session:
        session.max_redirects = MAX_REDIRECTS
        session.headers.update({"User-Agent": user_agent, "Accept": ACCEPT})
        try:
            response = _get(session, url, timeout_seconds)
            response.raise_for_status()
        except TimeoutError as error:
            raise BadRecord(Reason.FETCH_FAILED, "no answer began in time (read.timeout_seconds)") from error
        except _NETWORK_ERRORS as error:
            raise BadRecord(Reason.FETCH_FAILED, f"{type(error).__name__}: {error}") from error
        with response:
            yield Response(response, deadline)


def _get(session: requests.Session, url: str, timeout_seconds: float) -> requests.Response:
    """The answer once its headers are there; the time is for all of it, redirects too.

    The library's own timeout is for each piece that arrives, and a server that
    drips its headers is never late. The thread that waits for such a server is
    left behind and ends with it, or with the process.

    Raises:
        TimeoutError: no answer began in time.
    """
    answer: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(session.get(url, timeout=timeout_seconds, stream=True))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=timeout_seconds)
    except queue.Empty as error:
        raise TimeoutError from error
    if isinstance(found, Exception):
        raise found
    return found


def media_type(content_type: str) -> tuple[str, str | None]:
    """The media type and charset of a Content-Type header.

    >>> media_type('Text/HTML; charset="UTF-8"')
    ('text/html', 'UTF-8')
    """
    header = Message()
    header["content-type"] = content_type
    charset = header.get_param("charset")
    return header.get_content_type() if content_type else "", charset if isinstance(charset, str) else None


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
