"""The manifest of a commit: everything that it does, decided before any of it is done.

A manifest is obeyed by whoever finds it, so it is checked first. Its sources
are files of its own staging folder, and its targets and stale files are those
that a commit of its kind has. One that names anything else is not followed.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from transforms.dataset import bounded, files, guard, layout, runs
from transforms.dataset.layout import Name
from transforms.dataset.runs import Run
from transforms.dataset.trust import DamagedFile, UntrustedDataset, shown

MAX_FILE_BYTES = 2**50
"""Maximum size of a file that a manifest names."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything that a commit does; paths are relative to the dataset, which may be moved."""

    run: Run | None
    """Its record once all is done; none where rows only change their files."""
    renames: tuple[tuple[str, str, int], ...]
    """From where, to where, and how many bytes."""
    stale: tuple[str, ...]
    """Files of an earlier attempt at the run that this one does not have, and what was remembered before it."""
    name: str = ""
    """Name of the manifest's folder, if that is not the run's."""

    @property
    def staging_id(self) -> str:
        """Return the folder of the manifest."""
        return self.name or (self.run.run_id if self.run else "")


def write_manifest(output: str, manifest: Manifest) -> None:
    """Decide the commit."""
    record: dict[str, Any] = {
        "run": runs.to_json(manifest.run) if manifest.run else None,
        "renames": manifest.renames,
        "stale": manifest.stale,
        "name": manifest.name,
    }
    run_id = manifest.staging_id
    aside = files.join(output, layout.staging_folder(run_id))
    files.write_whole(files.join(output, layout.manifest_path(run_id)), runs.dump(record), aside=aside)


def manifest_paths(output: str) -> list[str]:
    """Return manifests of commits that were decided but are not known to be done."""
    return files.list_files(files.join(output, layout.STAGING, "*", "manifest.json"))


def read_manifest(output: str, name: str) -> Manifest | None:
    """Read and check the manifest in a staging folder; None if there is none.

    Raises:
        UntrustedDataset: it names what no commit of that folder names.
        DamagedFile: it cannot be read, or what it names is missing.
    """
    path = files.join(output, layout.STAGING, name, "manifest.json")
    if not layout.is_staging_name(name):
        raise UntrustedDataset(path, name, "the name of a staging folder")
    if files.size_of(path) is None:
        return None
    record = bounded.read_json(path)
    try:
        manifest = from_json(record)
    except runs.BadName as error:
        raise UntrustedDataset(path, error.got, error.expected) from error
    except ValueError as error:
        raise DamagedFile(path, str(error)) from error
    check_manifest(output, name, manifest, path)
    check_present(output, manifest, path)
    return manifest


def from_json(record: Any) -> Manifest:
    """Return the manifest of a record.

    Raises:
        BadName: its run names what is not of the layout.
        ValueError: it is not a manifest.
    """
    if not isinstance(record, dict) or not {"run", "renames", "stale"} <= record.keys():
        raise ValueError(f"got {shown(record)}; expected a manifest")
    renames, stale, name = record["renames"], record["stale"], record.get("name", "")
    if not (isinstance(renames, list) and all(map(_is_rename, renames))):
        raise ValueError(f"renames: got {shown(renames)}; expected lists of two paths and a size")
    if not (isinstance(stale, list) and all(isinstance(one, str) for one in stale)):
        raise ValueError(f"stale: got {shown(stale)}; expected a list of paths")
    if not isinstance(name, str):
        raise ValueError(f"name: got {shown(name)}; expected a text")
    run = runs.from_json(record["run"]) if record["run"] is not None else None
    return Manifest(run=run, renames=tuple((one[0], one[1], one[2]) for one in renames), stale=tuple(stale), name=name)


def _is_rename(one: Any) -> bool:
    return (
        isinstance(one, list)
        and len(one) == 3
        and all(isinstance(path, str) for path in one[:2])
        and type(one[2]) is int
        and 0 <= one[2] <= MAX_FILE_BYTES
    )


def check_manifest(output: str, name: str, manifest: Manifest, path: str) -> None:
    """Check that a manifest names its own staged files, and targets that a commit of its folder may have.

    Args:
        output: folder of the dataset.
        name: of the staging folder that it is in.
        manifest: what it says.
        path: where it is, for the message.

    Raises:
        UntrustedDataset: it names anything else.
    """
    if manifest.staging_id != name:
        raise UntrustedDataset(path, manifest.staging_id, f"{name!r}, the folder that the manifest is in")
    may_write, may_delete = _allowed(name, manifest.run)
    for source, target, _ in manifest.renames:
        staged = layout.parse(source)
        if staged is None or staged.kind != "staged" or staged.staging != name:
            raise UntrustedDataset(path, source, f"a staged file in {layout.staging_folder(name)}")
        _check_path(output, path, target, may_write)
        if files.is_local(output):
            _check_inside(output, source, path)
    for stale in manifest.stale:
        _check_path(output, path, stale, may_delete)


def _check_path(output: str, path: str, given: str, is_allowed: Callable[[Name], bool]) -> None:
    parsed = layout.parse(given)
    if parsed is None or not is_allowed(parsed):
        raise UntrustedDataset(path, given, "a file that this commit may replace, by the layout of a dataset")
    if files.is_local(output):
        _check_inside(output, given, path)


def _check_inside(output: str, given: str, path: str) -> None:
    if not guard.is_inside(output, given):
        raise UntrustedDataset(path, given, "a file inside of the dataset; a link leads outside")


def _allowed(name: str, run: Run | None) -> tuple[Callable[[Name], bool], Callable[[Name], bool]]:
    """Return paths that a commit may put in place or delete, by the name of its staging folder."""
    if run is not None:

        def of_run(one: Name) -> bool:
            return one.kind in ("shard", "archive", "memory") and one.run == run.run_id

        def may_write(one: Name) -> bool:
            return of_run(one) and one.date in ("", run.date.isoformat())

        return may_write, lambda one: of_run(one) or one.kind == "memory"
    if name.startswith("compact-runs-"):
        return lambda one: one.kind == "history" and name.endswith(one.month), lambda one: one.kind == "record"
    # Rows change their files: those of one run or of several, and the records that name them.
    return (
        lambda one: one.kind in ("shard", "compacted", "record"),
        lambda one: one.kind in ("shard", "compacted"),
    )


def check_present(output: str, manifest: Manifest, path: str) -> None:
    """Check that each file to rename is there, whole, in its old place or in its new one.

    Raises:
        DamagedFile: one is missing or was cut.
    """
    for source, target, size in manifest.renames:
        there = files.size_of(files.join(output, source))
        if there is None and files.size_of(files.join(output, target)) == size:
            continue
        if there != size:
            found = "is missing" if there is None else f"has {there:,} bytes"
            raise DamagedFile(path, f"{source} {found}; expected {size:,} bytes")
