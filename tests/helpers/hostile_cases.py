"""What servers do to a reader, and what this one does: the table of docs/fetching.md.

`python -m tests.helpers.hostile_cases` prints the table.
"""

import dataclasses
import gzip
import itertools
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import zstandard

from tests.helpers import hostile_peers
from tests.helpers.hostile import FEED, PUBLIC, Answer, Exchange, FakeInternet, Server
from transforms.failures import Reason

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
    """A plain answer."""
    return lambda exchange: exchange.reply(status, headers, body)


def sends(*blocks: bytes, pause: float = 0.0) -> Answer:
    """Some bytes, and the end of the connection."""

    def answer(exchange: Exchange) -> None:
        exchange.drip(blocks, pause)
        raise ConnectionResetError

    return answer


def endless(head: bytes, blocks: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Answer:
    """Bytes until the reader hangs up."""

    def answer(exchange: Exchange) -> None:
        exchange.send(head)
        exchange.drip(blocks(), pause)

    return answer


def holds(seconds: float = 15.0, before: bytes = b"") -> Answer:
    """Silence."""

    def answer(exchange: Exchange) -> None:
        exchange.send(before)
        time.sleep(seconds)

    return answer


def leads(location: str, status: int = 302) -> Answer:
    """A redirect."""
    return says(status, f"Location: {location}", body=b"")


def coded(coding: str, body: bytes) -> Answer:
    """A body under a content coding."""
    return says(200, f"Content-Encoding: {coding}", body=body)


def raw_deflate(content: bytes) -> bytes:
    """Deflate without zlib's header."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def gzip_bomb(megabytes: int) -> bytes:
    """Zeros, packed a thousandfold; its end, which is never reached, is missing."""
    packer = zlib.compressobj(9, wbits=31)
    first = packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1)


def wants_cookie(exchange: Exchange) -> None:
    """Sets a cookie and leads back to itself, as consent pages do."""
    if "seen=1" in exchange.headers.get("cookie", ""):
        exchange.reply()
    else:
        exchange.reply(302, ["Set-Cookie: seen=1; Path=/", "Location: /feed"], b"")


def next_number(exchange: Exchange) -> None:
    """Leads to the next of ten thousand."""
    number = int(exchange.target.partition("=")[2] or 0)
    leads(f"/chain?n={number + 1}" if number < 10_000 else "/feed")(exchange)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def ones(block: bytes) -> Callable[[], Iterator[bytes]]:
    """The same for ever."""
    return lambda: itertools.repeat(block)


def one(does: str, then: str, answer: Answer, reason: Reason | None = None, message: str = "", **more: object) -> Case:
    """A case of one answer at /feed."""
    return Case(does=does, then=then, answers={"/feed": answer}, reason=reason, message=message, **more)  # type: ignore[arg-type]


FAILED, UNSAFE, LARGE = Reason.FETCH_FAILED, Reason.UNSAFE_ADDRESS, Reason.TOO_LARGE


def answers() -> Iterator[Case]:
    """What is right, or right enough to be read."""
    g = {"group": "Answers that are read"}
    yield one("a plain feed", "read", says(), **g)
    yield one("called text/html", "read as the feed that it is", says(200, "Content-Type: text/html"), **g)
    yield one("gzip", "unpacked", coded("gzip", gzip.compress(FEED)), **g)
    yield one("`X-GZIP` in capitals", "unpacked", coded("X-GZIP", gzip.compress(FEED)), **g)
    yield one(
        "gzip of two members", "both unpacked", coded("gzip", gzip.compress(FEED[:50]) + gzip.compress(FEED[50:])), **g
    )
    yield one("deflate as the standard says", "unpacked", coded("deflate", zlib.compress(FEED)), **g)
    yield one("deflate without its header", "unpacked", coded("deflate", raw_deflate(FEED)), **g)
    yield one("brotli", "unpacked", coded("br", brotli.compress(FEED)), **g)
    yield one("zstd", "unpacked", coded("zstd", zstandard.compress(FEED)), **g)
    yield one("brotli within gzip", "both undone", coded("br, gzip", gzip.compress(brotli.compress(FEED))), **g)
    yield one("declares gzip, sends text", "read as text", coded("gzip", FEED), **g)
    yield one("a packed file, undeclared", "unpacked", says(body=gzip.compress(FEED)), **g)
    yield one("content coding `utf-8`", "ignored: no coding", coded("utf-8", FEED), **g)
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, FEED[at : at + 1]) for at in range(len(FEED))) + b"0\r\n\r\n"
    yield one("a chunk for each byte", "read", sends(CHUNKED + chunks), **g)
    yield one("HTTP/1.0, ends by hanging up", "read", sends(b"HTTP/1.0 200 OK\r\n\r\n" + FEED), **g)
    yield one(
        "early hints before the answer",
        "passed over",
        sends(b"HTTP/1.1 103 Hints\r\n\r\n" + OK + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED),
        **g,
    )
    koi8 = ("<?xml version='1.0'?>" + RUSSIAN).encode("koi8-r")
    yield one(
        "charset in the header alone",
        "decoded by it",
        says(200, "Content-Type: text/xml; charset=koi8-r", body=koi8),
        title="Снег",
        **g,
    )
    inside = ("<?xml version='1.0' encoding='windows-1251'?>" + RUSSIAN).encode("cp1251")
    yield one("charset in the document alone", "decoded by it", says(body=inside), title="Снег", **g)
    marked = b"\xef\xbb\xbf" + RUSSIAN.encode()
    yield one(
        "a byte order mark against the header",
        "the mark holds, as in browsers",
        says(200, "Content-Type: text/xml; charset=koi8-r", body=marked),
        title="Снег",
        **g,
    )
    yield Case(does="HTTP/2 over TLS", then="read", url="https://h2.test/feed", answers={"h2.test": says()}, **g)
    yield Case(
        does="its first address is dead",
        then="the next one is tried",
        names={"news.test": [["93.184.216.35", PUBLIC]]},
        dead=("93.184.216.35",),
        answers={"/feed": says()},
        **g,
    )


def redirects() -> Iterator[Case]:
    """Where answers lead."""
    g = {"group": "Redirects"}
    for status in (301, 302, 303, 307, 308):
        yield Case(
            does=f"{status} to another host",
            then="followed",
            answers={"/feed": leads("http://other.test/here", status), "other.test/here": says()},
            requests=2,
            **g,
        )
    yield Case(
        does="a relative address", then="followed", answers={"/feed": leads("../here?x=1#top"), "/here": says()}, **g
    )
    yield Case(
        does="an address in raw UTF-8",
        then="followed",
        answers={"/feed": leads("/новости"), "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8": says()},
        **g,
    )
    yield one("sets a cookie and leads back", "followed, with the cookie", wants_cookie, requests=2, **g)
    yield one("leads to itself", "failure at the second visit", leads("/feed"), FAILED, "ring", requests=2, **g)
    yield Case(
        does="a ring of two hosts",
        then="failure",
        answers={"/feed": leads("http://other.test/x"), "/x": leads("http://news.test/feed")},
        reason=FAILED,
        message="ring",
        requests=4,
        **g,
    )
    yield Case(
        does="10,000 redirects",
        then="failure after `read.max_redirects`",
        url="http://news.test/chain",
        answers={"/chain": next_number},
        reason=FAILED,
        message="more than 10 redirects",
        requests=11,
        **g,
    )
    yield one("302 without an address", "failure", says(302, body=b""), FAILED, "answered 302", **g)
    yield one("an address that is none", "failure", leads("http://[::1"), FAILED, "Invalid URL", **g)
    yield one(
        "to `file:///etc/passwd`",
        "failure, no file is opened",
        leads("file:///etc/passwd"),
        UNSAFE,
        "only http and https",
        **g,
    )
    yield one("to `ftp://`", "failure", leads("ftp://other.test/feed"), UNSAFE, "only http and https", **g)
    yield one("to `javascript:`", "failure", leads("javascript:alert(1)"), FAILED, "InvalidURL|location header", **g)
    yield one("to `data:`", "failure", leads("data:text/xml,<rss/>"), FAILED, "InvalidURL|location header", **g)
    yield one(
        "to `gopher://` at a database",
        "failure",
        leads("gopher://127.0.0.1:6379/_x"),
        UNSAFE,
        "only http and https",
        **g,
    )
    yield one("to loopback", "failure, no connection", leads("http://127.0.0.1/admin"), UNSAFE, "127.0.0.1", **g)
    yield one(
        "to the cloud's metadata",
        "failure, no connection",
        leads("http://169.254.169.254/latest/meta-data/"),
        UNSAFE,
        "169.254",
        **g,
    )
    yield Case(
        does="to a name on the private network",
        then="failure, no connection",
        answers={"/feed": leads("http://intranet.test/")},
        names={"intranet.test": [["10.1.2.3"]]},
        reason=UNSAFE,
        message="10.1.2.3",
        **g,
    )
    yield one(
        "to the port of a mail server", "failure, no connection", leads("http://other.test:25/"), UNSAFE, "port 25", **g
    )
    yield one(
        "to the port of a database",
        "failure, no connection",
        leads("http://other.test:6379/"),
        UNSAFE,
        "port 6379",
        **g,
    )


def addresses() -> Iterator[Case]:
    """Where a request may not go."""
    g = {"group": "Addresses"}
    closed = {
        "127.0.0.1": "loopback",
        "2130706433": "loopback as one number",
        "0x7f.1": "loopback in hexadecimal",
        "0.0.0.0": "this host",
        "localhost": "loopback by name",
        "10.0.0.1": "private",
        "172.31.255.254": "private",
        "192.168.1.1": "private",
        "100.64.0.1": "shared by a carrier (CGNAT)",
        "169.254.169.254": "link-local: metadata",
        "168.63.129.16": "metadata on a public address",
        "224.0.0.1": "multicast",
        "255.255.255.255": "broadcast",
        "198.18.0.1": "benchmarking",
        "[::1]": "loopback, IPv6",
        "[::ffff:127.0.0.1]": "IPv4 in IPv6",
        "[::ffff:a9fe:a9fe]": "metadata, IPv4 in IPv6",
        "[::127.0.0.1]": "IPv4 in IPv6, the old form",
        "[64:ff9b::7f00:1]": "NAT64 of loopback",
        "[2002:7f00:1::]": "6to4 of loopback",
        "[fe80::1]": "link-local, IPv6",
        "[fd00:ec2::254]": "metadata, IPv6",
        "[fec0::1]": "site-local, IPv6",
        "[ff02::1]": "multicast, IPv6",
    }
    for host, what in closed.items():
        yield Case(
            does=f"`{host}`: {what}",
            then="no connection",
            url=f"http://{host}/feed",
            reason=UNSAFE,
            message="not public",
            requests=0,
            **g,
        )
    yield Case(
        does="`0177.0.0.1`: loopback in octal",
        then="no connection",
        url="http://0177.0.0.1/",
        reason=FAILED,
        message="not an address",
        requests=0,
        **g,
    )
    yield Case(
        does="a public and a private address",
        then="no connection",
        names={"news.test": [[PUBLIC, "10.0.0.1"]]},
        answers={"/feed": says()},
        reason=UNSAFE,
        message="10.0.0.1",
        requests=0,
        **g,
    )
    yield Case(
        does="public when checked, private at the second look-up (rebinding)",
        then="looked up once, connected to what was checked",
        names={"news.test": [[PUBLIC], ["127.0.0.1"]]},
        answers={"/feed": says()},
        requests=1,
        **g,
    )
    yield Case(
        does="a host that is private at the second hop",
        then="each hop is checked",
        names={"news.test": [[PUBLIC], ["127.0.0.1"]]},
        answers={
            "/feed": sends(b"HTTP/1.1 302 Found\r\nLocation: /next\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            "/next": says(),
        },
        reason=UNSAFE,
        message="127.0.0.1",
        requests=1,
        **g,
    )
    yield Case(
        does="a name server that does not answer",
        then="failure when the time is up",
        url="http://slow-names.test/feed",
        reason=FAILED,
        message="took too long to look up",
        requests=0,
        **g,
    )
    yield Case(
        does="a name that does not exist",
        then="failure",
        url="http://no-such-host.invalid/feed",
        reason=FAILED,
        message="look up",
        seconds=12,
        **g,
    )


def http2() -> Iterator[Case]:
    """What HTTP/2 adds."""
    g: dict[str, Any] = {"group": "HTTP/2", "answers": {"h2.test": says()}, "reason": FAILED}
    yield Case(
        does="pings without end",
        then="failure when the time or the bytes are up",
        url="https://h2.test/pings",
        **{**g, "reason": None, "message": "fetch_failed|too_large"},
    )
    yield Case(
        does="1.6 MB of headers in 6 kB (HPACK)", then="failure", url="https://h2.test/headers", message="Protocol", **g
    )


def tls() -> Iterator[Case]:
    """Who they say they are."""
    g = {"group": "TLS"}
    feed = {"/feed": says()}
    yield Case(
        does="a certificate by an authority that is trusted",
        then="read",
        url="https://news.test/feed",
        answers=feed,
        **g,
    )
    yield Case(
        does="a certificate by nobody known",
        then="failure",
        url="https://stranger.test/feed",
        answers=feed,
        reason=FAILED,
        message="CERTIFICATE_VERIFY_FAILED",
        requests=0,
        **g,
    )
    yield Case(
        does="a certificate that has expired",
        then="failure",
        url="https://expired.test/feed",
        answers=feed,
        reason=FAILED,
        message="expired",
        requests=0,
        **g,
    )
    yield Case(
        does="a certificate for another name",
        then="failure",
        url="https://wrong.test/feed",
        answers=feed,
        reason=FAILED,
        message="Hostname mismatch",
        requests=0,
        **g,
    )
    yield Case(
        does="never answers the handshake",
        then="failure when the time is up",
        url="https://news.test/feed",
        answers={"silent-tls": says()},
        reason=FAILED,
        message="in time",
        **g,
    )


def sizes() -> Iterator[Case]:
    """More than there should be."""
    g = {"group": "Size"}
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
    """Later than it should be."""
    g = {"group": "Time"}
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
    """What is no HTTP, or says no."""
    g = {"group": "Broken"}
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
    """What is in the answer."""
    g = {"group": "Feeds"}
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


GROUPS = (answers, redirects, addresses, tls, http2, sizes, times, broken, hostile_feeds)
CASES = [case for cases in GROUPS for case in cases()]


def table() -> str:
    """The cases as Markdown."""
    lines = []
    for group, cases in itertools.groupby(CASES, key=lambda case: case.group):
        others = " | ".join(hostile_peers.NAMES)
        lines += [f"\n### {group}\n", f"| the server | Dateline | {others} |", "|---|---|---|---|---|"]
        lines += [
            f"| {case.does} | {case.then} | {' | '.join(hostile_peers.cells(group, case.does))} |" for case in cases
        ]
    return "\n".join(lines).strip() + f"\n\n{hostile_peers.SOURCES}"


def prepare(case: Case, server: Server) -> FakeInternet:
    """The server and the names of a case."""
    server.answers = dict(case.answers)
    server.requests.clear()
    internet = FakeInternet(server)
    internet.names = dict(case.names)
    internet.dead = set(case.dead)
    return internet


if __name__ == "__main__":
    print(table(), end="")
