"""Failures that an earlier job reported before it was killed."""

import dataclasses
import datetime
import functools
from collections.abc import Iterable

from transforms.dataset import bounded, files, layout
from transforms.dataset.trust import DamagedFile, warn
from transforms.records import Failure
from transforms.stream.panes import start_in

BEGINNING = datetime.timedelta(hours=1)
"""Start of a job in which inputs that its predecessor read and did not remember are read again."""
LOOK_BACK = datetime.timedelta(days=1)
"""From a predecessor's last window on: what it read before, it has remembered."""


@dataclasses.dataclass(frozen=True)
class ReportedFailures:
    """What other jobs have committed as failures in their last day, read at the start of a job.

    An article that is read again is known by its row; a failure has none among
    the articles. Later the same failure is news: it was tried again, and failed again.
    """

    output: str
    job_id: str
    started: datetime.datetime

    def split(self, failures: Iterable[Failure], start: datetime.datetime) -> tuple[list[Failure], int]:
        """Return those that are new, and how many are not, of a window that begins then.

        The result is the same for the same job and window, however often it is called.
        """
        given = [*failures]
        if not given or start - self.started > BEGINNING:
            return given, 0
        new = [one for one in given if one.failure_id not in self._told]
        return new, len(given) - len(new)

    @functools.cached_property
    def _told(self) -> frozenset[str]:
        windows = [start for name in self._of_others(f"{layout.RUNS}/*.json") if (start := start_in(name))]
        found: set[str] = set()
        if not windows:
            return frozenset()
        for path in self._of_others("failures/date=*/*.parquet"):
            start = start_in(path)
            if start is None or start < max(windows) - LOOK_BACK:
                continue
            try:
                with bounded.parquet(path) as file:
                    for batch in file.iter_batches(columns=["failure_id"]):
                        found.update(batch["failure_id"].to_pylist())
            except DamagedFile as error:
                warn(error, "the failures in it may be reported again")
        return frozenset(found)

    def _of_others(self, pattern: str) -> list[str]:
        paths = files.list_files(files.join(self.output, pattern))
        return [path for path in paths if f"_{self.job_id}" not in path.rpartition("/")[2]]
