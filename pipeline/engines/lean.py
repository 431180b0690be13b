"""What keeps a process small.

`import_beam` imports Beam without what no run uses: a quarter of a second and
40 MB of each process. Beam imports pandas for its data frames and the client of
MongoDB for its connector, where they happen to be installed; it does without
where they are not. pyarrow looks for pandas when it makes its first array, to
know what a series is, so it is asked for one meanwhile. Afterwards both can be
imported as ever, by a model that somebody has installed for instance; only
pyarrow's own `to_pandas` is lost to the process.
"""

import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

NOT_NEEDED = frozenset({"pandas", "pymongo", "bson"})


class _Missing:
    """A finder that says of some modules that they are not installed."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        if name in NOT_NEEDED:
            raise ModuleNotFoundError(f"{name} is not needed here", name=name)


def import_beam() -> None:
    """To be called before anything else imports Beam; without effect after that."""
    if "apache_beam" in sys.modules:
        return
    missing: Any = _Missing()
    sys.meta_path.insert(0, missing)
    try:
        import apache_beam  # noqa: F401
        import pyarrow

        pyarrow.array([0])
    finally:
        sys.meta_path.remove(missing)


def share_heaps(most: int = 2) -> None:
    """Has a process of many threads take memory from few heaps; to be called before it has threads.

    glibc gives threads heaps of their own, up to eight a core, and each keeps
    what it has once needed: 120 of the 745 MB of a stream, and it goes up and
    down with whichever thread reads the next article. A user's own
    MALLOC_ARENA_MAX holds. Only glibc is asked (`mallopt`, malloc.h).
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        most_arenas = -8
        with contextlib.suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).mallopt(most_arenas, most)


def leave_alone_what_is_there() -> None:
    """Has the garbage collector look only at what is made from now on; to be called when all is loaded.

    It looks at everything when a quarter as much has come anew as it has found
    the last time. Beside models and a gazetteer, that lets an hour of a stream's
    garbage gather: Beam makes steps anew that had nothing to do for a minute.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # finds nothing, and measures what comes against that
