"""What there is to read: globs and addresses to a sorted list of sources."""

import dataclasses
import os
import posixpath
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.filesystems import FileSystems

from transforms.masking import mask
from transforms.read.feed_list import is_feed_list, read_feed_list
from transforms.records import MediaKind

KINDS: dict[str, MediaKind] = {
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xml": "feed",
    ".rss": "feed",
    ".atom": "feed",
    ".rdf": "feed",
    ".json": "feed",
    ".warc": "warc",
}
"""Extension -> kind. `.json` is a JSON Feed, or articles as one object or one array; see `parse/split.py`."""

ALLOWED = ", ".join(KINDS) + ", each also with .gz"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """One file or address to read."""

    uri: str
    kind: MediaKind | None
    """None for an address, whose kind the response tells, and for a file that cannot be read."""
    size: int | None = None
    """Bytes as stored; None for an address."""
    modified: float | None = None
    """Seconds since 1970; None where it is not known."""
    raw: bytes | None = None
    """Path of a local file whose name is no UTF-8; `uri` then shows its odd bytes as `\\xff`."""

    @property
    def path(self) -> str:
        """What it is opened by."""
        return self.uri if self.raw is None else os.fsdecode(self.raw)


def kind_of(path: str) -> MediaKind | None:
    """The kind of a file by its extension, whatever its case and with or without `.gz`.

    >>> kind_of("news/a.HTML"), kind_of("b.jsonl.gz"), kind_of("c.pdf")
    ('html', 'jsonl', None)
    """
    return KINDS.get(posixpath.splitext(path.lower().removesuffix(".gz"))[1])


def kind_of_response(url: str, media: str, head: bytes) -> MediaKind:
    """What an answer is: by its first bytes where they tell, else its type, else its address, else a feed.

    Feeds are often served as text/html, and pages as the feed they replaced.

    >>> kind_of_response("http://a.test/feed", "text/html", b"<?xml version='1.0'?><rss>")
    'feed'
    """
    opening = head[:2048].lower()
    if any(mark in opening for mark in (b"<rss", b"<feed", b"<rdf:rdf")):
        return "feed"
    if opening.lstrip().startswith((b"<!doctype html", b"<html")):
        return "html"
    if "jsonl" in media or "ndjson" in media:
        return "jsonl"
    if media == "text/html":
        return "html"
    return kind_of(urlsplit(url).path) or "feed"


def is_address(uri: str) -> bool:
    """Whether it is fetched over HTTP rather than read from a file system."""
    return uri.lower().startswith(("http://", "https://"))


def resolve_inputs(inputs: Sequence[str], *, remote: bool = True) -> list[Source]:
    """The files and addresses that the inputs name, each once, sorted by URI.

    Without `remote` nothing is looked up on gs://, s3:// and the like: a pattern there stands for itself.

    An input is an http(s) URL, a file, a glob (`**` crosses directories) on
    any Beam file system, a directory, which stands for every file of
    a known kind beneath it, or a list of feeds as CSV (see `feed_list.py`),
    which stands for the addresses in it. A file whose name matches a glob but whose kind is
    not known stays in the list, with kind None, and becomes a failure row:
    what was asked for is never left out in silence. Hidden files are not matched.

    Raises:
        ValueError: an input that is empty, matches nothing, or names a file of a kind that cannot be
            read; all such inputs at once.
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
        raise ValueError("\n".join(problems or ["inputs: [] names nothing to read; give a glob or a URL"]))
    return [sources[uri] for uri in sorted(sources)]


def full_text_by_list(inputs: Sequence[str]) -> dict[str, bool]:
    """Address -> whether its pages are wanted, for the feeds of which a list among the inputs says so."""
    listed = [feed for entry in inputs if is_feed_list(entry) for feed in read_feed_list(entry)]
    return {feed.url: feed.full_text == "yes" for feed in listed if feed.full_text}


def _resolve(entry: str) -> Iterable[Source]:
    """The sources of one input."""
    if is_address(entry):
        return [_address(entry)]
    if not entry.strip():
        raise ValueError(f"inputs: {entry!r} is empty; give a glob or a URL")
    if is_feed_list(entry):
        return [_address(feed.url) for feed in read_feed_list(entry)]
    if "://" not in entry and Path(entry).is_dir():
        return _directory(entry)
    return _files(entry.rstrip("/") if "://" in entry else entry)


def _not_looked_up(entry: str) -> Iterable[Source]:
    """A source for an input that is on no disk of this machine."""
    if is_address(entry):
        return [_address(entry)]
    try:
        FileSystems.get_filesystem(entry)
    except ValueError as error:
        raise ValueError(f"inputs: {entry!r}: {error}") from error
    return [Source(uri=entry, kind=kind_of(entry))]


def _address(url: str) -> Source:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise ValueError(f"inputs: {mask(url)!r} is not an address; it has no host")
    return Source(uri=url, kind=None)


def _directory(path: str) -> list[Source]:
    # Not as a glob: a folder's own name may have brackets in it. A folder or file may go while it is looked at.
    names = (Path(folder, name) for folder, _, found in os.walk(path) for name in found if not name.startswith("."))
    sources = [source for file in names if (source := _local_file(file)) and source.kind]
    if not sources:
        raise ValueError(f"inputs: the directory {path!r} has no file that can be read; allowed are {ALLOWED}")
    return sources


def _files(pattern: str) -> list[Source]:
    there = _local_file(Path(pattern)) if "://" not in pattern else None
    sources = [there] if there else _match(pattern)
    if not sources and "://" in pattern and not any(character in pattern for character in "*?["):
        # A folder of an object store is no more than the beginning of names.
        sources = [source for source in _match(f"{pattern}/**") if source.kind]
    if not sources:
        raise ValueError(f"inputs: {pattern!r} matches no file")
    if not any(source.kind for source in sources):
        raise ValueError(f"inputs: {pattern!r} names no file that can be read; allowed are {ALLOWED}")
    return sources


def _match(pattern: str) -> list[Source]:
    """Files that match, without directories and hidden files."""
    try:
        found: list[FileMetadata] = FileSystems.match([pattern])[0].metadata_list
    except Exception as error:  # each file system raises its own: a bad scheme, a missing bucket, no credentials
        raise ValueError(f"inputs: {pattern!r} cannot be listed: {error}") from error
    return [_file(metadata) for metadata in found if not _is_hidden_or_directory(metadata.path)]


def _is_hidden_or_directory(path: str) -> bool:
    if "://" in path:  # an object whose name ends in a slash stands for a folder in the browsers of object stores
        return path.endswith("/") or posixpath.basename(path).startswith(".")
    return posixpath.basename(path).startswith(".") or Path(path).is_dir()


def _local_file(path: Path) -> Source | None:
    """None where there is no file, or no more."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return _source(str(path), found.st_size, found.st_mtime) if stat.S_ISREG(found.st_mode) else None


def _file(metadata: FileMetadata) -> Source:
    return _source(metadata.path, metadata.size_in_bytes, metadata.last_updated_in_seconds or None)


def _source(path: str, size: int, modified: float | None) -> Source:
    uri, raw = path, None
    if not path.isascii():
        uri = os.fsencode(path).decode("utf-8", "backslashreplace")
        raw = os.fsencode(path) if uri != path else None
    return Source(uri=uri, kind=kind_of(path), size=size, modified=modified, raw=raw)
