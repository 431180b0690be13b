"""One process at a time writes into a dataset, on disks that can tell.

The lock is the operating system's: it ends with the process, so
that a killed run can be started again immediately. Object stores have no
such locks; there, of two attempts at one run at the same time, the second to
begin takes the first one's files away, and the first fails when it commits.
"""

import fcntl
import os
from pathlib import Path

_HELD: dict[str, int] = {}
"""Folder -> descriptor that holds its lock, for as long as this process lives."""


class DatasetLocked(ValueError):
    """Another process holds the lock."""


def hold(folder: str) -> None:
    """Make the local folder and locks it for this process; again, if it holds it already.

    Raises:
        Held: another process holds it.
    """
    path = Path(folder).absolute()
    path.mkdir(parents=True, exist_ok=True)
    release(folder)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise DatasetLocked(folder) from error
    _HELD[str(path)] = descriptor


def is_held(folder: str) -> bool:
    """Return True if a process holds the lock of a local folder, which need not exist."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def release(folder: str) -> None:
    """Let go of the folder, if this process holds it."""
    descriptor = _HELD.pop(str(Path(folder).absolute()), None)
    if descriptor is not None:
        os.close(descriptor)
