"""Which rounds of reading are committed to the last of their inputs. Decides, and writes nothing."""

import dataclasses
import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Any

from transforms.stream.connectors import SCHEMES
from transforms.stream.outcomes import Receipt


@dataclasses.dataclass
class Ledger:
    """Inputs that were read, and inputs that were committed.

    A window holds articles of several rounds, a round has articles in several
    windows, and late ones come when they come. The memory of a round
    may be committed only with or after the last of its articles, and of
    those of all rounds before it: a feed may have given what another one's
    duplicate was dropped for.
    """

    taken: int = 0
    """Number of the last round that is committed as a whole."""
    receipts: dict[int, Receipt] = dataclasses.field(default_factory=dict)
    """Rounds that are not, by number."""
    done: dict[datetime.datetime, Counter[str]] = dataclasses.field(default_factory=dict)
    """When a round began -> its sources that are committed."""
    loose: Counter[str] = dataclasses.field(default_factory=Counter)
    """Sources that are committed, of a round that is not known."""

    def enter(self, receipt: Receipt) -> None:
        """Note what a round has read; the same round again, after a retry, is not news."""
        if receipt.number > self.taken:
            self.receipts[receipt.number] = receipt

    def settle(self, committed: Iterable[tuple[str, datetime.datetime | None]]) -> None:
        """Note sources as committed, with the time their round began where that is known."""
        for source, read in committed:
            if source.startswith(SCHEMES):
                continue  # a connector knows itself what it has given
            if read is None:
                self.loose[source] += 1
            else:
                self.done.setdefault(read, Counter())[source] += 1

    def complete(self) -> list[Receipt]:
        """Take out the rounds that are complete, in order, up to the first that is not.

        A source whose round is not known is counted for the last round that
        waits for it, so that no round is ever taken for complete too early.
        """
        left = Counter(self.loose)
        found: dict[int, Counter[str]] = {}
        for number in sorted(self.receipts, reverse=True):
            receipt = self.receipts[number]
            missing = Counter(receipt.sources) - self.done.get(receipt.read, Counter())
            found[number] = missing & left
            left -= found[number]
            if missing - found[number]:
                del found[number]
        taken = []
        while self.taken + 1 in found:
            self.taken += 1
            receipt = self.receipts.pop(self.taken)
            self.loose -= found[self.taken]
            self.done.pop(receipt.read, None)
            taken.append(receipt)
        return taken

    @property
    def waiting(self) -> int:
        """Return rounds that are not complete."""
        return len(self.receipts)


def remembered(receipts: Iterable[Receipt]) -> dict[str, dict[str, Any]]:
    """Return the merged memory of rounds; for one address the last round takes precedence."""
    return {key: values for receipt in receipts for key, values in receipt.memory.items()}
