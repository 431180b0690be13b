"""One GET with its redirects, within bounds of time, size and place; the HTTP itself is httpx's."""

import collections
import contextlib
import dataclasses
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from typing import Any

import httpcore
import httpx

from transforms.failures import BadRecord, Reason
from transforms.http.decoding import ACCEPTED, decode_content
from transforms.http.network import Bounds, GuardedBackend, Lookup, lookup
from transforms.http.redact import mask, mask_text

ACCEPT_FEED = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
HEAD_ROOM = 1 << 20
"""Bytes that may arrive in addition to a body: headers, TLS, frames."""

REDIRECTS = (301, 302, 303, 307, 308)
PERMANENT = (301, 308)
_NETWORK_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpcore.TimeoutException)
_TRANSPORT_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError)

# It would write each address, with whatever password is in it, into the log.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What bounds a request, and how it is made; see the fields of `Read`."""

    max_bytes: int = 50_000_000
    timeout_seconds: float = 30.0
    connect_seconds: float = 10.0
    max_redirects: int = 10
    user_agent: str = "Dateline"
    allow_private_addresses: bool = False
    max_jsonl_bytes: int = 1_000_000_000
    """Of an answer that is read a line at a time, as sent and as unpacked."""
    archive: bool = False
    """Whether `Answer.kept` holds the body as it came."""


@dataclasses.dataclass
class Answer:
    """An answer that has begun; its body comes as it is asked for."""

    url: str
    """Where it came from in the end."""
    status: int
    headers: httpx.Headers
    moved_to: str | None
    """Where permanent redirects have led, from the first on; None if the first was none."""
    bounds: Bounds
    version: str
    raw: Iterator[bytes]
    """The body as it is sent, under its content codings."""
    max_bytes: int
    bound: str = "read.max_bytes"
    """The setting that `max_bytes` comes from."""
    reason: str = ""
    kept: bytearray | None = None
    """What of the body has been read, as it is sent; None where it is not kept."""

    @property
    def media_type(self) -> tuple[str, str | None]:
        """Return media type and charset, as declared."""
        return media_type(self.headers.get("content-type", ""))

    def blocks(self) -> Iterator[bytes]:
        """Yield the body with its codings undone.

        Raises:
            BadRecord: FETCH_FAILED if it breaks off, TOO_LARGE if it is longer as sent than `max_bytes`.
        """
        yield from decode_content(self._sent(), self.headers.get("content-encoding", ""))

    def _sent(self) -> Iterator[bytes]:
        """Yield the body as it is sent, up to its bound."""
        size = 0
        with failures():
            for block in self.raw:
                size += len(block)
                if size > self.max_bytes:
                    raise BadRecord(Reason.TOO_LARGE, f"longer than {self.max_bytes:,} bytes ({self.bound})")
                if self.kept is not None:
                    self.kept += block
                yield block

    def read_by_lines(self, max_bytes: int) -> None:
        """Set another bound on the size, for what is read a line at a time and not kept; that of the time stays."""
        self.bounds.left = max_bytes + HEAD_ROOM
        self.max_bytes, self.bound = max_bytes, "read.max_jsonl_bytes"
        self.kept = None


@contextlib.contextmanager
def failures() -> Iterator[None]:
    """Turn errors of the transfer inside this context into the input's failure.

    Raises:
        BadRecord: FETCH_FAILED.
    """
    try:
        yield
    except BadRecord:
        raise
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        raise BadRecord(Reason.FETCH_FAILED, "no answer in time (read.timeout_seconds)") from error
    except (*_NETWORK_ERRORS, *_TRANSPORT_ERRORS) as error:
        raise BadRecord(Reason.FETCH_FAILED, mask_text(f"{type(error).__name__}: {error}"[:500])) from error


class Client:
    """Makes requests one after the other, over connections that it keeps for a while. For one thread."""

    def __init__(
        self,
        limits: Limits,
        *,
        lookup: Lookup = lookup,
        inner: httpcore.NetworkBackend | None = None,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            limits: see there.
            lookup: a host's addresses.
            inner: makes connections to addresses.
            transport: answers in place of the network.
            tls: whom to trust; by default whom certifi or SSL_CERT_FILE names.
        """
        self.limits = limits
        self._ways: dict[str, Any] = {"lookup": lookup, "inner": inner, "transport": transport, "tls": tls}
        self._bounds = Bounds()
        backend = GuardedBackend(self._bounds, allow_private=limits.allow_private_addresses, lookup=lookup, inner=inner)
        self._transport = transport or _Transport(tls or _tls(), backend)
        self._client = httpx.Client(
            transport=self._transport,
            headers={"User-Agent": limits.user_agent, "Accept-Encoding": ACCEPTED},
            timeout=httpx.Timeout(limits.timeout_seconds, connect=limits.connect_seconds),
            trust_env=False,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def sibling(self, *, max_bytes: int) -> "Client":
        """Return another client of the same kind, that reads less and keeps nothing."""
        limits = dataclasses.replace(self.limits, max_bytes=min(max_bytes, self.limits.max_bytes), archive=False)
        return Client(limits, **self._ways)

    @contextlib.contextmanager
    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        turn: Callable[[str], contextlib.AbstractContextManager[None]] | None = None,
    ) -> Iterator[Answer]:
        """Request `url`, and follow redirects.

        The time is for all of it: names, connections, redirects and body. Cookies
        live as long as that. Every hop is checked as the first.

        Args:
            url: http or https.
            headers: of the request; validators hold for the first address and what it leads to.
            turn: entered for each hop with its address; waits for the host's turn, or refuses by BadRecord.

        Raises:
            BadRecord: FETCH_FAILED, UNSAFE_ADDRESS, TOO_LARGE.
        """
        self._client.cookies.clear()
        self._bounds.start(self.limits.timeout_seconds, self.limits.max_bytes + HEAD_ROOM)
        visits: collections.Counter[str] = collections.Counter()
        permanent = True
        moved_to = None
        while True:
            self._check(url, visits)
            visits[url] += 1
            with contextlib.ExitStack() as stack:
                if turn is not None:
                    began = time.monotonic()
                    stack.enter_context(turn(url))
                    self._bounds.deadline += time.monotonic() - began  # waiting is not the server's time
                response = self._send(url, headers or {})
                stack.callback(self._close, response)
                target = _target(response)
                if target is None:
                    yield self._answer(response, moved_to)
                    return
                permanent = permanent and response.status_code in PERMANENT and not _downgrades(url, target)
                moved_to = target if permanent else moved_to
                url = target

    def _check(self, url: str, visits: "collections.Counter[str]") -> None:
        """Raise an error unless `url` may be requested.

        Raises:
            BadRecord: UNSAFE_ADDRESS for a scheme other than http(s), FETCH_FAILED for a ring or a chain too long.
        """
        shown = f"{mask(url)[:200]!r}"
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise BadRecord(Reason.FETCH_FAILED, f"not an address: {shown}") from error
        if parsed.scheme not in ("http", "https"):
            raise BadRecord(Reason.UNSAFE_ADDRESS, f"leads to {shown}; only http and https are followed")
        if not parsed.host:
            raise BadRecord(Reason.FETCH_FAILED, f"not an address: {shown}")
        if visits[url] > 1:  # a second visit is how a cookie is set
            raise BadRecord(Reason.FETCH_FAILED, f"redirects in a ring through {shown}")
        if visits.total() > self.limits.max_redirects:
            raise BadRecord(
                Reason.FETCH_FAILED, f"more than {self.limits.max_redirects} redirects (read.max_redirects)"
            )

    def _close(self, response: httpx.Response) -> None:
        """Hang up; an HTTP/2 connection on which a body is still under way is not used again."""
        unread = not response.is_stream_consumed
        with contextlib.suppress(BadRecord, httpcore.NetworkError, httpcore.ProtocolError, OSError):
            response.close()
        if unread and response.http_version == "HTTP/2" and isinstance(self._transport, _Transport):
            self._transport.hang_up()

    def _send(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        with failures():
            request = self._client.build_request("GET", url, headers=dict(headers))
            return self._client.send(request, stream=True, follow_redirects=False)

    def _answer(self, response: httpx.Response, moved_to: str | None) -> Answer:
        limit = self.limits.max_bytes
        return Answer(
            url=str(response.url),
            status=response.status_code,
            headers=response.headers,
            moved_to=moved_to,
            bounds=self._bounds,
            version=response.http_version,
            raw=response.iter_raw(),
            max_bytes=limit,
            reason=response.reason_phrase,
            kept=bytearray() if self.limits.archive else None,
        )


def _target(response: httpx.Response) -> str | None:
    """Return the target of a redirect; None if the response is not one."""
    location = response.headers.get("location", "")
    if response.status_code not in REDIRECTS or not location.strip():
        return None
    try:
        return str(response.url.join(_as_utf8(location.strip())))
    except (httpx.InvalidURL, ValueError) as error:
        message = f"redirects to what is not an address: {mask(location)[:200]!r}"
        raise BadRecord(Reason.FETCH_FAILED, message) from error


def _as_utf8(location: str) -> str:
    """Return headers are Latin-1 by the book; addresses in them are UTF-8 in fact."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _downgrades(url: str, target: str) -> bool:
    return url.startswith("https:") and not target.startswith("https:")


def media_type(content_type: str) -> tuple[str, str | None]:
    """Return the media type and charset of a Content-Type header.

    >>> media_type('Text/HTML; charset="UTF-8"')
    ('text/html', 'UTF-8')
    """
    header = Message()
    header["content-type"] = content_type
    charset = header.get_param("charset")
    return header.get_content_type() if content_type else "", charset if isinstance(charset, str) else None


_TLS: list[ssl.SSLContext] = []
_TLS_LOCK = threading.Lock()


def _tls() -> ssl.SSLContext:
    """Return reading the list of authorities takes 20 ms, once for a process."""
    with _TLS_LOCK:
        if not _TLS:
            _TLS.append(httpx.create_ssl_context())
        return _TLS[0]


class _Transport(httpx.BaseTransport):
    """httpx over httpcore with a network backend of ours; httpx's own transport has no place for one."""

    def __init__(self, tls: ssl.SSLContext, backend: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=4,
            max_keepalive_connections=2,
            keepalive_expiry=15,
            http2=True,
            network_backend=backend,
        )

    def hang_up(self) -> None:
        """Close all connections; the next request opens another."""
        with contextlib.suppress(BadRecord, httpcore.NetworkError, httpcore.ProtocolError, OSError):
            self._pool.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()
