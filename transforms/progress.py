"""Progress of a local run, for the person who waits for it.

Beam's local runner says nothing while it works and its counters arrive at the
end. So a worker adds up what it has done in a file of its own, at most once a
second, and the launcher reads these files. The environment variable is set by
the launcher alone and is inherited by the workers of the same machine; on a
remote runner it is not set, and `advance` does nothing.
"""

import contextlib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FOLDER_VARIABLE = "DATELINE_PROGRESS"
INTERVAL_SECONDS = 0.5
WORK_PREFIX = "work-"
SLOT_BYTES = 2048
"""Of a file of work: each thread writes what it works on into a slot of its own."""
SOURCES_SHOWN = 3

_done: Counter[str] = Counter()
_next_write = 0.0
_lock = threading.Lock()
"""Several threads of a worker visit hosts."""


def advance(stage: str, count: int = 1) -> None:
    """Note that this process has finished `count` more elements of a stage."""
    global _next_write
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return
    with _lock:
        _done[stage] += count
        if time.monotonic() < _next_write:
            return
        _next_write = time.monotonic() + INTERVAL_SECONDS
        text = "".join(f"{name} {total}\n" for name, total in sorted(_done.items()))
        # Put in place whole: a reader in between would see this worker's numbers fall to nothing.
        aside = Path(folder, f"new-{os.getpid()}")
        aside.write_text(text)
        aside.replace(Path(folder, str(os.getpid())))


def read_progress(folder: Path) -> Counter[str]:
    """Return stage -> elements finished, over all workers of the run."""
    total: Counter[str] = Counter()
    for file in folder.glob("[0-9]*"):
        for line in file.read_text().splitlines():
            stage, _, count = line.partition(" ")
            # A line may be cut short while its worker writes it.
            total[stage] += int(count) if count.isdigit() else 0
    return total


class Work(NamedTuple):
    """Work of one thread of a worker."""

    seconds: float
    """Since it began."""
    stage: str
    sources: list[str]
    """The first few."""
    total: int
    """Number of all sources."""

    def __str__(self) -> str:
        """Return a line for a person.

        >>> str(Work(31.2, "extract", ["a.txt", "b.txt"], 16))
        'extract of a.txt, b.txt and 14 more, for 31 s'
        """
        rest = self.total - len(self.sources)
        return (
            f"{self.stage} of {', '.join(self.sources)}{f' and {rest} more' if rest else ''}, for {self.seconds:.0f} s"
        )


@contextlib.contextmanager
def in_work(stage: str, sources: Sequence[str]) -> Iterator[None]:
    """Show the launcher, inside this context, what this thread is working on.

    Two writes of a few microseconds, since it is done for each article.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    slots = _slots(folder) if folder else None
    if slots is None:
        yield
        return
    shown = [source[:300] for source in sources[:SOURCES_SHOWN]]
    slots.write(json.dumps([time.time(), stage, shown, len(sources)]))
    try:
        yield
    finally:
        slots.write("")


def read_work(folder: Path) -> list[Work]:
    """Return the elements that the workers of a run are working on, longest first."""
    now = time.time()
    found = []
    for file in folder.glob(f"{WORK_PREFIX}*"):
        content = file.read_bytes()
        for start in range(0, len(content), SLOT_BYTES):
            # A slot may be read while it is written.
            with contextlib.suppress(ValueError):
                began, stage, sources, total = json.loads(content[start : start + SLOT_BYTES])
                found.append(Work(now - began, stage, sources, total))
    return sorted(found, reverse=True)


class _Slots:
    """The file in which this process says what it works on."""

    def __init__(self, folder: str) -> None:
        self.owner = folder, os.getpid()
        self._descriptor = os.open(Path(folder, f"{WORK_PREFIX}{os.getpid()}"), os.O_WRONLY | os.O_CREAT, 0o600)
        self._threads: dict[int, int] = {}

    def write(self, text: str) -> None:
        slot = self._threads.setdefault(threading.get_ident(), len(self._threads))
        record = text.encode()[: SLOT_BYTES - 1].ljust(SLOT_BYTES - 1) + b"\n"
        os.pwrite(self._descriptor, record, slot * SLOT_BYTES)

    def close(self) -> None:
        os.close(self._descriptor)


_slots_lock = threading.Lock()
_current: _Slots | None = None


def _slots(folder: str) -> _Slots | None:
    """Return the file of this process; None if the folder is gone, as at the end of a run."""
    global _current
    with _slots_lock:
        if _current is None or _current.owner != (folder, os.getpid()):
            if _current is not None and _current.owner[1] == os.getpid():
                _current.close()
            _current = None
            with contextlib.suppress(OSError):
                _current = _Slots(folder)
        return _current
