"""A web of our own on loopback: many hosts, one server, and it does whatever a test needs.

The server speaks through plain sockets, so that it can break every rule. Names
and addresses are the tests': `FakeInternet` says where a name is and carries a
connection to one of its public addresses to the server. A connection to any
other address is an error of the reader, and is noted.
"""

import contextlib
import dataclasses
import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import h2.config
import h2.connection
import h2.events
import httpcore
import trustme

PUBLIC = "93.184.216.34"
FEED = (
    b"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>"
    b"<item><title>One</title><link>https://news.test/1</link><description>Rain fell.</description></item>"
    b"</channel></rss>"
)


@dataclasses.dataclass
class Exchange:
    """One request, and the connection to answer it on."""

    connection: socket.socket
    target: str
    headers: dict[str, str]
    at: float
    host: str = ""

    def send(self, content: bytes) -> None:
        self.connection.sendall(content)

    def reply(self, status: int = 200, headers: Sequence[str] = (), body: bytes = FEED) -> None:
        lines = [f"HTTP/1.1 {status} Status", *headers]
        if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body)

    def drip(self, blocks: Iterable[bytes], pause: float) -> None:
        for block in blocks:
            self.send(block)
            time.sleep(pause)


Answer = Callable[[Exchange], None]


class Server:
    """Answers by host and path; notes each request."""

    def __init__(self, *, everywhere: bool = False) -> None:
        """Listen on 127.0.0.1, or on all of loopback, 127.0.0.0/8."""
        self._address = "" if everywhere else "127.0.0.1"
        self.answers: dict[str, Answer] = {}
        self.requests: list[Exchange] = []
        self.open = 0
        self.most_open: dict[str, int] = {}
        self._open_at: dict[str, int] = {}
        self._lock = threading.Lock()
        authority = trustme.CA()
        self.trusting = ssl.create_default_context()
        authority.configure_trust(self.trusting)
        past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        certificates = {
            "good": authority.issue_cert("news.test", "other.test", "h2.test"),
            "stranger": trustme.CA().issue_cert("stranger.test"),
            "expired": authority.issue_cert("expired.test", not_after=past),
            "wrong": authority.issue_cert("other.test"),
        }
        self._certificates = {name: self._context(certificate) for name, certificate in certificates.items()}
        self.port = self._listen(self._serve)
        self.tls_port = self._listen(self._serve_tls)

    def _context(self, certificate: trustme.LeafCert) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _listen(self, serve: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server((self._address, 0), backlog=100)

        def accept() -> None:
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._guarded, args=(serve, connection), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(listener.getsockname()[1])

    def _guarded(self, serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
        connection.settimeout(20)
        with contextlib.suppress(OSError), connection:  # the reader hangs up, as it should
            serve(connection)

    def _serve_tls(self, connection: socket.socket) -> None:
        if "silent-tls" in self.answers:
            time.sleep(5)
        context = self._certificates["good"]

        def choose(sock: ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            chosen = {"stranger.test": "stranger", "expired.test": "expired", "wrong.test": "wrong"}.get(name or "")
            sock.context = self._certificates[chosen or "good"]

        context.sni_callback = choose  # type: ignore[assignment]
        context.set_alpn_protocols(["h2", "http/1.1"] if "h2.test" in self.answers else ["http/1.1"])
        with context.wrap_socket(connection, server_side=True) as secure:
            if secure.selected_alpn_protocol() == "h2":
                self._serve_h2(secure)
            else:
                self._serve(secure)

    def _serve(self, connection: socket.socket) -> None:
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                block = connection.recv(65536)
                if not block:
                    return
                buffer += block
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            exchange = Exchange(connection, first.split(" ")[1], headers, time.monotonic(), headers.get("host", ""))
            with self._counted(exchange):
                self._answer(exchange)(exchange)

    @contextlib.contextmanager
    def _counted(self, exchange: Exchange) -> Iterator[None]:
        with self._lock:
            self.requests.append(exchange)
            now = self._open_at[exchange.host] = self._open_at.get(exchange.host, 0) + 1
            self.most_open[exchange.host] = max(now, self.most_open.get(exchange.host, 0))
        try:
            yield
        finally:
            with self._lock:
                self._open_at[exchange.host] -= 1

    def _answer(self, exchange: Exchange) -> Answer:
        path = exchange.target.partition("?")[0]
        for key in (f"{exchange.host}{path}", path, exchange.host):
            if key in self.answers:
                return self.answers[key]
        return lambda unknown: unknown.reply(404, body=b"nothing here")

    def _serve_h2(self, connection: ssl.SSLSocket) -> None:
        h2_side = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        h2_side.initiate_connection()
        connection.sendall(h2_side.data_to_send())
        while block := connection.recv(65536):
            for event in h2_side.receive_data(block):
                if isinstance(event, h2.events.RequestReceived):
                    headers = {_text(name): _text(value) for name, value in event.headers}
                    exchange = Exchange(connection, headers[":path"], headers, time.monotonic(), headers[":authority"])
                    if exchange.target == "/pings":
                        self._ping(connection, h2_side)
                    with self._counted(exchange):
                        if exchange.target == "/headers":
                            h2_side.send_headers(event.stream_id, [(":status", "200"), *_MANY_HEADERS])
                            connection.sendall(h2_side.data_to_send())
                            return
                        h2_side.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/xml")])
                        h2_side.send_data(event.stream_id, FEED, end_stream=True)
            connection.sendall(h2_side.data_to_send())

    def _ping(self, connection: ssl.SSLSocket, h2_side: h2.connection.H2Connection) -> None:
        while True:
            h2_side.ping(b"12345678")
            connection.sendall(h2_side.data_to_send() * 100)

    def paths(self) -> list[str]:
        return [f"{request.host}{request.target}" for request in self.requests]


_MANY_HEADERS = [("x-flood", "y" * 4000)] * 400
"""Little on the wire, 1.6 MB once HPACK is undone."""


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class FakeInternet(httpcore.NetworkBackend):
    """Names and addresses of the tests, and the way to the server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.names: dict[str, list[list[str]]] = {}
        """Host -> its addresses at the first lookup, the second, ... the last for all that follow."""
        self.public = {PUBLIC, "93.184.216.35", "2606:2800:220:1::1"}
        self.dead: set[str] = set()
        self.connections: list[str] = []
        self.lookups: list[str] = []

    def lookup(self, host: str, port: int) -> list[str]:
        self.lookups.append(host)
        if host == "slow-names.test":
            time.sleep(3)
        if host in self.names:
            answers = self.names[host]
            return answers[min(self.lookups.count(host), len(answers)) - 1]
        if host.endswith(".test"):
            return [PUBLIC]
        return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port)))

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.connections.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("nobody there")
        assert host in self.public, f"connected to {host}"
        here = self.server.tls_port if port == 443 else self.server.port
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", here, timeout, local_address, socket_options)
