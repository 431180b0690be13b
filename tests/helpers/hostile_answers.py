"""Answers of a hostile server, and a case made of one."""

import dataclasses
import itertools
import time
import zlib
from collections.abc import Callable, Iterator

from tests.helpers.hostile import FEED, Answer, Exchange
from transforms.failures import Reason

FAILED, UNSAFE, LARGE = Reason.FETCH_FAILED, Reason.UNSAFE_ADDRESS, Reason.TOO_LARGE
RUSSIAN = "<rss><channel><item><title>Снег</title></item></channel></rss>"


MEGABYTE = b"\0" * (1 << 20)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that a server does, and what comes of it."""

    group: str
    does: str
    """What the server does, for the table."""
    then: str
    """What the reader does, for the table."""
    url: str = "http://news.test/feed"
    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)
    names: dict[str, list[list[str]]] = dataclasses.field(default_factory=dict)
    dead: tuple[str, ...] = ()
    reason: Reason | None = None
    message: str = ""
    """What the failure says, a regular expression."""
    title: str | None = "One"
    """Headline of the first entry, where the answer is read."""
    seconds: float = 3.0
    """The whole must take no longer."""
    requests: int | None = None
    """How many the server has seen."""


def says(status: int = 200, *headers: str, body: bytes = FEED) -> Answer:
    """Return a plain response."""
    return lambda exchange: exchange.reply(status, headers, body)


def sends(*blocks: bytes, pause: float = 0.0) -> Answer:
    """Return a response of some bytes and the end of the connection."""

    def answer(exchange: Exchange) -> None:
        exchange.drip(blocks, pause)
        raise ConnectionResetError

    return answer


def endless(head: bytes, blocks: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Answer:
    """Return a response without end."""

    def answer(exchange: Exchange) -> None:
        exchange.send(head)
        exchange.drip(blocks(), pause)

    return answer


def holds(seconds: float = 15.0, before: bytes = b"") -> Answer:
    """Return a response that never comes."""

    def answer(exchange: Exchange) -> None:
        exchange.send(before)
        time.sleep(seconds)

    return answer


def leads(location: str, status: int = 302) -> Answer:
    """Return a redirect."""
    return says(status, f"Location: {location}", body=b"")


def coded(coding: str, body: bytes) -> Answer:
    """Return a response with a content coding."""
    return says(200, f"Content-Encoding: {coding}", body=body)


def raw_deflate(content: bytes) -> bytes:
    """Return deflate without zlib's header."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def gzip_bomb(megabytes: int) -> bytes:
    """Return zeros, packed a thousandfold; the end, which is never reached, is missing."""
    packer = zlib.compressobj(9, wbits=31)
    first = packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1)


def wants_cookie(exchange: Exchange) -> None:
    """Set a cookie and redirect to the same address, as consent pages do."""
    if "seen=1" in exchange.headers.get("cookie", ""):
        exchange.reply()
    else:
        exchange.reply(302, ["Set-Cookie: seen=1; Path=/", "Location: /feed"], b"")


def next_number(exchange: Exchange) -> None:
    """Send a redirect to the next of ten thousand addresses."""
    number = int(exchange.target.partition("=")[2] or 0)
    leads(f"/chain?n={number + 1}" if number < 10_000 else "/feed")(exchange)


OK = b"HTTP/1.1 200 OK\r\n"


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def ones(block: bytes) -> Callable[[], Iterator[bytes]]:
    """Return an endless stream of one block."""
    return lambda: itertools.repeat(block)


def one(does: str, then: str, answer: Answer, reason: Reason | None = None, message: str = "", **more: object) -> Case:
    """Return a case of one response at /feed."""
    return Case(does=does, then=then, answers={"/feed": answer}, reason=reason, message=message, **more)  # type: ignore[arg-type]
