"""Outcomes of the inputs of a stream, and receipts of the rounds that read them."""

import dataclasses
import datetime
from typing import Any, Literal, NamedTuple

Kind = Literal["article", "failure", "duplicate", "archive", "receipt", "end"]


class Outcome(NamedTuple):
    """The door through which something leaves the graph; all of a window's are committed together."""

    kind: Kind
    value: Any
    """`AnnotatedArticle`, `Failure`, the reason of a duplicate, a WARC record, a `Receipt`; None at the end."""
    source: str = ""
    """Which input: file or address, and `#` line or entry."""
    read: datetime.datetime | None = None
    """When its round began; None where that is not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Receipt:
    """Inputs of one round, so that the commit of the last one can be detected.

    Then, and not before, what it learned of its sources may be remembered: a
    feed's entries are passed over from that moment on.
    """

    number: int
    """Rounds of a job are numbered from 1."""
    read: datetime.datetime
    """When it began, in whole milliseconds, as Beam's timestamps are; its items carry it as `fetched`."""
    sources: tuple[str, ...]
    """Each thing that ends as an article, a duplicate or a failure, once."""
    memory: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    """What the dataset is to remember, by key."""
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    """Totals of inputs that end here: requested addresses, unchanged entries."""
