"""Hostile cases of bodies: their size, their time, broken ones, and hostile feeds."""

import gzip
import time
from collections.abc import Iterator
from typing import Any

import brotli
import zstandard

from tests.helpers.hostile import FEED
from tests.helpers.hostile_answers import (
    CHUNKED,
    FAILED,
    LARGE,
    MEGABYTE,
    OK,
    Case,
    coded,
    endless,
    gzip_bomb,
    holds,
    next_number,
    one,
    ones,
    says,
    sends,
)
from transforms.failures import Reason


def sizes() -> Iterator[Case]:
    """Yield cases of bodies that are too large."""
    g: dict[str, Any] = {"group": "Size"}
    yield one(
        "declares a body of 1 GB",
        "failure within `read.max_bytes`",
        endless(OK + b"Content-Length: 1073741824\r\n\r\n", ones(MEGABYTE)),
        LARGE,
        "read.max_bytes",
        **g,
    )
    yield one(
        "a body without end",
        "failure within `read.max_bytes`",
        endless(OK + b"\r\n", ones(MEGABYTE)),
        LARGE,
        "read.max_bytes",
        **g,
    )
    yield one(
        "chunks without end",
        "failure within `read.max_bytes`",
        endless(CHUNKED, ones(b"10000\r\n" + b"x" * 65536 + b"\r\n")),
        LARGE,
        "read.max_bytes",
        **g,
    )
    yield one(
        "1 GB in a gzip of 1 MB",
        "failure, unpacked no further than allowed",
        coded("gzip", gzip_bomb(1024)),
        LARGE,
        "read.max_bytes",
        **g,
    )
    yield one(
        "a gzip bomb as a file",
        "failure, unpacked no further than allowed",
        says(body=gzip_bomb(64)),
        None,
        "archive_bomb|too_large",
        title=None,
        **g,
    )
    yield one(
        "gzip within gzip, 1 GB in 5 kB",
        "failure",
        coded("gzip, gzip", gzip.compress(gzip_bomb(1024))),
        LARGE,
        "read.max_bytes",
        **g,
    )
    yield one(
        "64 MB in a brotli of 12 kB",
        "failure",
        coded("br", brotli.compress(MEGABYTE * 64, quality=1)),
        LARGE,
        "read.max_bytes",
        **g,
    )
    yield one(
        "64 MB in a zstd of 2 kB",
        "failure",
        coded("zstd", zstandard.compress(MEGABYTE * 64)),
        LARGE,
        "read.max_bytes",
        **g,
    )
    wide = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=27)).compressobj()
    yield one(
        "zstd that wants 128 MB of memory",
        "failure",
        coded("zstd", wide.compress(FEED) + wide.flush()),
        FAILED,
        "zstd",
        **g,
    )
    yield one(
        "four codings one upon another", "failure", coded("gzip, gzip, gzip, gzip", FEED), FAILED, "content coding", **g
    )
    yield one(
        "headers without end",
        "failure within 100 kB",
        endless(OK, ones(b"X-Flood: " + b"y" * 1000 + b"\r\n")),
        FAILED,
        "Protocol",
        **g,
    )
    yield one(
        "one header of 1 MB", "failure", sends(OK + b"X: " + b"y" * (1 << 20) + b"\r\n\r\n"), FAILED, "Protocol", **g
    )
    yield one(
        "early hints without end",
        "failure within `read.max_bytes` or the time",
        endless(b"", ones(b"HTTP/1.1 103 Hints\r\n\r\n" * 1000)),
        None,
        "fetch_failed|too_large",
        title=None,
        seconds=4,
        **g,
    )
    yield one(
        "a chunk extension of 1 MB",
        "failure",
        sends(CHUNKED + b"5;" + b"x" * (1 << 20) + b"\r\nhello\r\n0\r\n\r\n"),
        FAILED,
        "Protocol",
        **g,
    )


def times() -> Iterator[Case]:
    """Yield cases of responses that are too late."""
    g: dict[str, Any] = {"group": "Time"}
    late = (FAILED, "in time")
    yield one("accepts and says nothing", "failure when the time is up", holds(), *late, **g)
    yield one(
        "headers a byte at a time",
        "failure when the whole time is up",
        endless(b"", lambda: (b"%c" % byte for byte in OK * 99), 0.05),
        *late,
        **g,
    )
    yield one(
        "a body a byte at a time",
        "failure when the whole time is up",
        endless(OK + b"\r\n", ones(b"<"), 0.05),
        *late,
        **g,
    )
    yield one(
        "gzip a byte at a time",
        "failure when the whole time is up",
        endless(
            OK + b"Content-Encoding: gzip\r\n\r\n", lambda: (b"%c" % byte for byte in gzip.compress(FEED * 99)), 0.05
        ),
        *late,
        **g,
    )
    yield one(
        "stops in the middle",
        "failure when the time is up",
        holds(before=OK + b"Content-Length: 1000\r\n\r\n<rss>"),
        *late,
        **g,
    )
    yield Case(
        does="redirects, each slowly",
        then="failure when the time for all is up",
        url="http://news.test/chain",
        answers={"/chain": lambda exchange: (time.sleep(0.4), next_number(exchange))[1]},
        reason=FAILED,
        message="in time",
        **g,
    )


def broken() -> Iterator[Case]:
    """Yield cases of broken HTTP and of error statuses."""
    g: dict[str, Any] = {"group": "Broken"}
    yield one("hangs up", "failure", sends(), FAILED, "", **g)
    yield one(
        "hangs up in the middle",
        "failure; a part is never taken for the whole",
        sends(OK + b"Content-Length: 1000\r\n\r\n" + FEED),
        FAILED,
        "broke|Protocol",
        **g,
    )
    yield one("chunks without their end", "failure", sends(CHUNKED + b"5\r\n<rss>\r\n"), FAILED, "Protocol", **g)
    yield one("gzip cut short", "failure", coded("gzip", gzip.compress(FEED)[:-20]), FAILED, "damaged", **g)
    yield one(
        "gzip damaged",
        "failure",
        coded("gzip", gzip.compress(FEED)[:30] + b"xxxx" + gzip.compress(FEED)[34:]),
        FAILED,
        "damaged",
        **g,
    )
    yield one("brotli cut short", "failure", coded("br", brotli.compress(FEED)[:-5]), FAILED, "damaged", **g)
    yield one("a coding that nobody asked for", "failure", coded("compress", FEED), FAILED, "content coding", **g)
    yield one("no HTTP", "failure", sends(b"220 mail.test ESMTP\r\n\r\n"), FAILED, "Protocol", **g)
    yield one(
        "two lengths",
        "failure",
        sends(OK + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n" + FEED),
        FAILED,
        "Protocol",
        **g,
    )
    yield one("an empty body", "failure `empty`", says(body=b""), Reason.EMPTY, "", **g)
    yield one("204", "failure", says(204, body=b""), FAILED, "204", **g)
    yield one("206, a part", "failure; a part is never taken for the whole", says(206), FAILED, "206", **g)
    yield one("304 that nobody asked for", "failure", says(304, body=b""), FAILED, "304", **g)
    yield one("a picture", "failure `binary`", says(body=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Reason.BINARY, "", **g)
    for status in (400, 401, 403, 404, 429, 500, 502, 503):
        yield one(f"{status}", "failure, retried with backoff", says(status), FAILED, f"answered {status}", **g)
    yield one("410", "failure `gone`, not requested again", says(410), Reason.GONE, "410", **g)


def hostile_feeds() -> Iterator[Case]:
    """Yield cases of hostile feeds."""
    g: dict[str, Any] = {"group": "Feeds"}
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (at, b"&l%d;" % (at - 1) * 10) for at in range(1, 10))
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">'
        + laughs
        + b"]><rss><channel><item><title>&l9;</title></item></channel></rss>"
    )
    yield one(
        "a billion laughs", "failure `bad_feed`, nothing is expanded", says(body=bomb), Reason.BAD_FEED, "entities", **g
    )
    outside = b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>'
    yield one("an entity that names a file", "no file is opened; it stays text", says(body=outside), title="&x;", **g)
    remote = b'<?xml version="1.0"?><!DOCTYPE rss SYSTEM "http://news.test/dtd"><rss><channel><item><title>One</title></item></channel></rss>'
    yield one("a document type elsewhere", "it is not fetched", says(body=remote), requests=1, **g)
    yield one("no feed", "failure `bad_feed`", says(body=b"<?xml version='1.0'?><svg/>"), Reason.BAD_FEED, "", **g)
    yield one(
        "a feed without entries",
        "failure `no_entries`",
        says(body=b"<rss><channel></channel></rss>"),
        Reason.NO_ENTRIES,
        "",
        **g,
    )
