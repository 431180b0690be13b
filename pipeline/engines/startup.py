"""What keeps a process small, and lets it begin soon.

`import_beam` imports Beam without what no run uses: a quarter of a second and
40 MB of each process. Beam imports pandas for its data frames and the client of
MongoDB for its connector, where they happen to be installed; it does without
where they are not. pyarrow looks for pandas when it makes its first array, to
know what a series is, so that array is made here. Afterwards both can be
imported as ever, by a model that somebody has installed for instance; only
pyarrow's own `to_pandas` is lost to the process. And Beam looks at the signatures
of all methods of a step each time that it meets the step, 25,000 of them in a run
over one article, an eighth of its time; it is made to remember what it has seen.

`import_spacy` imports spaCy without its command line, with all that one needs
to draw tables, fill templates and fetch packages: another quarter of a second.

`importing` keeps the garbage collector from going over what all these imports
make: a third of a second, and as much again in what follows.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

NOT_NEEDED = frozenset({"pandas", "pymongo", "bson"})


class _Missing:
    """A finder that says of some modules that they are not installed."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        if name in NOT_NEEDED:
            raise ModuleNotFoundError(f"{name} is not needed here", name=name)


def import_beam() -> None:
    """Import Beam lean; call it before anything else imports Beam, later it has no effect."""
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
    _remember_signatures()


def _remember_signatures() -> None:
    from apache_beam.transforms import core

    look: Callable[[Any], tuple[list[str], list[Any]]] = core.get_function_args_defaults
    seen: WeakKeyDictionary[FunctionType, tuple[list[str], list[Any]]] = WeakKeyDictionary()

    def remembered(function: Any) -> tuple[list[str], list[Any]]:
        """Return names of a function's arguments, without a bound one, and their defaults."""
        if not isinstance(function, MethodType) or not isinstance(function.__func__, FunctionType):
            return look(function)
        found = seen.get(function.__func__)
        if found is None:
            found = seen[function.__func__] = look(function)
        names, defaults = found
        return [*names], [*defaults]

    vars(remembered)["__wrapped__"] = look
    core.get_function_args_defaults = remembered


def import_spacy() -> None:
    """Import spaCy lean; call it before anything else imports spaCy, later it has no effect."""
    if "spacy" in sys.modules:
        return

    def info(*arguments: Any, **named: Any) -> Any:
        """Return `spacy.info`: all that spaCy itself takes of its command line."""
        return importlib.import_module("spacy.cli.info").info(*arguments, **named)

    stand_in: Any = ModuleType("spacy.cli.info")
    stand_in.info = info
    stand_ins = {"spacy.cli": ModuleType("spacy.cli"), stand_in.__name__: stand_in}
    sys.modules.update(stand_ins)
    try:
        import spacy  # noqa: F401
    finally:
        for name in stand_ins:
            del sys.modules[name]


def share_heaps(most: int = 2) -> None:
    """Have a process of many threads take memory from few heaps; to be called before it has threads.

    glibc gives threads heaps of their own, up to eight a core, and each keeps
    what it has once needed: 120 of the 745 MB of a stream, and it goes up and
    down with whichever thread reads the next article. A user's own
    MALLOC_ARENA_MAX holds. It works with glibc only (`mallopt`, malloc.h).
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        most_arenas = -8
        with contextlib.suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).mallopt(most_arenas, most)


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Stop the garbage collector within the block; it never examines again what exists afterwards.

    Imports make a quarter of a million objects that stay, and the collector
    would go over them again and again. Without effect on what is imported already.
    """
    before = len(sys.modules)
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > before:
            gc.freeze()
        if enabled:
            gc.enable()


def leave_alone_what_is_there() -> None:
    """Have the garbage collector look only at what is made from now on; to be called when all is loaded.

    It looks at everything when a quarter as much has been added as it found
    the last time. With models and a gazetteer, that lets an hour of a stream's
    garbage gather: Beam recreates steps that had nothing to do for a minute.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # finds nothing, and measures what comes against that
