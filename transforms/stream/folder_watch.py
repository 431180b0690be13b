"""A folder that files arrive in: which of them are new, changed, and whole."""

import dataclasses
import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from transforms.read.sources import Source
from transforms.records import stable_id

UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp", "~")
"""Ends of the names of files that somebody is still writing."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """A file as it was when it was read, or last looked at."""

    size: int | None
    modified: float | None


def key_of(uri: str) -> str:
    """Return the key under which a dataset remembers a file."""
    return stable_id("file", uri)


def to_json(uri: str, seen: Seen) -> dict[str, Any]:
    """Return ready for JSON."""
    return {"file": uri, "size": seen.size, "modified": seen.modified}


def files_from(memory: Mapping[str, Mapping[str, Any]]) -> dict[str, Seen]:
    """Return the files that a dataset remembers, by URI.

    An entry that is not valid is skipped, and its file is read again.
    """
    return {
        one["file"]: Seen(one.get("size"), one.get("modified"))
        for one in memory.values()
        if isinstance(one.get("file"), str)
    }


def ready(
    found: Iterable[Source], read: Mapping[str, Seen], looked_at: Mapping[str, Seen]
) -> tuple[list[Source], dict[str, Seen]]:
    """Return files to read now, and how the others looked that are new.

    A file is whole when it looks as it did the last time; so none is read on
    the first look, and none that grows.

    Args:
        found: the files that there are.
        read: those that have been read, as they were.
        looked_at: new ones, as they looked the last time.
    """
    whole, growing = [], {}
    for source in found:
        now = Seen(source.size, source.modified)
        if read.get(source.uri) == now or posixpath.basename(source.uri).lower().endswith(UNFINISHED):
            continue
        if looked_at.get(source.uri) == now:
            whole.append(source)
        else:
            growing[source.uri] = now
    return whole, growing
