"""Addresses that a family of processes listens on, as `ss -ltnp` and `ss -lxp` show them."""

import contextlib
import os
import stat
import subprocess
from pathlib import Path

import psutil

IPV4 = "::ffff:"
"""Prefix of an IPv4 address of a socket that takes both kinds."""


def family(pid: int) -> list[psutil.Process]:
    """Return a process with all its children."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def listening(pid: int) -> set[str]:
    """Return the internet addresses that a process or its children listen on, `127.0.0.1:50000`."""
    found = set()
    for process in family(pid):
        with contextlib.suppress(psutil.Error):
            connections = process.net_connections("inet")
            heard = [one.laddr for one in connections if one.status == psutil.CONN_LISTEN]
            found |= {f"{one.ip.removeprefix(IPV4)}:{one.port}" for one in heard}
    return found


def sockets(pid: int) -> set[Path]:
    """Return the Unix sockets with a path that a process or its children have open."""
    found = set()
    for process in family(pid):
        with contextlib.suppress(psutil.Error):
            found |= {Path(one.laddr) for one in process.net_connections("unix") if str(one.laddr).startswith("/")}
    return found


def is_private(socket: Path) -> bool:
    """Return True if only its owner can enter the folder of the socket."""
    folder = socket.parent.stat()
    return stat.S_IMODE(folder.st_mode) == 0o700 and folder.st_uid == os.getuid()


class Watch:
    """Addresses seen while a process ran; call `look` as often as something may have changed."""

    def __init__(self, process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
        self.process = process
        self.addresses: set[str] = set()
        self.private: dict[Path, bool] = {}

    def look(self) -> None:
        self.addresses |= listening(self.process.pid)
        for socket in sockets(self.process.pid):
            with contextlib.suppress(OSError):
                self.private[socket] = is_private(socket)

    def run(self, seconds: float = 400) -> str:
        """Look until the process has ended; return its output."""
        while True:
            self.look()
            try:
                said = self.process.communicate(timeout=0.1)[0]
            except subprocess.TimeoutExpired:
                seconds -= 0.1
                assert seconds > 0
                continue
            return said if isinstance(said, str) else said.decode()
