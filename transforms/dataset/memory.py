"""Memory of a dataset from run to run: one small file next to its rows, replaced as a whole.

The file becomes the newest in the commit of the run that made it, after the
rows. A run that is killed leaves what was remembered before it, so that
nothing is taken for read that was not written. Meant for some thousand
entries; each run that changes one writes all. What no run has asked for in a
season is dropped, so that lists of feeds may change for years.
"""

import contextlib
import datetime
import json
from collections.abc import Iterable, Mapping
from typing import Any

from transforms.dataset import bounded, files, layout
from transforms.dataset.sidecars import StagedExtra
from transforms.dataset.trust import DamagedFile, shown, warn

Entries = dict[str, dict[str, Any]]

ASKED = "asked"
"""Name of the instant, in what is remembered of an address, at which a run last had to do with it."""
KEEP_DAYS = 90
"""Days that an address is remembered which no run has asked for, because it has left the list."""


def paths(output: str) -> list[str]:
    """Return the snapshots of a dataset, oldest first; one, or more after a commit that was cut short."""
    found = files.list_files(files.join(output, layout.MEMORY, "*.json"))
    return [path for path in found if layout.parse(layout.relative(path)) is not None]


def load(path: str) -> Entries:
    """Read a snapshot.

    Raises:
        DamagedFile: it is not one.
    """
    entries = bounded.read_json(path)
    if not isinstance(entries, dict) or not all(isinstance(values, dict) for values in entries.values()):
        raise DamagedFile(path, f"got {shown(entries)}; expected an object of objects")
    for key, values in entries.items():
        if ASKED in values and not is_instant(values[ASKED]):
            raise DamagedFile(path, f"{key}.{ASKED}: got {shown(values[ASKED])}; expected a time with its zone")
    return entries


def is_instant(value: Any) -> bool:
    """Return True if the value is a time with its zone, as text."""
    try:
        return datetime.datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def read(output: str) -> Entries:
    """Return key -> what is remembered under it; nothing if nothing ever was.

    Where the newest snapshot is damaged, the one before it holds, or none: then
    feeds are read in full again, and the articles that the dataset has are recognized.
    """
    for path in reversed(paths(output)):
        try:
            return load(path)
        except DamagedFile as error:
            warn(error, "what it remembers of feeds is left out, and they are read in full again")
    return {}


def readable(output: str) -> list[str]:
    """Return the snapshots that are not damaged, oldest first."""
    found = []
    for path in paths(output):
        with contextlib.suppress(DamagedFile):
            load(path)
            found.append(path)
    return found


def next_number(output: str) -> int:
    """Return a number that makes a new snapshot the newest."""
    found = paths(output)
    numbers = [int(number) for path in found if (number := path.rpartition("/")[2].partition("-")[0]).isdecimal()]
    return max(numbers, default=0) + 1


def changed(before: Entries, pairs: Iterable[tuple[str, Mapping[str, Any]]]) -> Entries:
    """Return the memory after some changes.

    A pair whose values are lists throughout is a note to what the same run
    remembers under that key, and nothing without it; lists of several notes are
    joined.

    >>> notes = [("a", {"n": [1]}), ("a", {"n": [2]}), ("c", {"n": [1]})]
    >>> changed({"a": {"x": 1}, "b": {"x": 2}}, [*notes, ("a", {"x": 3})])
    {'a': {'x': 3, 'n': [1, 2]}, 'b': {'x': 2}}
    """
    new: Entries = {}
    notes: dict[str, dict[str, list[Any]]] = {}
    for key, values in pairs:
        if values and all(isinstance(value, list) for value in values.values()):
            joined = notes.setdefault(key, {})
            joined.update({name: joined.get(name, []) + value for name, value in values.items()})
        else:
            new[key] = dict(values)
    for key in new.keys() & notes.keys():
        new[key].update(notes[key])
    return kept({**before, **new})


def kept(entries: Entries) -> Entries:
    """Return entries that have not expired; the newest one tells the time."""
    asked = {key: datetime.datetime.fromisoformat(values[ASKED]) for key, values in entries.items() if ASKED in values}
    oldest = max(asked.values()) - datetime.timedelta(days=KEEP_DAYS) if asked else None
    return {key: values for key, values in entries.items() if oldest is None or asked.get(key, oldest) >= oldest}


def pack(entries: Entries) -> bytes:
    """Return the content of a snapshot."""
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def stage(group: tuple[Any, Iterable[tuple[str, Mapping[str, Any]]]], output: str, run_id: str) -> StagedExtra:
    """Write the newest snapshot aside, with some entries changed.

    Args:
        group: anything, and `(key, what is to be remembered)` pairs; see `changed`.
        output: folder of the dataset.
        run_id: the run that the snapshot belongs to.
    """
    content = pack(changed(read(output), group[1]))
    target = layout.memory_path(next_number(output), run_id)
    return StagedExtra.write(output, run_id, target, [content])
