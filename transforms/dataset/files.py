"""The few operations on files that a commit is made of, on any Beam file system.

Each may be done again after it was cut short, and none shows a reader a part
of a file: content is written under a name that no reader looks for and then
renamed. On a local disk a rename is atomic and replaces its target; object
stores copy, and show a copy only when it is whole.
"""

import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from transforms.settings import bad_setting

WILDCARDS = "*?["
"""Beam's file systems read these as patterns anywhere in a path, also in `delete`."""
COPYING = ("gs://", "s3://")
"""Where a rename is a copy over the target and then a removal: if it failed, the target is none the worse for it."""


def check_output(output: str) -> str:
    """Return the folder of a dataset, without its trailing slash.

    Raises:
        ValueError: it is empty or would be read as a pattern.

    >>> check_output("out/")
    'out'
    """
    if not output or any(character in output for character in WILDCARDS):
        raise bad_setting("output", output, f"a folder: a path or URL without any of {' '.join(WILDCARDS)}")
    return output.rstrip("/") or "/"


def is_local(path: str) -> bool:
    """Return True if the path is on a disk of this machine."""
    return FileSystems.get_scheme(path) is None


def join(folder: str, *parts: str) -> str:
    """Return a path below a folder or URL; parts may hold slashes."""
    return str(FileSystems.join(folder, *parts))


def size_of(path: str) -> int | None:
    """Return the size in bytes of the file, or None if there is no such file."""
    found = FileSystems.match([path])[0].metadata_list
    return int(found[0].size_in_bytes) if found else None


def list_files(pattern: str) -> list[str]:
    """Return paths of the files that match, sorted; none if the folder does not exist."""
    return sorted(metadata.path for metadata in FileSystems.match([pattern])[0].metadata_list)


def open_file(path: str) -> BinaryIO:
    """Return the file's bytes without decompression, whatever its extension."""
    handle: BinaryIO = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    return handle


def read_bytes(path: str) -> bytes:
    """Return the whole content of a small file."""
    with open_file(path) as handle:
        return handle.read()


def write_file(path: str, write: Callable[[BinaryIO], Any]) -> None:
    """Create the file with what `write` puts into it, and on a local disk wait until it is on the disk."""
    with FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as handle:
        write(handle)
        if is_local(path):
            handle.flush()
            os.fsync(handle.fileno())


def write_whole(path: str, content: bytes, *, aside: str) -> None:
    """Replace a small file atomically; a reader finds the old content or the new.

    Args:
        path: where it belongs.
        content: all of it.
        aside: folder on the same file system for the file while it is written.
    """
    draft = join(aside, f"{uuid.uuid4().hex}.draft")
    write_file(draft, lambda handle: handle.write(content))
    replace(draft, path, size=len(content))


def replace(source: str, target: str, *, size: int) -> None:
    """Rename a file, over its target if there is one; done already if the source is gone and the target is there.

    Raises:
        OSError: there is neither the source nor a target of that many bytes.
    """
    make_folder_of(target)
    try:
        rename(source, target)
    except OSError:
        if size_of(source) is not None or size_of(target) != size:
            raise
    if is_local(target):
        sync_folder(Path(target).parent)


def rename(source: str, target: str) -> None:
    """Rename a file, also where the file system (HDFS) refuses to replace a target."""
    try:
        FileSystems.rename([source], [target])
    except OSError:
        replaces = is_local(source) or source.startswith(COPYING)
        if replaces or size_of(source) is None or size_of(target) is None:
            raise
        FileSystems.delete([target])
        FileSystems.rename([source], [target])


def make_folder_of(path: str) -> None:
    """Create the folder of a file, where folders exist; Beam's `mkdirs` raises if another process was faster."""
    if is_local(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a local folder are on disk; a rename is durable only then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(paths: Iterable[str]) -> None:
    """Delete files, and is content with those that are gone already."""
    for path in paths:
        try:
            FileSystems.delete([path])
        except OSError:
            if FileSystems.exists(path):
                raise


def remove_tree(folder: str) -> None:
    """Delete all below a folder, and the folder itself where folders exist."""
    remove([folder] if is_local(folder) else list_files(join(folder, "**")))
