"""`dateline workers`: a pool of worker processes for engines outside the launcher's process."""

import argparse
import contextlib
import ipaddress
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring.terminal import show

EPILOG = """\
  dateline workers                                     for Prism and `embed`, on a socket of yours
  dateline workers --listen 127.0.0.1:50000            for Flink and Spark, which need a port
  dateline run configs/prism.yaml -- --environment_type=EXTERNAL --environment_config=ADDRESS

ADDRESS is what the pool prints. A worker is started for who has the secret: it is in a file that the
first pool of a user writes, mode 0600, and that runs of this user find. Elsewhere, name the file by
--secret-file here, and by --set workers_secret=FILE there.

Who has the secret runs code as the user of the pool. On any address but a socket and loopback, which
needs --open, the secret and the articles cross the network unencrypted: docs/security.md says what to
put in front of it.
"""
LOOK_SECONDS = 1.0
OPEN = (
    "dateline: --open: this pool can be reached from the network. Who has its secret runs code as you, and the secret"
    " crosses the network unencrypted.\n"
    "  Put a firewall and an encrypted tunnel in front of it: docs/security.md"
)


def add_workers_command(commands: Any) -> None:
    """Add `workers` to the command line."""
    sub = commands.add_parser(
        "workers",
        help="start a pool of worker processes for Prism, Flink or Spark",
        description="Start a pool of worker processes, which an engine asks for workers.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_workers)
    address = "unix:PATH or HOST:PORT; default: unix:~/.config/dateline/workers.sock"
    sub.add_argument("--listen", metavar="ADDRESS", help=address)
    sub.add_argument("--secret-file", metavar="FILE", help="default: ~/.config/dateline/workers.secret")
    sub.add_argument("--open", action="store_true", help="allow an address that others can reach")


def _workers(args: argparse.Namespace) -> int:
    from pipeline.engines.pool import ProcessPool, default_secret_file, make_secret, serve

    file = Path(args.secret_file or default_secret_file()).expanduser()
    address = check_address(args.listen or f"unix:{default_secret_file().with_suffix('.sock')}", is_open=args.open)
    try:
        secret = make_secret(file)
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"--secret-file: {error}"]) from error
    if not is_private(address):
        show(OPEN, file=sys.stderr)
    pool = ProcessPool()
    try:
        address, server = serve(pool, _free(address), secret)
    except OSError as error:
        raise ConfigurationError([f"--listen: cannot listen on {address}: {error}"]) from error
    show(f"dateline: starts workers for runs with --environment_type=EXTERNAL --environment_config={address}")
    show(f"  secret in {file}; Ctrl-C ends the pool and its workers")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            time.sleep(LOOK_SECONDS)
            pool.forget_ended()
    except KeyboardInterrupt:
        show("dateline: the pool has ended", file=sys.stderr)
        return Exit.DONE
    finally:
        server.stop(0)
        pool.close()
        if address.startswith("unix:"):
            Path(address.removeprefix("unix:")).unlink(missing_ok=True)


def check_address(address: str, *, is_open: bool) -> str:
    """Return the address in the form that gRPC takes.

    Args:
        address: as it was given.
        is_open: it may be one that others can reach.

    Raises:
        ConfigurationError: it is none, or others can reach it.
    """
    if address.startswith("unix:"):
        return f"unix:{_check_socket(Path(address.removeprefix('unix:')).expanduser().absolute())}"
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit() and int(port) < 1 << 16):
        raise ConfigurationError([f"--listen: got {address!r}; expected unix:PATH or HOST:PORT"])
    if not is_open and not is_loopback(host):
        raise ConfigurationError(
            [
                f"--listen: got {address!r}; expected an address of this machine alone (127.0.0.1:{port}, unix:PATH)."
                " Anyone who reaches another one and has the secret runs code as you; --open allows it"
            ]
        )
    return address


def is_private(address: str) -> bool:
    """Return True if only this machine can reach the address."""
    return address.startswith("unix:") or is_loopback(address.rpartition(":")[0])


def is_loopback(host: str) -> bool:
    """Return True if the host is this machine for itself.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "[::1]", "[::]", "10.0.0.1", "a.org")]
    [True, True, True, False, False, False]
    """
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return False


def _check_socket(path: Path) -> Path:
    """Return the path of a socket that only this user can connect to; its folder is created if it is not there."""
    from pipeline.engines.sockets import MAX_SOCKET_BYTES

    if len(os.fsencode(path)) > MAX_SOCKET_BYTES:
        raise ConfigurationError([f"--listen: got {str(path)!r}; expected a path of at most {MAX_SOCKET_BYTES} bytes"])
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = path.parent.stat()
    except OSError as error:
        raise ConfigurationError([f"--listen: {error}"]) from error
    if folder.st_mode & 0o077 or folder.st_uid != os.getuid():
        raise ConfigurationError(
            [
                f"--listen: got a socket in {str(path.parent)!r}, mode {stat.S_IMODE(folder.st_mode):04o};"
                f" expected a folder of yours with mode 0700: chmod 700 {path.parent}"
            ]
        )
    return path


def _free(address: str) -> str:
    """Return the address; the socket of a pool that was killed is removed before.

    Raises:
        OSError: another pool listens there, or what is there is no socket.
    """
    import socket

    path = Path(address.removeprefix("unix:"))
    if not address.startswith("unix:") or not os.path.lexists(path):
        return address
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise FileExistsError(f"{path} is there, and is not a socket")
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return address
    raise FileExistsError("another pool listens there")
