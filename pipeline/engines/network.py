"""A network of this process's own: a Linux network namespace that has loopback and nothing else.

Beam's job servers for Flink and Spark open their ports on all interfaces, and
no option changes that. In a namespace of their own nobody reaches them but this
process and its children. Nor do they reach anything outside it.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
LOOPBACK = b"lo"


_left = False


class NoNamespace(Exception):
    """Says why there is none."""


def leave_network() -> None:
    """Move this process, and what it starts from now on, into a network namespace of its own.

    Raises:
        NoNamespace: the system has none, or does not allow it; nothing has changed then.
    """
    if sys.platform != "linux":
        raise NoNamespace("network namespaces are a part of Linux")
    global _left
    user, group = os.getuid(), os.getgid()
    # Root needs no user namespace. A process with threads cannot have one.
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWNET | CLONE_NEWUSER
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        why = os.strerror(ctypes.get_errno())
        raise NoNamespace(f"this system does not allow {'one' if user == 0 else 'users one'}: {why}")
    if flags & CLONE_NEWUSER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _bring_up_loopback()
    _left = True


def has_left_network() -> bool:
    """Return True if this process is in a namespace of its own."""
    return _left


def start_again() -> NoReturn:
    """Replace this process by the same command in a namespace of its own: only one without threads can have one."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pipeline.engines.network", *sys.argv[1:]])


def main() -> int:
    """Run the command `dateline` in a namespace."""
    leave_network()
    from pipeline import cli

    # Spark looks for the address of the machine's name, which is not there.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

    sys.argv[0] = "dateline"
    return cli.main()


def why_not() -> str:
    """Return the reason against a namespace for this user's processes, or nothing; a child tries it."""
    if has_left_network():
        return ""
    child = "from pipeline.engines.network import leave_network; leave_network()"
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True)
    return done.stderr.strip().rpartition("\n")[2].rpartition("NoNamespace: ")[2] if done.returncode else ""


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh22x", LOOPBACK, 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", LOOPBACK, flags | IFF_UP))


if __name__ == "__main__":
    # Not this module's own `main`, whose state no other module would see.
    from pipeline.engines import network

    sys.exit(network.main())
