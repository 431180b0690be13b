"""Large elements lie on disk while a local run holds them between two steps.

Beam's local runner keeps all that flows from one stage to the next in the
launcher's memory, several times over while it is grouped: of a hundred thousand
articles these were eight gigabytes. So the steps in front of a shuffle put what
is large into a file of their process, and send where it lies; those behind it
read it back. The launcher alone sets the environment variable, for workers of
its own machine; on other runners, which shuffle by disk or network themselves,
it is not set, and elements travel as they are.
"""

import contextlib
import dataclasses
import os
import pickle
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam

FOLDER_VARIABLE = "DATELINE_SPILL"
SUFFIX = ".spilled"
LEAST_BYTES = 500
"""What is smaller, pickled, travels as it is: where it lies would take as much memory."""


class Spilled(NamedTuple):
    """Where a value lies."""

    process: int
    """Id of the process that wrote it, which names its file."""
    offset: int
    length: int
    """Bytes."""


@dataclasses.dataclass
class Spread(beam.PTransform):
    """Beam's `Reshuffle`, which spreads elements over all workers; large ones lie on disk meanwhile."""

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
    """Where the value lies from now on, or the value itself where it is small or nothing is spilled.

    Raises:
        OSError: the disk is full, or the folder is gone.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return value
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    if len(packed) < LEAST_BYTES:
        return value
    return _own_file(folder).append(packed)


def unspill(value: Any) -> Any:
    """The value that `spill` was given.

    Raises:
        OSError: its file is gone or was cut.
    """
    if not isinstance(value, Spilled):
        return value
    descriptor = _opened(_path(os.environ[FOLDER_VARIABLE], value.process))
    packed = os.pread(descriptor, value.length, value.offset)
    if len(packed) < value.length:
        raise OSError(f"of {value.length} bytes that were put aside {len(packed)} are left")
    return pickle.loads(packed)


def unspilled(values: Iterable[Any]) -> Iterator[Any]:
    """Each as `unspill` gives it, one after the other."""
    return map(unspill, values)


@contextlib.contextmanager
def spilling_into(folder: Path) -> Iterator[None]:
    """Within, this process and the workers that it starts put large elements into files of that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        yield
    finally:
        forget_spilled()
        del os.environ[FOLDER_VARIABLE]


def forget_spilled() -> None:
    """Takes away what was put aside, if anything; nothing of it can be taken up any more."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return
    _close(folder)
    for path in Path(folder).glob(f"*{SUFFIX}"):
        path.unlink(missing_ok=True)


class _OwnFile:
    """What this process has put aside."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._end = 0
        self._turn = threading.Lock()

    def append(self, packed: bytes) -> Spilled:
        with self._turn:
            start = self._end
            rest = memoryview(packed)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            self._end += len(packed)
        return Spilled(os.getpid(), start, len(packed))

    def close(self) -> None:
        os.close(self._descriptor)


_writers: dict[str, _OwnFile] = {}
_readers: dict[str, int] = {}
"""Open files by path."""
_opening = threading.Lock()


def _path(folder: str, process: int) -> str:
    return os.path.join(folder, f"{process}{SUFFIX}")


def _own_file(folder: str) -> _OwnFile:
    path = _path(folder, os.getpid())
    with _opening:
        if path not in _writers:
            _writers[path] = _OwnFile(path)
        return _writers[path]


def _opened(path: str) -> int:
    with _opening:
        if path not in _readers:
            _readers[path] = os.open(path, os.O_RDONLY)
        return _readers[path]


def _close(folder: str) -> None:
    """Closes what this process has open of a folder."""
    for path in [path for path in _writers if os.path.dirname(path) == folder]:
        _writers.pop(path).close()
    for path in [path for path in _readers if os.path.dirname(path) == folder]:
        os.close(_readers.pop(path))
