"""Files of the local disk, opened only if they are regular files.

To open a FIFO waits until somebody writes into it, and to open a device may
do harm. A name may lead to another file when it is opened than when it was
listed, so the checks use the open file itself.
"""

import dataclasses
import os
import stat
from pathlib import Path
from typing import BinaryIO

from transforms.failures import BadRecord, Reason

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO (named pipe)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
NO_FILE = "not a regular file but {}; it is not opened"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A path that a pattern matches."""

    path: str
    size: int | None = None
    """Bytes; None if it is not a regular file."""
    modified: float | None = None
    """Seconds since 1970."""
    problem: str | None = None
    """Why it cannot be read; None for a regular file."""


def look_at(path: Path) -> Found | None:
    """Return the entry at a path; None if there is none, or no longer."""
    try:
        found = path.stat()
    except OSError as error:
        try:
            is_link = stat.S_ISLNK(path.lstat().st_mode)
        except OSError:
            return None
        why = NO_FILE.format("a link that leads nowhere") if is_link else f"cannot be looked at: {error.strerror}"
        return Found(path=str(path), problem=why)
    except ValueError:  # a NUL in the name
        return None
    if problem := not_regular(found.st_mode):
        return Found(path=str(path), problem=problem)
    return Found(path=str(path), size=found.st_size, modified=found.st_mtime)


def not_regular(mode: int) -> str | None:
    """Return the reason for which an entry is not read, by its mode; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return NO_FILE.format(next((name for is_kind, name in _KINDS if is_kind(mode)), "something else"))


def open_regular(path: str) -> BinaryIO:
    """Open a regular file for reading; never waits.

    Raises:
        BadRecord: UNREADABLE if it cannot be opened, or is not a regular file.
    """
    try:
        # Without O_NONBLOCK, open() of a FIFO would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        raise BadRecord(Reason.UNREADABLE, f"{type(error).__name__}: {error}") from error
    problem = not_regular(os.fstat(descriptor).st_mode)
    if problem:
        os.close(descriptor)
        raise BadRecord(Reason.UNREADABLE, problem)
    return os.fdopen(descriptor, "rb")


def size_now(file: BinaryIO) -> int:
    """Return the size of an open file in bytes."""
    return os.fstat(file.fileno()).st_size


def read_at_most(path: str, most: int) -> bytes:
    """Return the content of a regular file; of a longer one, one byte more than `most`.

    Raises:
        BadRecord: as `open_regular`.
    """
    with open_regular(path) as file:
        return file.read(most + 1)
