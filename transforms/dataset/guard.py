"""The gate for paths: a dataset on a local disk has no links that lead elsewhere.

Checked before a run, a compaction or a stream changes anything. A path that a
file of the dataset names is checked by the grammar of `layout.py`; this module
checks that such a path leads to a regular file or folder inside the dataset.
Somebody who may write into the dataset during a run is not kept out.
"""

import os
from collections.abc import Iterator

from transforms.dataset import files, layout
from transforms.dataset.trust import UntrustedDataset
from transforms.records import TABLES

FOLDERS = (*TABLES, layout.ARCHIVE, layout.OWN)
"""Names of Dateline's own files and folders in the folder of a dataset."""


def check_links(output: str) -> None:
    """Check that no link or special file of the dataset leads a read or write elsewhere.

    The folder of the dataset may itself be a link. Object stores have no links.

    Raises:
        UntrustedDataset: names the first that does.
    """
    for path, problem, expected in find_links(output):
        raise UntrustedDataset(path, problem, expected)


def find_links(output: str, *, broken: bool = False) -> Iterator[tuple[str, str, str]]:
    """Yield path, what is there, and the rule, for each link or special file that may not be there.

    Args:
        output: folder of the dataset.
        broken: links that lead nowhere, too; they do no harm, but end queries.
    """
    if not files.is_local(output) or not os.path.isdir(output):  # noqa: PTH112 (a year of runs has 100,000 files)
        return
    root = os.path.realpath(output)
    set_aside = f"{output}/{layout.DAMAGED}"
    with os.scandir(output) as there:
        waiting = [(entry, entry.name == layout.OWN) for entry in there if entry.name in FOLDERS]
    while waiting:
        entry, own = waiting.pop()
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if own or not is_within(target, root):
                yield entry.path, f"a link to {target}", "no link here" if own else "a link inside of the dataset"
            elif broken and not os.path.exists(target):  # noqa: PTH110
                yield entry.path, "a link that leads nowhere", "a file or a folder"
        elif not entry.is_dir(follow_symlinks=False):
            if not entry.is_file(follow_symlinks=False):
                yield entry.path, "a special file", "a regular file or a folder"
        elif entry.path != set_aside:
            with os.scandir(entry.path) as there:  # the kind of most entries is known from the listing
                waiting += [(one, own) for one in there if not one.is_file(follow_symlinks=False)]


def is_within(path: str, root: str) -> bool:
    """Return True if a resolved path is in the resolved folder.

    >>> is_within("/data/out/articles", "/data/out"), is_within("/data/outside", "/data/out")
    (True, False)
    """
    return path == root or path.startswith(root.rstrip("/") + "/")


def is_inside(output: str, path: str) -> bool:
    """Return True if a path relative to a local dataset stays inside of it, whatever links there are."""
    root = os.path.realpath(output)
    return is_within(os.path.realpath(os.path.join(root, path)), root)  # noqa: PTH118
