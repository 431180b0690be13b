"""A run's rows out of compacted files, into files of its own as before; for a run that is done again."""

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Callable

from transforms.dataset import files, layout, runs
from transforms.dataset.commit import roll_forward
from transforms.dataset.exchange import swap_folders
from transforms.dataset.manifest import Manifest, write_manifest
from transforms.dataset.merged_file import Part, Range, parts_of, read_footer, write_rows
from transforms.dataset.runs import Run

STAGING = "restore"


def restore_run(output: str, run: Run) -> Run:
    """Give the run its own files again, in one commit, if compaction has put their rows together with others'.

    Returns:
        The run's record as it is from then on.
    """
    paths = [path for path in run.files if layout.run_of(path) == layout.COMPACTED]
    if not paths:
        return run
    name = f"{STAGING}-{run.run_id}"
    files.remove(files.list_files(files.join(output, layout.staging_folder(name), "**")))
    step = Rewrite(output, name)
    for path in paths:
        step.split(path, run.run_id)
    step.commit()
    return runs.read_run(output, run.run_id)


class Rewrite:
    """Rows that change their files, gathered into one commit; the records of their runs follow.

    Args:
        output: folder of the dataset.
        name: of the staging folder.
    """

    def __init__(self, output: str, name: str) -> None:
        self._output = output
        self._name = name
        self._renames: list[tuple[str, str, int]] = []
        self._stale: list[str] = []
        self._moved: dict[str, dict[str, str | None]] = defaultdict(dict)
        """Run -> path of a file of its record -> what it is now; None for nothing, where it had no rows."""

    def staged(self) -> str:
        """Return a new name in the staging folder."""
        return f"{layout.staging_folder(self._name)}/{uuid.uuid4().hex}.staged"

    def put(self, staged: str, target: str, size: int) -> None:
        """Note that a staged file belongs at a path."""
        self._renames.append((staged, target, size))

    def take(self, path: str) -> None:
        """Note that a file is no longer needed."""
        self._stale.append(path)

    def moved(self, run_id: str, old: str, new: str) -> None:
        """Rename a file in the run's record from `old` to `new`."""
        self._moved[run_id][old] = new

    def merge(self, paths: list[str], target: str) -> None:
        """Merge several files of one table and day into one."""
        schema, _ = read_footer(files.join(self._output, paths[-1]))
        parts: list[Part] = []
        for path in paths:
            own = parts_of(path, read_footer(files.join(self._output, path))[1])
            parts += own
            for part in own:
                self.moved(part.run_id, path, target)
            self.take(path)
        rows = [Range(files.join(self._output, path)) for path in paths]
        staged = self.staged()
        count, size = write_rows(files.join(self._output, staged), schema, rows, parts)
        if count != sum(part.rows for part in parts):
            raise AssertionError(f"{target}: {count} rows of {sum(part.rows for part in parts)}")
        self.put(staged, target, size)

    def split(self, path: str, run_id: str) -> None:
        """Split a compacted file into the files of one run and the rest."""
        whole = files.join(self._output, path)
        schema, metadata = read_footer(whole)
        folder = path.rpartition("/")[0]
        first = 0
        for part in parts_of(path, metadata):
            if part.run_id == run_id:
                target, staged = f"{folder}/{part.name}", self.staged()
                own = [Range(whole, first, part.rows)]
                _, size = write_rows(files.join(self._output, staged), schema, own, None)
                self.put(staged, target, size)
                self.moved(run_id, f"{path}#{part.name}", target)
            first += part.rows
        self.without(path, lambda part: part.run_id == run_id)

    def without(self, path: str, is_dropped: Callable[[Part], bool]) -> None:
        """Replace a compacted file by one without some of its parts."""
        whole = files.join(self._output, path)
        schema, metadata = read_footer(whole)
        first = 0
        rest: list[tuple[int, Part]] = []
        for part in parts_of(path, metadata):
            if is_dropped(part):
                self._moved[part.run_id].setdefault(path, None)
            else:
                rest.append((first, part))
            first += part.rows
        self.take(path)
        if rest:
            table, date = path.split("/")[0], path.split("/")[1].removeprefix("date=")
            target, staged = layout.compacted_path(table, date, uuid.uuid4().hex[:16]), self.staged()
            rows = [Range(whole, begin, part.rows) for begin, part in rest]
            _, size = write_rows(files.join(self._output, staged), schema, rows, [part for _, part in rest])
            self.put(staged, target, size)
            for _, part in rest:
                self.moved(part.run_id, path, target)

    def commit(self) -> None:
        """Do it all, or leaves it for the next who comes."""
        for run_id, moved in self._moved.items():
            run = runs.find_run(self._output, run_id)
            if run is None:
                continue
            kept = [moved.get(path, path) for path in run.files]
            added = [new for old, new in moved.items() if "#" in old]
            now = tuple(dict.fromkeys(path for path in (*kept, *added) if path is not None))
            self._stage_record(dataclasses.replace(run, files=now))
        manifest = Manifest(run=None, renames=tuple(self._renames), stale=tuple(self._stale), name=self._name)
        write_manifest(self._output, manifest)
        swap_folders(self._output, manifest)
        roll_forward(self._output, manifest)

    def _stage_record(self, run: Run) -> None:
        content = runs.dump(runs.to_json(run))
        staged = self.staged()
        files.write_file(files.join(self._output, staged), lambda handle: handle.write(content))
        self.put(staged, layout.record_path(run.run_id), len(content))
