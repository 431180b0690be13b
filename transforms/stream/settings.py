"""The settings that only a stream has."""

import dataclasses

from transforms.read import read
from transforms.settings import bad_setting
from transforms.write import write


@dataclasses.dataclass
class Read(read.Read):
    """As for a run; the inputs are followed: feeds are polled, folders and globs are watched."""

    inputs: list[str] = dataclasses.field(default_factory=list)
    """Addresses of feeds, lists of feeds, and files, folders and globs that need not exist yet."""


@dataclasses.dataclass
class Write(write.Write):
    """As for a run, with one file for each table and window."""

    shards: int = 1
    """Files per table and window; 1 is the only value."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shards != 1:
            raise bad_setting("write.shards", self.shards, "1: a stream writes one file for each table and window")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stream:
    """Windows, lateness, and how long what is remembered."""

    window_minutes: float = 15.0
    """Length of a window: what was published within it is committed together."""
    wait_minutes: float = 10.0
    """Minutes that a window waits after its end for articles that feeds list late."""
    oldest_minutes: float = 60.0
    """An article that was published longer before it was read counts as published when it was read."""
    late_minutes: float = 2.0
    """How long articles are gathered that come when their window is closed; they are committed as a late pane."""
    remember_hours: float = 24.0
    """Hours that a page stays in keyed state; older pages are looked up in the dataset."""
    check_seconds: float = 5.0
    """Seconds between two looks at which feeds are due, at watched folders, and whether to stop."""
    stalled_minutes: float = 0.0
    """Minutes without such a look, after which the command ends with 5; more than a round takes. 0 for never."""

    def __post_init__(self) -> None:
        for name in ("window_minutes", "remember_hours", "check_seconds"):
            if getattr(self, name) <= 0:
                raise bad_setting(f"stream.{name}", getattr(self, name), "a number above 0")
        for name in ("wait_minutes", "oldest_minutes", "late_minutes", "stalled_minutes"):
            if getattr(self, name) < 0:
                raise bad_setting(f"stream.{name}", getattr(self, name), "a number of at least 0")
        least = (self.window_minutes + self.wait_minutes + self.oldest_minutes) / 30
        if self.remember_hours < least:
            rule = f"at least {least:.1f}, twice the time from an article's reading to its commit"
            raise bad_setting("stream.remember_hours", self.remember_hours, rule)
