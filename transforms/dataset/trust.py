"""Errors and warnings for datasets that cannot be used as they are.

A dataset may come from somebody else, or from a disk that fails. Two cases are
kept apart. A file that names what is not of the layout, such as `../x`, stops
the command before anything is changed. A file that is damaged is named in a
warning and skipped, where that is safe; a run is never stopped by a damaged
file of another run.
"""

import errno
import logging
from typing import Any

from apache_beam.io.filesystem import BeamIOError

MAX_SHOWN = 120
"""Maximum number of characters of a value in a message."""

_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    EOFError,
    NotImplementedError,
)
"""Errors that parsers raise for content that they cannot use."""

_log = logging.getLogger("dateline.dataset")
_log.setLevel(logging.WARNING)
_warned: set[str] = set()
"""Files that this process has warned of."""


class UntrustedDataset(ValueError):
    """A dataset names what no dataset of ours names; nothing was changed.

    Args:
        path: the file that says so.
        got: what it says.
        expected: the rule.
    """

    def __init__(self, path: str, got: Any, expected: str) -> None:
        super().__init__(path, got, expected)
        self.path = path
        self.problem = f"got {shown(got)}; expected {expected}"

    def __str__(self) -> str:
        advice = "nothing was changed, and `dateline check DATASET` lists everything that is wrong"
        return f"{shown_path(self.path)}: {self.problem}; {advice}"


class DamagedFile(ValueError):
    """A file of a dataset that cannot be read.

    Args:
        path: the file.
        problem: the cause.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{shown_path(self.path)}: {self.problem}; `dateline check DATASET --repair` sets it aside"


def shown(value: Any) -> str:
    r"""Return a value as it may be printed: short, and without control characters.

    >>> shown("a\x1b[2J")
    "'a\\x1b[2J'"
    """
    text = ascii(value) if isinstance(value, bytes) else repr(value)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + " ..."


def shown_path(path: str) -> str:
    """Return a path as it may be printed."""
    return path if path.isprintable() else repr(path)


def is_damage(error: BaseException) -> bool:
    """Return True if reading failed because of what a file holds, not because of its disk, memory or network.

    Arrow raises OSError without a number for damaged files. EIO is a bad sector: one file, not the machine.
    """
    if isinstance(error, UntrustedDataset | MemoryError | BeamIOError):
        return False
    if isinstance(error, OSError):
        return error.errno in (None, errno.EIO)
    return isinstance(error, _DAMAGE)


def damaged(path: str, error: BaseException) -> DamagedFile:
    """Return the error as that of a damaged file."""
    if isinstance(error, DamagedFile):
        return error
    lines = str(error).strip().splitlines()
    text = lines[0].rstrip(".") if lines else type(error).__name__
    return DamagedFile(path, shown_path(text[:MAX_SHOWN]))


def warn(error: DamagedFile, effect: str) -> None:
    """Warn of a damaged file, once in a process.

    Args:
        error: names the file and the cause.
        effect: what follows from skipping it.
    """
    if error.path not in _warned:
        _warned.add(error.path)
        path, check = shown_path(error.path), "`dateline check DATASET` shows more"
        _log.warning("%s: damaged: %s; %s; %s", path, error.problem, effect, check)
