"""Connections that go only where they may, and end when they must.

A name is looked up once for each connection, every address that it has is
checked, and the connection goes to one of those very addresses: a name server
that gives another answer the second time (DNS rebinding) is not queried a second
time. What arrives is counted and the clock is looked at beneath TLS and HTTP,
so that no layer above can be kept busy for longer.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from transforms.failures import BadRecord, Reason

Lookup = Callable[[str, int], Sequence[str]]
"""Host and port -> the addresses of the host."""

MAX_ADDRESSES = 4
"""How many addresses of a host are tried."""

# https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry, listed here because what
# Python calls global has changed with its versions. Multicast and reserved space is at the end of each.
_CLOSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
            *("203.0.113.0/24", "168.63.129.16/32", "224.0.0.0/4", "240.0.0.0/4"),
        ),
    )
)
"""168.63.129.16 is the metadata service of Azure."""

_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""All that is allocated for use on the internet; outside it are loopback, link-local, mapped and NAT64 addresses."""
_CLOSED_V6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))

_PORTS_BELOW_1024 = {80, 443}
_OTHER_SERVICES = {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6697, 9200, 10080, 11211}
"""https://fetch.spec.whatwg.org/#bad-port, and three databases without authentication."""


def is_public(address: str) -> bool:
    """Return True if an IP address is one of the internet's, and no special one.

    >>> [is_public(one) for one in ("93.184.216.34", "10.0.0.1", "169.254.169.254", "::ffff:8.8.8.8", "64:ff9b::1")]
    [True, False, False, False, False]
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _CLOSED_V4)
    return found.scope_id is None and found in _OPEN_V6 and not any(found in network for network in _CLOSED_V6)


def is_web_port(port: int) -> bool:
    """Return True if a port may be a web server's.

    >>> [is_web_port(port) for port in (80, 443, 8080, 22, 25, 6379)]
    [True, True, True, False, False, False]
    """
    return port in _PORTS_BELOW_1024 or (1024 <= port < 65536 and port not in _OTHER_SERVICES)


def lookup(host: str, port: int) -> list[str]:
    """Return the host's addresses, as the system gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Bounds:
    """How long and how much is still allowed; set anew for each request by the thread that makes it."""

    def __init__(self) -> None:
        self.deadline = 0.0
        self.left: int | None = 0
        """Bytes that may still arrive; None for any number."""

    def start(self, seconds: float, size: int | None) -> None:
        """Begin a request."""
        self.deadline = time.monotonic() + seconds
        self.left = size

    def seconds(self, at_most: float | None = None) -> float:
        """Return the time that is left.

        Raises:
            BadRecord: FETCH_FAILED if nothing is left.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise BadRecord(Reason.FETCH_FAILED, "the answer did not end in time (read.timeout_seconds)")
        return left if at_most is None else min(left, at_most)

    def take(self, size: int) -> None:
        """Count what has arrived.

        Raises:
            BadRecord: TOO_LARGE.
        """
        if self.left is not None:
            self.left -= size
            if self.left < 0:
                raise BadRecord(Reason.TOO_LARGE, "more arrived than is allowed (read.max_bytes)")


class GuardedStream(httpcore.NetworkStream):
    """A connection within bounds."""

    def __init__(self, stream: httpcore.NetworkStream, bounds: Bounds) -> None:
        self._stream = stream
        self._bounds = bounds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        content = self._stream.read(max_bytes, self._bounds.seconds(timeout))
        self._bounds.take(len(content))
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._bounds.seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._bounds.seconds(timeout))
        return GuardedStream(secure, self._bounds)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to the public addresses of a host, and to no other.

    Args:
        bounds: of the request under way.
        allow_private: whether any address will do, as in tests and on an intranet.
        lookup: asks for a host's addresses; once for each connection.
        inner: makes the connection to an address.
    """

    def __init__(
        self,
        bounds: Bounds,
        *,
        allow_private: bool = False,
        lookup: Lookup = lookup,
        inner: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._bounds = bounds
        self._allow_private = allow_private
        self._lookup = lookup
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port, timeout)[:MAX_ADDRESSES]
        each = None if timeout is None else timeout / min(2, len(addresses))
        for at, address in enumerate(addresses, 1):
            try:
                stream = self._inner.connect_tcp(
                    address, port, self._bounds.seconds(each), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if at == len(addresses):
                    raise
            else:
                return GuardedStream(stream, self._bounds)
        raise httpcore.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        if not self._allow_private and not is_web_port(port):
            raise BadRecord(Reason.UNSAFE_ADDRESS, f"port {port} is not a port of web servers")
        addresses = list(within(lambda: self._lookup(host, port), self._bounds.seconds(timeout), f"look up {host}"))
        closed = [address for address in addresses if not is_public(address)]
        if closed and not self._allow_private:
            raise BadRecord(
                Reason.UNSAFE_ADDRESS,
                f"{host} is at {closed[0]}, which is not public (read.allow_private_addresses)",
            )
        return addresses


def within(work: Callable[[], Sequence[str]], seconds: float, what: str) -> Sequence[str]:
    """Return the result of `work` within a timeout: the system's resolver has none.

    The thread that waits for such a resolver is abandoned, and ends with it or with the process.

    Raises:
        BadRecord: FETCH_FAILED if it fails or takes longer.
    """
    answer: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put(work())
        except Exception as error:
            answer.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty as error:
        raise BadRecord(Reason.FETCH_FAILED, f"took too long to {what}") from error
    if isinstance(found, Exception):
        raise BadRecord(Reason.FETCH_FAILED, f"cannot {what}: {found}") from found
    return found
