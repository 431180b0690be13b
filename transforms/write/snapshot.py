"""What a dataset remembers from run to run, beside its rows: one small file, replaced as a whole.

The file becomes the newest within the commit of the run that made it, behind
the rows. A run that is killed leaves what was remembered before it, so that
nothing is taken for read that was not written. Meant for some thousand
entries; each run that changes one writes all.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import apache_beam as beam

from transforms.write import files, layout
from transforms.write.extras import StagedExtra

Entries = dict[str, dict[str, Any]]


def paths(output: str) -> list[str]:
    """The snapshots of a dataset, oldest first; one, or more after a commit that was cut short."""
    return files.list_files(files.join(output, layout.MEMORY, "*.json"))


def read(output: str) -> Entries:
    """Key -> what is remembered under it; nothing if nothing ever was."""
    found = paths(output)
    entries: Entries = json.loads(files.read_bytes(found[-1])) if found else {}
    return entries


def next_number(output: str) -> int:
    """A number that makes a new snapshot the newest."""
    found = paths(output)
    return int(found[-1].rpartition("/")[2].partition("-")[0]) + 1 if found else 1


def stage(group: tuple[Any, Iterable[tuple[str, Mapping[str, Any]]]], output: str, run_id: str) -> StagedExtra:
    """Writes the newest snapshot aside, with some entries changed.

    Args:
        group: anything, and `(key, what is to be remembered)` pairs.
        output: folder of the dataset.
        run_id: the run that the snapshot belongs to.
    """
    changes = {key: dict(values) for key, values in sorted(group[1], key=lambda pair: pair[0])}
    content = json.dumps(
        {**read(output), **changes}, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    ).encode()
    target = layout.memory_path(next_number(output), run_id)
    return StagedExtra.write(output, run_id, target, [content])


class StageSnapshot(beam.PTransform):
    """`(key, what to remember)` pairs -> one staged snapshot, or none where nothing changes.

    Holds all that the dataset remembers in memory, once.
    """

    def __init__(self, output: str, run_id: str) -> None:
        super().__init__()
        self._output = output
        self._run_id = run_id

    def expand(self, changes: beam.PCollection[Any]) -> beam.PCollection[StagedExtra]:
        return (
            changes
            | "Together" >> beam.WithKeys(0)
            | "All changes" >> beam.GroupByKey()
            | "Write snapshot" >> beam.Map(stage, self._output, self._run_id)
        )
