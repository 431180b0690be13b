"""What the command can end with."""

import enum
from collections.abc import Sequence


class Exit(enum.IntEnum):
    """Exit codes, documented in `dateline --help` and the README."""

    DONE = 0
    FAILED = 1
    CONFIGURATION = 2
    TOO_MANY_FAILURES = 3
    BUSY = 4
    HUNG = 5
    INTERRUPTED = 130


class ConfigurationError(Exception):
    """Settings that cannot be run.

    Args:
        problems: one line for each mistake: where, what was found, what is allowed.
    """

    code = Exit.CONFIGURATION

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class DatasetBusy(ConfigurationError):
    """The settings are right, but another process writes into the dataset."""

    code = Exit.BUSY
