"""What a process that does not answer is at: its threads' stacks, asked for from outside.

Python's `faulthandler` answers a signal even while all threads are inside
compiled code or wait for a lock, so the workers of a hung run can still say
where they hang.
"""

import faulthandler
import os
import re
import signal
import time
from pathlib import Path

from transforms.progress import FOLDER_VARIABLE

ASK = signal.SIGUSR1
PREFIX = "stack-"
FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<name>.+)$')
OURS = re.compile(r"/((?:pipeline|transforms)/(?!.*site-packages).+)$")
WATCHING = (
    "pipeline/__main__.py",
    "pipeline/cli.py",
    "pipeline/commands/",
    "pipeline/launch/",
    "pipeline/engines/",
    "pipeline/monitoring/",
)
"""Frames that say only that a run is under way."""


def answer() -> None:
    """Let this process answer `ask`, if its run shows progress; call in each worker before its work."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder and Path(folder).is_dir():
        # Stays open for as long as the process lives: the handler writes to the descriptor.
        handle = Path(folder, f"{PREFIX}{os.getpid()}").open("w")  # noqa: SIM115
        faulthandler.register(ASK, file=handle, all_threads=True)


def ask(folder: Path, patience_seconds: float = 1.0) -> list[str]:
    """Return the places in our code at which this process and its workers are: one line each, most frequent first."""
    own = folder / f"{PREFIX}here"
    with own.open("w") as handle:
        faulthandler.dump_traceback(file=handle, all_threads=True)
    for file in folder.glob(f"{PREFIX}*"):
        pid = file.name.removeprefix(PREFIX)
        if pid.isdigit() and _alive(int(pid)):
            os.kill(int(pid), ASK)
    time.sleep(patience_seconds)
    found = [place for file in sorted(folder.glob(f"{PREFIX}*")) for place in places(file.read_text(errors="replace"))]
    return sorted(set(found), key=lambda place: (-found.count(place), place))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def places(dump: str) -> list[str]:
    """Yield the place of each thread of a dump in our code, and the function that it calls there.

    >>> places('''Thread 0x1 (most recent call first):
    ...   File "/usr/lib/python3.11/socket.py", line 706 in readinto
    ...   File "/home/me/dateline/transforms/http/client.py", line 88 in get
    ... ''')
    ['transforms/http/client.py line 88, get (in readinto of socket.py)']
    """
    found = []
    for thread in re.split(r"\n(?=(?:Current t|T)hread )", dump):
        frames = [match for line in thread.splitlines() if (match := FRAME.match(line))]
        ours = next((frame for frame in frames if OURS.search(frame["file"])), None)
        if ours is None:
            continue
        where = OURS.search(ours["file"])
        assert where is not None
        if where[1].startswith(WATCHING):
            continue
        inner = "" if frames[0] is ours else f" (in {frames[0]['name']} of {Path(frames[0]['file']).name})"
        found.append(f"{where[1]} line {ours['line']}, {ours['name']}{inner}")
    return found
