"""Prism, Beam's own local runner for streams: found, started, and ended with us."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, PrismRunnerOptions

from pipeline.errors import ConfigurationError

VARIABLE = "DATELINE_PRISM"
START_SECONDS = 30.0
GRACE_SECONDS = 3.0
"""That a Prism whose connections are lost may take to end."""
LAST_WORDS = 2_000
"""Characters of what it has said that are shown if it ends by itself."""


class PrismEnded(Exception):
    """Says how, and what it said last."""


def find_prism(location: str | None = None) -> str:
    """The path of the program: as given, else as the environment says, else on the path, else beside this Python.

    Raises:
        ConfigurationError: it is nowhere; says how to get it.
    """
    version = beam.__version__
    candidates = [location, os.environ.get(VARIABLE), shutil.which("prism"), str(Path(sys.executable).parent / "prism")]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return str(Path(candidate).absolute())
        if candidate and candidate in candidates[:2]:
            raise ConfigurationError([f"prism: {candidate!r} is no file; give the path of the program"])
    raise ConfigurationError(
        [
            "prism: not found; what PrismRunner runs on this machine needs Beam's program of that name. With Go:"
            " `make prism`, or"
            f" go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version}, or take the program for this machine"
            f" from https://github.com/apache/beam/releases/tag/v{version}; then put it on the path, or name it:"
            f" {VARIABLE}=/path/to/prism"
        ]
    )


def name_prism(options: PipelineOptions) -> None:
    """Names the program to Beam's own runner, that of batch runs, which would download one whatever is here.

    Raises:
        ConfigurationError: it is nowhere.
    """
    prism = options.view_as(PrismRunnerOptions)
    # An address is Beam's to fetch.
    if "://" not in (prism.prism_location or ""):
        prism.prism_location = find_prism(prism.prism_location)


@contextlib.contextmanager
def prism_server(location: str | None = None) -> Iterator[str]:
    """Within, a Prism of our own is running; gives the address of its job service.

    It ends with this process, however that ends, and does not hear Ctrl-C.

    Raises:
        PrismEnded: in the place of what was raised within, because Prism had ended.
    """
    program = find_prism(location)
    port = _free_port()
    flags = [f"--job_port={port}", "--serve_http=false", "--log_level=warn", "--log_kind=text"]
    with tempfile.TemporaryFile(prefix="dateline-prism-") as log:
        process = subprocess.Popen(
            [program, *flags], stdout=log, stderr=log, start_new_session=True, preexec_fn=_end_with_parent
        )
        try:
            _wait_until_open(port, process)
            yield f"localhost:{port}"
        except Exception as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                raise PrismEnded(f"{_how_ended(process.wait(GRACE_SECONDS))}{_last_words(log)}") from error
            raise
        finally:
            process.kill()
            process.wait()


def _how_ended(code: int) -> str:
    """As a shell says it.

    >>> _how_ended(-9), _how_ended(2)
    ('Prism was killed (SIGKILL)', 'Prism ended with code 2')
    """
    return f"Prism was killed ({signal.Signals(-code).name})" if code < 0 else f"Prism ended with code {code}"


def _last_words(log: IO[bytes]) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - LAST_WORDS))
    said = log.read().decode("utf-8", "replace").strip()
    return f"; it said last:\n{said}" if said else ""


def _end_with_parent() -> None:
    """In the child: a parent that was killed takes it along (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"prism ended with code {process.returncode} when it was started")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"prism does not answer after {START_SECONDS:.0f} s")
