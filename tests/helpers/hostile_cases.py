"""What servers do to a reader, and what this one does: the table of docs/fetching.md.

`python -m tests.helpers.hostile_cases` prints the table.
"""

import gzip
import itertools
import zlib
from collections.abc import Iterator
from typing import Any

import brotli
import zstandard

from tests.helpers import hostile_peers
from tests.helpers.hostile import FEED, PUBLIC, FakeInternet, Server
from tests.helpers.hostile_answers import (
    CHUNKED,
    FAILED,
    OK,
    RUSSIAN,
    UNSAFE,
    Case,
    coded,
    leads,
    next_number,
    one,
    raw_deflate,
    says,
    sends,
    wants_cookie,
)
from tests.helpers.hostile_bodies import broken, hostile_feeds, sizes, times


def answers() -> Iterator[Case]:
    """Yield cases of responses that are right, or right enough to be read."""
    g: dict[str, Any] = {"group": "Answers that are read"}
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
    """Yield cases of redirects."""
    g: dict[str, Any] = {"group": "Redirects"}
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
    """Yield cases of addresses that must not be requested."""
    g: dict[str, Any] = {"group": "Addresses"}
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
    """Yield cases of HTTP/2."""
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
    """Yield cases of certificates."""
    g: dict[str, Any] = {"group": "TLS"}
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


GROUPS = (answers, redirects, addresses, tls, http2, sizes, times, broken, hostile_feeds)
CASES = [case for cases in GROUPS for case in cases()]


def table() -> str:
    """Return the cases as Markdown."""
    lines = []
    for group, cases in itertools.groupby(CASES, key=lambda case: case.group):
        others = " | ".join(hostile_peers.NAMES)
        lines += [f"\n### {group}\n", f"| the server | Dateline | {others} |", "|---|---|---|---|---|"]
        lines += [
            f"| {case.does} | {case.then} | {' | '.join(hostile_peers.cells(group, case.does))} |" for case in cases
        ]
    return "\n".join(lines).strip() + f"\n\n{hostile_peers.SOURCES}"


def prepare(case: Case, server: Server) -> FakeInternet:
    """Prepare the server and the names of a case."""
    server.answers = dict(case.answers)
    server.requests.clear()
    internet = FakeInternet(server)
    internet.names = dict(case.names)
    internet.dead = set(case.dead)
    return internet


if __name__ == "__main__":
    print(table(), end="")
