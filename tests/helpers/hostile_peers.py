"""How other readers fare in the cases of `hostile_cases`: one was run, two were read.

`reader` was run by `python -m tests.helpers.other_readers`. Of Miniflux and
rss-fetcher there is only what their own sources say without doubt; see
`SOURCES`. What is not known from there is a question mark.
"""

import json
from collections.abc import Iterator
from pathlib import Path

NAMES = ("reader", "Miniflux", "rss-fetcher")
RUN = Path(__file__).parents[1] / "data" / "peers" / "reader.json"
SOURCES = """\
`reader` 3.26 was **run** with its defaults against the same server (`python -m tests.helpers.other_readers`), each case
for at most 8 seconds (its own timeout is 60); names and addresses lead to loopback there, so that a request
that comes is a connection that was not refused. Miniflux and rss-fetcher were **read, not run**; `?` is what was not
found there. Miniflux: `internal/reader/fetcher/request_builder.go` and `response_handler.go` of github.com/miniflux/v2
(Go's own HTTP client, 20 s for all of an answer, a bound on the body) and its pull requests 4087 and 4092 of March 2026
(private networks are refused by default, at each connection; earlier versions refuse none). rss-fetcher:
`fetcher/tasks.py` of github.com/mediacloud/rss-fetcher (`requests` with a time for each read, the whole answer in
memory, a job's time over all) and `requests_arcana.py` of its library mcmetadata.
"""

_FOLLOWED = ("301 to another host", "302 to another host", "303 to another host", "307 to another host",
             "308 to another host", "a relative address")  # fmt: skip
_STATUSES = ("400", "401", "403", "404", "429", "500", "502", "503", "410")
_PRIVATE = ("`127.0.0.1`: loopback", "`localhost`: loopback by name", "`10.0.0.1`: private",
            "`172.31.255.254`: private", "`192.168.1.1`: private")  # fmt: skip
_HANDSHAKES = ("a certificate by nobody known", "a certificate that has expired", "a certificate for another name",
               "never answers the handshake")  # fmt: skip
_ENDLESS = ("declares a body of 1 GB", "a body without end", "chunks without end")
_TIMES = ("accepts and says nothing", "headers a byte at a time", "a body a byte at a time", "gzip a byte at a time",
          "stops in the middle", "redirects, each slowly")  # fmt: skip

MINIFLUX = {
    **dict.fromkeys(("a plain feed", "gzip", "brotli", "HTTP/2 over TLS", *_FOLLOWED), "read"),
    **dict.fromkeys(("leads to itself", "a ring of two hosts", "10,000 redirects"), "failure"),
    **dict.fromkeys(("to `file:///etc/passwd`", "to `ftp://`", "to `gopher://` at a database"), "failure"),
    **dict.fromkeys(("to loopback", "to a name on the private network", "a host that is private at the second hop",
                     *_PRIVATE, "`[::1]`: loopback, IPv6", "`[::ffff:127.0.0.1]`: IPv4 in IPv6",
                     "`[fd00:ec2::254]`: metadata, IPv6"), "no connection"),
    "a certificate by an authority that is trusted": "read",
    **dict.fromkeys((*_HANDSHAKES, *_ENDLESS, *_TIMES, *_STATUSES, "an empty body", "204", "no HTTP"), "failure"),
    "206, a part": "read",
    "304 that nobody asked for": "taken for unchanged",
}  # fmt: skip
RSS_FETCHER = {
    **dict.fromkeys(("a plain feed", "gzip", "deflate as the standard says", *_FOLLOWED), "read"),
    "charset in the header alone": "header not looked at",
    **dict.fromkeys(("leads to itself", "a ring of two hosts", "10,000 redirects"), "failure"),
    **dict.fromkeys(("to `file:///etc/passwd`", "to `ftp://`", "to `gopher://` at a database"), "failure"),
    **dict.fromkeys((*_PRIVATE, "`169.254.169.254`: link-local: metadata", "to loopback", "to the cloud's metadata",
                     "to a name on the private network"), "connects"),
    **dict.fromkeys(_ENDLESS, "no bound on bytes"),
    "accepts and says nothing": "failure",
    **dict.fromkeys((*_STATUSES, "204", "206, a part", "an empty body", "no feed"), "failure"),
    "304 that nobody asked for": "taken for unchanged",
    "a feed without entries": "nothing in it",
}  # fmt: skip


def cells(group: str, does: str) -> Iterator[str]:
    """Return the outcome of a case in each of the other readers, in the order of `NAMES`."""
    run: dict[str, str] = json.loads(RUN.read_text(encoding="utf-8"))
    yield run.get(f"{group}: {does}", "?")
    yield MINIFLUX.get(does, "?")
    yield RSS_FETCHER.get(does, "?")
