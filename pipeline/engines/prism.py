"""Prism, Beam's own local runner for streams: found, started on a private socket, and ended with us."""

import contextlib
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

from pipeline.engines.sockets import new_socket
from pipeline.errors import ConfigurationError
from pipeline.monitoring import logs
from transforms.limits.child import end_with_parent

VARIABLE = "DATELINE_PRISM"
START_SECONDS = 30.0
GRACE_SECONDS = 3.0
"""That a Prism whose connections are lost may take to end."""
OPEN = (
    "listen: network: this Prism listens on all network interfaces without authentication; whoever can connect to it"
    " runs programs as you. Put a firewall in front of it, or build one with a private socket: dateline prism build"
)
LAST_WORDS = 2_000
"""Characters of what it has said that are shown if it ends by itself."""


class PrismEnded(Exception):
    """Says how, and what it said last."""


def find_prism(location: str | None = None) -> str:
    """Return the path of the program: as given, else as the environment says, else on the path, else next to this
    Python.

    Raises:
        ConfigurationError: it is nowhere; says how to get it.
    """
    candidates = [location, os.environ.get(VARIABLE), shutil.which("prism"), str(Path(sys.executable).parent / "prism")]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return str(Path(candidate).absolute())
        if candidate and candidate in candidates[:2]:
            raise ConfigurationError([f"prism: {candidate!r} is not a file; give the path of the program"])
    raise ConfigurationError(
        [
            "prism: not found; what PrismRunner runs on this machine needs Beam's program of that name, built with a"
            " private socket. With Go: `make prism`, or `dateline prism build`. One that is elsewhere is named by"
            f" {VARIABLE}=/path/to/prism"
        ]
    )


def has_socket(program: str) -> bool:
    """Return True if the program can listen on a Unix socket, as the one that `dateline prism build` makes.

    Raises:
        ConfigurationError: it cannot be started, or is not a Prism.
    """
    command = [program, "-h"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=START_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError([f"prism: {program} does not answer to -h; expected Beam's program"]) from error
    except OSError as error:
        raise ConfigurationError([f"prism: {program} cannot be started: {error.strerror}"]) from error
    said = done.stderr + done.stdout
    if "-job_port" not in said:
        first = said.strip().partition("\n")[0][:LAST_WORDS]
        raise ConfigurationError([f"prism: {program} -h says {first!r}; expected the flags of Beam's program"])
    return "-socket string" in said


def check_prism(location: str | None, listen: str) -> str:
    """Return the path of the program.

    Args:
        location: as of `find_prism`.
        listen: who may connect to it: `private`, or `network` for a Prism that can do nothing else.

    Raises:
        ConfigurationError: it is nowhere, or listens on all interfaces although `listen` is not `network`.
    """
    is_address = "://" in (location or "")  # Beam's to fetch; what Beam publishes has no socket
    program = str(location) if is_address else find_prism(location)
    if (is_address or not has_socket(program)) and listen != "network":
        raise ConfigurationError(
            [
                f"listen: got {listen!r}; expected 'network' with {program}, which listens on all network interfaces:"
                " anyone who can connect runs programs as you. Better: `make prism`, or `dateline prism build`, builds"
                " one with a private socket (needs Go)"
            ]
        )
    return program


@contextlib.contextmanager
def prism_server(location: str | None = None, listen: str = "private") -> Iterator[str]:
    """Start a Prism; it lives inside this context only, and gives the address of its job service.

    It ends with this process, however that ends, and does not hear Ctrl-C.

    Args:
        location: as of `find_prism`.
        listen: as of `check_prism`.

    Raises:
        PrismEnded: in the place of what was raised inside, because Prism had ended.
        ConfigurationError: as of `check_prism`.
    """
    program = check_prism(location, listen)
    if has_socket(program):
        path = new_socket("prism")
        address, where = f"unix:{path}", f"--socket={path}"
    else:
        logs.say(f"dateline: {OPEN}", event="open_port", level="warning")
        port = _free_port()
        address, where = f"localhost:{port}", f"--job_port={port}"
    flags = [where, "--serve_http=false", "--log_level=warn", "--log_kind=text"]
    with tempfile.TemporaryFile(prefix="dateline-prism-") as log:
        process = subprocess.Popen(
            [program, *flags], stdout=log, stderr=log, start_new_session=True, preexec_fn=end_with_parent
        )
        try:
            _wait_until_open(address, process)
            yield address
        except Exception as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                raise PrismEnded(f"{_how_ended(process.wait(GRACE_SECONDS))}{_last_words(log)}") from error
            raise
        finally:
            process.kill()
            process.wait()


def _how_ended(code: int) -> str:
    """Return a command line as a shell takes it.

    >>> _how_ended(-9), _how_ended(2)
    ('Prism was killed (SIGKILL)', 'Prism ended with code 2')
    """
    return f"Prism was killed ({signal.Signals(-code).name})" if code < 0 else f"Prism ended with code {code}"


def _last_words(log: IO[bytes]) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - LAST_WORDS))
    said = log.read().decode("utf-8", "replace").strip()
    # Go prints why it gives up, and then what each of its threads was at.
    why = [line for line in said.splitlines() if line.startswith("panic: ")]
    return f"; it said last:\n{why[-1] if why else said}" if said else ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_open(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"prism ended with code {process.returncode} when it was started")
        with contextlib.suppress(OSError):
            _connect(address).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"prism does not answer after {START_SECONDS:.0f} s")


def _connect(address: str) -> socket.socket:
    """Connect to `unix:PATH` or `localhost:PORT`."""
    if not address.startswith("unix:"):
        return socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=1)
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(address.removeprefix("unix:"))
    except OSError:
        client.close()
        raise
    return client
