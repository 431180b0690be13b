"""Child process that works on articles under limits; it is forked by a fork server."""

import contextlib
import ctypes
import os
import pickle
import signal
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from transforms.limits.budget import cpu_limited, prepare_limits

DONE, RAISED, OUT_OF_MEMORY, UNKNOWN = "done", "raised", "out of memory", "unknown"
"""Kinds of answers."""
NO_ROOM = 112
"""Exit code of a child that has no memory for its request, or for its answer."""


class Request(NamedTuple):
    """Work for a child."""

    key: str
    """Names the task."""
    items: list[Any]
    cpu_seconds: float


def ignore_signals() -> None:
    """Leave Ctrl-C and SIGTERM to the launcher: a terminal sends them to all processes of a group."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # A parent, or a model, may have had it ignored: then exit codes would not wait for this process.
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def flush() -> None:
    """Write out what is buffered, before a fork, which would write it again. A stream may be None."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def end_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def set_name(name: str) -> None:
    """Set the name that `ps` and `top` show for this process, where the system allows it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def serve(connection: Connection, tasks: Mapping[str, Any], memory_mb: float) -> NoReturn:
    """Answer requests until the other end is closed, then end this process.

    Args:
        connection: gives `Request`s; takes pairs of an answer's kind and value.
        tasks: the known tasks by key; each is set up when it is first used.
        memory_mb: memory that this process may take in addition to what it has.
    """
    set_name("dateline-reader")
    end_with_parent()
    ready: set[str] = set()
    try:
        prepare_limits(memory_mb)
        while True:
            answer = _answer(pickle.loads(connection.recv_bytes()), tasks, ready)
            connection.send_bytes(answer)
    except (EOFError, OSError):
        # The other end is gone.
        os._exit(0)
    except MemoryError:
        os._exit(NO_ROOM)
    except BaseException:  # it must not reach code of the parent, which is still on this process's stack
        sys.excepthook(*sys.exc_info())
        flush()
        os._exit(1)


def _answer(request: Request, tasks: Mapping[str, Any], ready: set[str]) -> bytes:
    key, items, cpu_seconds = request
    if key not in tasks:
        return pickle.dumps((UNKNOWN, None))
    try:
        if key not in ready:
            tasks[key].setup()
            ready.add(key)
        with cpu_limited(cpu_seconds):
            results = tasks[key].run(items)
            return pickle.dumps((DONE, results), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return pickle.dumps((OUT_OF_MEMORY, None))
    except Exception as error:
        return _dump_error(error)


def _dump_error(error: Exception) -> bytes:
    """Pickle an error, or its text where it cannot be restored from its pickle."""
    try:
        packed = pickle.dumps((RAISED, error))
        pickle.loads(packed)
    except Exception:
        packed = pickle.dumps((RAISED, RuntimeError(f"{type(error).__name__}: {error}")))
    return packed
