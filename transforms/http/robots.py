"""Rules of a host's robots.txt (RFC 9309), fetched once for each visit to the host."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from protego import Protego

from transforms.failures import BadRecord, Reason
from transforms.http.client import Answer, Client
from transforms.http.rate_limit import HostRateLimiter
from transforms.text.encoding import decode

MAX_BYTES = 512 * 1024
"""RFC 9309 (2.5) wants 500 KiB read at least; the rest is ignored."""


class RetryLater(BadRecord):
    """It could not be fetched, but may be in some hours."""


class Robots:
    """The rules of some hosts, for one reader.

    Args:
        client: fetches the rules; not the one that fetches the pages.
        turns: of the hosts; a crawl delay slows them.
        agent: the name that the rules may be for, such as Dateline.
    """

    def __init__(self, client: Client, turns: HostRateLimiter, agent: str) -> None:
        self._client = client
        self._turns = turns
        self._agent = agent
        self._rules: dict[str, Protego] = {}
        self._unknown: set[str] = set()

    def check(self, address: str) -> None:
        """Raise an error unless the address may be requested.

        Raises:
            BadRecord: FETCH_FAILED if the host does not allow it; `RetryLater` if it does not say.
            HostWaits: its turn would come too late.
        """
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if origin not in self._rules:
            text = self._fetch(f"{origin}/robots.txt")
            rules = self._rules[origin] = Protego.parse(text or "")
            if text is None:
                self._unknown.add(origin)
            delay = rules.crawl_delay(self._agent)
            if delay:
                self._turns.slow(address, float(delay))
        if origin in self._unknown:
            raise RetryLater(Reason.FETCH_FAILED, "could not fetch robots.txt")
        if not self._rules[origin].can_fetch(address, self._agent):
            raise BadRecord(Reason.FETCH_FAILED, "the host's robots.txt does not allow it")

    def _fetch(self, address: str) -> str | None:
        """Return the text, empty for a host without one.

        None for one that is broken: nothing is allowed (RFC 9309, 2.3.1).
        """
        try:
            with self._client.get(address, turn=self._turns.turn) as answer:
                if answer.status == 200:
                    return decode(b"".join(_first(answer)), answer.media_type[1])
                unavailable = 400 <= answer.status < 500 and answer.status != 429
        except BadRecord as error:
            if error.reason == Reason.UNSAFE_ADDRESS:
                raise
            return None
        return "" if unavailable else None


def _first(answer: Answer) -> Iterator[bytes]:
    size = 0
    for block in answer.blocks():
        yield block
        size += len(block)
        if size >= MAX_BYTES:
            return
