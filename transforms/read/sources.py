"""Sources: the files and addresses that globs, folders and lists of feeds name, sorted."""

import dataclasses
import os
import posixpath
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.filesystems import FileSystems

from transforms.feeds.feed_list import is_feed_list, read_feed_list
from transforms.files.globbing import expand, home, is_pattern, literal_front, matcher, walk
from transforms.files.local_files import Found, look_at
from transforms.formats.known import ALLOWED, kind_of
from transforms.http.redact import mask
from transforms.settings import bad_setting, got


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """One file or address to read."""

    uri: str
    kind: str | None
    """None for an address, whose kind the response tells, and for a file that cannot be read."""
    size: int | None = None
    """Bytes as stored; None for an address."""
    modified: float | None = None
    """Seconds since 1970; None where it is not known."""
    raw: bytes | None = None
    """Path of a local file whose name is not UTF-8; `uri` then shows its odd bytes as `\\xff`."""
    problem: str | None = None
    """Why it cannot be read, where that is known before it is opened: a FIFO, a link that leads nowhere ..."""

    @property
    def path(self) -> str:
        """Return the path by which it is opened."""
        return self.uri if self.raw is None else os.fsdecode(self.raw)


def is_address(uri: str) -> bool:
    """Return True if it is fetched over HTTP rather than read from a file system."""
    return uri.lower().startswith(("http://", "https://"))


def resolve_inputs(inputs: Sequence[str], *, remote: bool = True) -> list[Source]:
    """Return the files and addresses that the inputs name, each once, sorted by URI.

    Without `remote` nothing is looked up on gs://, s3:// and the like: a pattern there stands for itself.

    An input is an http(s) URL, a file, a pattern as a shell has them (see
    `globbing.py`) on any Beam file system, a directory, which stands for every file of
    a known kind beneath it, or a list of feeds as CSV (see `feed_list.py`),
    which stands for the addresses in it. What matches a pattern but cannot be
    read (a FIFO, a link that leads nowhere, a folder that cannot be listed, a
    file of another kind) stays in the list, with kind None, and becomes a
    failure row: what was asked for is never left out in silence. Hidden files are not
    matched. A path that several inputs name is read once.

    Raises:
        ValueError: an input that is empty, matches nothing, or names a file of a kind that cannot be
            read; with all such inputs.
    """
    sources: dict[str, Source] = {}
    problems: list[str] = []
    for entry in inputs:
        try:
            found = _resolve(entry) if remote or "://" not in entry else _not_looked_up(entry)
            sources.update((source.uri, source) for source in found)
        except ValueError as error:
            problems.append(str(error))
    if problems or not inputs:
        raise ValueError("\n".join(problems or [got("inputs", [], "at least one pattern or address")]))
    return [sources[uri] for uri in sorted(sources)]


def full_text_by_list(inputs: Sequence[str]) -> dict[str, bool]:
    """Return address -> True if its pages are wanted, for feeds whose list says so."""
    listed = [feed for entry in inputs if is_feed_list(entry) for feed in read_feed_list(entry)]
    return {feed.url: feed.full_text == "yes" for feed in listed if feed.full_text}


def _resolve(entry: str) -> Iterable[Source]:
    """Return the sources of one input."""
    if is_address(entry):
        return [_address(entry)]
    if not entry.strip():
        raise bad_setting("inputs", entry, "a pattern or an address")
    if is_feed_list(entry):
        return [_address(feed.url) for feed in read_feed_list(entry)]
    found = find_files(entry)
    if not found:
        is_folder = _is_directory(entry)
        rule = f"a folder with files that can be read: {ALLOWED}" if is_folder else "a pattern that matches a file"
        raise bad_setting("inputs", entry, rule)
    if not any(source.kind for source in found):
        why = next((f"; {one.uri!r} is {one.problem}" for one in found if one.problem), "")
        raise bad_setting("inputs", entry, f"files that can be read: {ALLOWED}{why}")
    return found


def find_files(entry: str) -> list[Source]:
    """Return the files that an input names on a file system now, readable or not.

    Raises:
        ValueError: a pattern that cannot be used, or a file system that cannot be listed.
    """
    if "://" in entry:
        return _objects(entry.rstrip("/"))
    path = Path(entry if os.path.lexists(entry) else home(entry))
    if _is_directory(str(path)):
        return _of_known_kinds(walk(path))
    if there := look_at(path):
        return [_local(there)]
    if entry.endswith("/"):
        return _of_known_kinds(expand(f"{entry}**"))
    return [_local(found) for found in expand(entry)]


def _is_directory(path: str) -> bool:
    try:
        return "://" not in path and Path(path).is_dir()
    except OSError:
        return False


def _of_known_kinds(found: Iterable[Found]) -> list[Source]:
    """Return the files of a directory that can be read, and what has the name of one, or hides some."""
    wanted = {one.path: _local(one) for one in found if kind_of(one.path) or "listed" in (one.problem or "")}
    return [wanted[path] for path in sorted(wanted)]


def _not_looked_up(entry: str) -> Iterable[Source]:
    """Return a source for an input that is on no disk of this machine."""
    if is_address(entry):
        return [_address(entry)]
    try:
        FileSystems.get_filesystem(entry)
    except ValueError as error:
        raise bad_setting("inputs", entry, f"a path of a known file system: {error}") from error
    return [Source(uri=entry, kind=kind_of(entry))]


def _address(url: str) -> Source:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise bad_setting("inputs", mask(url), "an address with a host")
    return Source(uri=url, kind=None)


def _objects(pattern: str) -> list[Source]:
    """Return objects of a store, or files of another file system, that match a pattern."""
    if not is_pattern(pattern):
        # A folder of an object store is only a prefix of names.
        return _match(pattern) or [source for source in _match(f"{pattern}/**") if source.kind]
    fits = matcher(pattern)
    return [source for source in _match(f"{literal_front(pattern)}**", pattern) if fits(source.uri)]


def _match(pattern: str, named: str | None = None) -> list[Source]:
    """Return files that match in Beam's way, without directories and hidden files."""
    try:
        found: list[FileMetadata] = FileSystems.match([pattern])[0].metadata_list
    except Exception as error:  # each file system raises its own: a bad scheme, a missing bucket, no credentials
        raise bad_setting("inputs", named or pattern, f"a place that can be listed: {error}") from error
    return [_file(metadata) for metadata in found if not _is_hidden_or_directory(metadata.path)]


def _is_hidden_or_directory(path: str) -> bool:
    # An object whose name ends in a slash stands for a folder in the browsers of object stores.
    return path.endswith("/") or posixpath.basename(path).startswith(".")


def _local(found: Found) -> Source:
    source = _source(found.path, found.size, found.modified)
    return dataclasses.replace(source, kind=None, problem=found.problem) if found.problem else source


def _file(metadata: FileMetadata) -> Source:
    return _source(metadata.path, metadata.size_in_bytes, metadata.last_updated_in_seconds or None)


def _source(path: str, size: int | None, modified: float | None) -> Source:
    uri, raw = path, None
    if not path.isascii():
        uri = os.fsencode(path).decode("utf-8", "backslashreplace")
        raw = os.fsencode(path) if uri != path else None
    return Source(uri=uri, kind=kind_of(path), size=size, modified=modified, raw=raw)
