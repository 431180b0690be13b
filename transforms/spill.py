"""Spilling: large elements are stored on disk while a local run holds them between two steps.

Beam's local runner keeps all that flows from one stage to the next in the
launcher's memory, several times over while it is grouped: of a hundred thousand
articles these were eight gigabytes. So the steps before a shuffle write large
elements into a file of their process, and send the position; the steps after it
read them. The launcher alone sets the environment variable, for workers of
its own machine; on other runners, which shuffle by disk or network themselves,
it is not set, and elements travel as they are.
"""

import contextlib
import dataclasses
import os
import pickle
import secrets
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam

FOLDER_VARIABLE = "DATELINE_SPILL"
SUFFIX = ".spilled"
FILE_BITS = 60
"""Of the number that names a file."""
MIN_BYTES = 500
"""Minimum pickled size of an element that is spilled: a position would take as much memory as a smaller one."""


class Spilled(NamedTuple):
    """Position of a spilled value."""

    file: int
    """Random number that names the file of the process that wrote it."""
    offset: int
    length: int
    """Bytes."""


@dataclasses.dataclass
class Spread(beam.PTransform):
    """Beam's `Reshuffle`, which spreads elements over all workers; large ones are stored on disk on the way."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        return (
            elements
            | "Put aside" >> beam.Map(spill).with_output_types(Any)
            | "Reshuffle" >> beam.Reshuffle()
            | "Take up" >> beam.Map(unspill).with_output_types(Any)
        )


def spill(value: Any) -> Any:
    """Return the position of a spilled value, or the value itself if it is small or nothing is spilled.

    Raises:
        OSError: the disk is full, or the folder is gone.
    """
    path = os.environ.get(FOLDER_VARIABLE)
    if not path:
        return value
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return value if len(packed) < MIN_BYTES else _folder(path).append(packed)


def unspill(value: Any) -> Any:
    """Return the value that `spill` was given.

    Raises:
        OSError: its file is gone or was cut.
    """
    return pickle.loads(_folder(os.environ[FOLDER_VARIABLE]).read(value)) if isinstance(value, Spilled) else value


def unspilled(values: Iterable[Any]) -> Iterator[Any]:
    """Return each as `unspill` gives it, one after the other."""
    return map(unspill, values)


@contextlib.contextmanager
def spilling_into(folder: Path) -> Iterator[None]:
    """Have this process and its workers spill into files of that folder inside this context."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        yield
    finally:
        del os.environ[FOLDER_VARIABLE]
        _folder(str(folder)).close()
        remove_spilled(folder)


def remove_spilled(folder: Path) -> None:
    """Take away what was put aside there; waits for nobody, so that a signal's handler may call it."""
    for path in folder.glob(f"*{SUFFIX}"):
        path.unlink(missing_ok=True)


class _Folder:
    """A file for each process that writes; any process reads all of them."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._turn = threading.Lock()
        self._own: tuple[int, int, int, int] | None = None
        """This process, its file, the descriptor, and the file's end; a forked one begins a file of its own."""
        self._read: dict[int, int] = {}
        """Descriptors by file."""

    def append(self, packed: bytes) -> Spilled:
        with self._turn:
            process = os.getpid()
            if self._own is None or self._own[0] != process:
                # What is read back is unpickled: so it must be ours. Nobody knows the name beforehand, and the
                # file is made by this process, or not at all.
                file = secrets.randbits(FILE_BITS)
                descriptor = os.open(self._file(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                self._own = process, file, descriptor, 0
            _, file, descriptor, start = self._own
            # Not through a buffer: another process may ask for it as soon as it knows of it.
            rest = memoryview(packed)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            self._own = process, file, descriptor, start + len(packed)
            return Spilled(file, start, len(packed))

    def read(self, where: Spilled) -> bytes:
        with self._turn:
            if where.file not in self._read:
                self._read[where.file] = os.open(self._file(where.file), os.O_RDONLY | os.O_NOFOLLOW)
            descriptor = self._read[where.file]
        packed = os.pread(descriptor, where.length, where.offset)
        if len(packed) < where.length:
            raise OSError(f"of {where.length} bytes that were put aside {len(packed)} are left")
        return packed

    def close(self) -> None:
        with self._turn:
            for descriptor in [*self._read.values(), *(self._own or ())[2:3]]:
                os.close(descriptor)
            self._read, self._own = {}, None

    def _file(self, file: int) -> Path:
        return self._path / f"{file:x}{SUFFIX}"


_folders: dict[str, _Folder] = {}
"""By path."""
_opening = threading.Lock()
"""Two of one folder in one process would write over each other."""


def _folder(path: str) -> _Folder:
    with _opening:
        if path not in _folders:
            _folders[path] = _Folder(path)
        return _folders[path]
