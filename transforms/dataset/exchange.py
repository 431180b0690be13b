"""A partition's old files against its new ones, in one step that no reader can see half of.

Linux can exchange two folders atomically. A reader that lists the partition
before finds the old files, one that lists it afterwards finds the new ones, and
none finds both or neither. One that has listed but not yet opened them gets an
error that a file is gone. On other systems, and on file systems that cannot exchange,
nothing is done here: the commit then renames first and deletes last, and for
that moment a reader may see rows twice, but never too few.
"""

import ctypes
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.dataset import files, layout

if TYPE_CHECKING:
    from transforms.dataset.manifest import Manifest

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def exchange(one: Path, other: Path) -> bool:
    """Exchange two paths of one file system atomically; return False, and do nothing, if that is impossible."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # a C library without it
        return False
    return renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0


def swap_folders(output: str, manifest: "Manifest") -> None:
    """Do the part of a manifest that readers see, where that is atomic; the rest is for `roll_forward`.

    May be cut short anywhere: the staged files stay where they are, under a
    second name, so that whoever comes next can still rename them.
    """
    if not files.is_local(output):
        return
    fresh: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    for source, target, _ in manifest.renames:
        folder, _, name = target.rpartition("/")
        if target.endswith(".parquet"):
            fresh[folder].append((Path(output, source), name))
    aside = Path(output, layout.staging_folder(manifest.staging_id))
    for number, (folder, staged) in enumerate(sorted(fresh.items())):
        stale = {path.rpartition("/")[2] for path in manifest.stale if path.rpartition("/")[0] == folder}
        _swap(Path(output, folder), aside / f"folder-{number}", staged, stale)


def _swap(folder: Path, made: Path, staged: list[tuple[Path, str]], stale: set[str]) -> None:
    there = list(folder.iterdir()) if folder.is_dir() else []
    if not there or any(path.is_dir() for path in there):
        return
    try:
        made.mkdir()
        for path in there:
            if path.name not in stale:
                (made / path.name).hardlink_to(path)
        for path, name in staged:
            (made / name).hardlink_to(path)
        made.chmod(folder.stat().st_mode & 0o7777)
    except OSError:  # no hard links on this file system
        return
    files.sync_folder(made)
    if exchange(made, folder):
        files.sync_folder(folder.parent)
