"""How far a local run is, for the person who waits.

Beam's local runner says nothing while it works and its counters arrive at the
end. So a worker adds up what it has done in a file of its own, at most once a
second, and the launcher reads these files. The environment variable is set by
the launcher alone and is inherited by the workers of the same machine; on a
remote runner it is not set, and `advance` does nothing.
"""

import os
import time
from collections import Counter
from pathlib import Path

FOLDER_VARIABLE = "DATELINE_PROGRESS"
INTERVAL_SECONDS = 0.5

_done: Counter[str] = Counter()
_next_write = 0.0


def advance(stage: str, count: int = 1) -> None:
    """Notes that this process has finished `count` more elements of a stage."""
    global _next_write
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return
    _done[stage] += count
    if time.monotonic() >= _next_write:
        _next_write = time.monotonic() + INTERVAL_SECONDS
        text = "".join(f"{name} {total}\n" for name, total in sorted(_done.items()))
        # Put in place whole: a reader in between would see this worker's numbers fall to nothing.
        aside = Path(folder, f"new-{os.getpid()}")
        aside.write_text(text)
        aside.replace(Path(folder, str(os.getpid())))


def read_progress(folder: Path) -> Counter[str]:
    """Stage -> elements finished, over all workers of the run."""
    total: Counter[str] = Counter()
    for file in folder.glob("[0-9]*"):
        for line in file.read_text().splitlines():
            stage, _, count = line.partition(" ")
            # A line may be cut short while its worker writes it.
            total[stage] += int(count) if count.isdigit() else 0
    return total
