"""A private folder for Unix sockets: what listens there serves this user, and nobody else.

A port of 127.0.0.1 serves every user of the machine. To connect to a Unix
socket, a process must be able to enter its folder, and the mode of this one is
0700. The folder is removed with the process. After a `kill -9` the next
process that makes one removes it.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

PREFIX = "dateline-sockets-"
MAX_FOLDER_BYTES = 70
"""Longest path of the folder. A socket's path has at most 107 bytes on Linux and 103 on macOS."""
MAX_SOCKET_BYTES = 100
FALLBACK = "/tmp"
"""Parent folder where that of temporary files has too long a path."""

_folders: dict[int, tuple[Path, int]] = {}
"""By process id, since a fork must not use or remove its parent's: the folder, and a lock on it."""
_count = 0


def socket_folder() -> Path:
    """Return this process's folder of mode 0700; it is created at the first call."""
    if os.getpid() not in _folders:
        parent = _parent()
        remove_abandoned(parent)
        _folders[os.getpid()] = _create(parent)
        atexit.register(remove_socket_folder)
    return _folders[os.getpid()][0]


def new_socket(name: str) -> Path:
    """Return a path in the folder that no other socket of this process has."""
    global _count
    _count += 1
    return socket_folder() / f"{name}-{_count}"


def remove_socket_folder() -> None:
    """Remove this process's folder, if there is one."""
    folder, lock = _folders.pop(os.getpid(), (None, -1))
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of this user whose process is gone: nobody holds their lock."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
                lock = _lock(folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _parent() -> Path:
    parent = Path(tempfile.gettempdir()).absolute()
    return parent if len(os.fsencode(parent / f"{PREFIX}12345678")) <= MAX_FOLDER_BYTES else Path(FALLBACK)


def _create(parent: Path) -> tuple[Path, int]:
    """Create the folder and lock it.

    Raises:
        OSError: it cannot be created or locked, as without free descriptors, or where the file system has no locks.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        try:
            lock = _lock(folder)
        except (BlockingIOError, FileNotFoundError):
            continue  # another process has taken it for abandoned
        except OSError:
            folder.rmdir()
            raise
        if folder.is_dir():
            return folder, lock
        os.close(lock)


def _lock(folder: Path) -> int:
    """Return a descriptor that holds a lock on the folder; systemd-tmpfiles respects it too.

    Raises:
        OSError: another process holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
