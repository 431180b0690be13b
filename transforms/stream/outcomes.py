"""What becomes of each thing that a stream reads, and what it learns of its sources meanwhile."""

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
    """What a round of reading has read, so that it can be told when all of it is committed.

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
    """Totals of what goes no further: addresses asked, entries that are as they were."""
