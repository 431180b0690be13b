"""CPU time and memory that the work on one article may take."""

import contextlib
import dataclasses
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from transforms.settings import bad_setting

CPU_SECONDS = 30.0
"""Default CPU time for an article. An article of 400 words takes 0.01 s, one of a million characters about 5 s."""
MEMORY_MB = 2_000
"""Default memory for an article, in addition to the loaded models."""
BATCH_SHARE = 0.1
"""Share of an article's CPU time that a whole batch may take before its articles are read one by one."""
MIN_BATCH_SECONDS = 1.0
WALL_FACTOR = 20.0
"""Wall time after which a child is ended although it used less CPU time: it waits for something that never comes."""
MIN_WALL_SECONDS = 120.0
CAN_FORK = hasattr(os, "fork") and hasattr(signal, "setitimer")
"""False on Windows, where articles have no limits."""


@dataclasses.dataclass(frozen=True)
class Budget:
    """Limits for one article; 0 means no limit."""

    cpu_seconds: float = CPU_SECONDS
    memory_mb: float = MEMORY_MB

    def __post_init__(self) -> None:
        if self.cpu_seconds < 0:
            raise bad_setting("max_cpu_seconds", self.cpu_seconds, "at least 0 (0 for no limit)")
        if self.memory_mb < 0:
            raise bad_setting("max_memory_mb", self.memory_mb, "at least 0 (0 for no limit)")

    @property
    def is_enforced(self) -> bool:
        """Return true if there is a limit, and this system can enforce it."""
        return CAN_FORK and (self.cpu_seconds > 0 or self.memory_mb > 0)

    @property
    def wall_seconds(self) -> float | None:
        """Return seconds to wait for an answer, or None for no limit."""
        return max(MIN_WALL_SECONDS, WALL_FACTOR * self.cpu_seconds) if self.cpu_seconds else None

    def for_batch(self, size: int) -> "Budget":
        """Return the limits for a batch: less CPU time, so that one slow article is found soon.

        >>> Budget(30, 100).for_batch(16), Budget(30, 100).for_batch(1)
        (Budget(cpu_seconds=3.0, memory_mb=100), Budget(cpu_seconds=30, memory_mb=100))
        """
        if size == 1 or not self.cpu_seconds:
            return self
        return dataclasses.replace(self, cpu_seconds=max(MIN_BATCH_SECONDS, BATCH_SHARE * self.cpu_seconds))

    def for_bytes(self, size: int, unit: int = 1_000_000) -> "Budget":
        """Return the limits for a document of many articles: the CPU time of one article per `unit` bytes begun.

        >>> Budget(30, 100).for_bytes(2_500_000).cpu_seconds
        90
        """
        return dataclasses.replace(self, cpu_seconds=self.cpu_seconds * (1 + size // unit))


@contextlib.contextmanager
def cpu_limited(seconds: float) -> Iterator[None]:
    """Let the kernel end this process with SIGPROF if it uses more CPU time inside this context.

    The timer counts all threads of the process. 0 means no limit. The signal
    must have its default action, see `prepare_limits`.
    """
    if not seconds:
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def prepare_limits(memory_mb: float) -> None:
    """Prepare this process for limits: set the default action of SIGPROF, and limit its memory from here on.

    Memory is what Linux counts as data (`RLIMIT_DATA`): heap and private
    mappings. Other systems do not count mappings; their limit is weaker.
    """
    import resource  # not on Windows

    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # A process that is ended on purpose leaves no dump of its memory.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not memory_mb:
        return
    limit = data_bytes() + int(memory_mb * 1e6)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def data_bytes() -> int:
    """Return the bytes of heap and private mappings of this process, or 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("VmData:")]
    return int(found[0]) * 1024 if found else 0
