"""The record of a run: what it read, when it began, and what it committed."""

import dataclasses
import datetime
import gzip
import json
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from apache_beam.io.filesystems import FileSystems

from transforms.records import stable_id
from transforms.write import files, layout

RUN_ID_DIGITS = 16

State = Literal["started", "committed"]


class Input(NamedTuple):
    """One file or address that a run reads."""

    uri: str
    size: int | None = None
    """Bytes, where known."""
    modified: float | None = None
    """Seconds since 1970, where known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """One run over one list of inputs; started again, it is the same run."""

    run_id: str
    listing: str
    """Hash of the list of inputs."""
    started: datetime.datetime
    """When the run first began (UTC); the same for every attempt at it, so that the rows are."""
    state: State = "started"
    """committed from the first commit on, also while the run is attempted again."""
    inputs: tuple[Input, ...] = dataclasses.field(default=(), repr=False)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    """What made the rows: dateline, schema, and what the caller named, such as models."""
    rows: dict[str, int] = dataclasses.field(default_factory=dict)
    """Table -> rows that the run committed."""
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    """The caller's own totals."""
    files: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Committed files, relative to the dataset."""
    pane: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Of a stream's commit: `start` and `end` of its window, `index` of the pane, whether `late`, and the `job`."""

    @property
    def date(self) -> datetime.date:
        """The partition of the run's rows: the day on which it began (UTC)."""
        return self.started.date()


def is_remote(uri: str) -> bool:
    """Whether the address may give something else every time it is read."""
    return uri.startswith(("http://", "https://"))


def listing_id(inputs: Iterable[Input]) -> str:
    """Hash of the list of inputs, whatever its order.

    >>> listing_id([Input("a", 1, 2.0), Input("b")]) == listing_id([Input("b"), Input("a", 1, 2.0)])
    True
    """
    return stable_id(*(part for one in sorted(inputs, key=repr) for part in map(repr, one)))


def run_id_of(listing: str, started: datetime.datetime | None) -> str:
    """The id of a run over a list of inputs; with the time for lists that name feeds, which change.

    >>> len(run_id_of("4f0c", None))
    16
    """
    parts = [listing] if started is None else [listing, started.isoformat()]
    return stable_id(*parts)[:RUN_ID_DIGITS]


def to_json(run: Run) -> dict[str, Any]:
    """The run's record, ready for JSON."""
    return {
        **dataclasses.asdict(run),
        "started": run.started.isoformat(),
        "date": run.date.isoformat(),
        "inputs": [one._asdict() for one in run.inputs],
    }


def from_json(record: dict[str, Any]) -> Run:
    """The run of a record; keys that this version does not know are left out."""
    known = {field.name for field in dataclasses.fields(Run)}
    values = {key: value for key, value in record.items() if key in known}
    return Run(
        **{
            **values,
            "started": datetime.datetime.fromisoformat(record["started"]),
            "inputs": tuple(Input(**one) for one in record["inputs"]),
            "files": tuple(record["files"]),
        }
    )


def dump(record: dict[str, Any]) -> bytes:
    """JSON for machines and people."""
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def write_run(output: str, run: Run) -> None:
    """Puts the run's record in place at once."""
    aside = files.join(output, layout.staging_folder(run.run_id))
    files.write_whole(files.join(output, layout.record_path(run.run_id)), dump(to_json(run)), aside=aside)


def find_run(output: str, run_id: str) -> Run | None:
    """The run's record, if it ever began."""
    path = files.join(output, layout.record_path(run_id))
    return from_json(json.loads(files.read_bytes(path))) if files.size_of(path) is not None else None


def read_run(output: str, run_id: str) -> Run:
    """The run's record.

    Raises:
        ValueError: the dataset has no such run.
    """
    run = find_run(output, run_id)
    if run is None:
        raise ValueError(f"{output}: no run {run_id!r} has begun here")
    return run


def dump_lines(found: Iterable[Run]) -> bytes:
    """Records a line each, oldest first; a list of inputs stands with the first run over it."""
    lines = []
    told: set[str] = set()
    for run in sorted(found, key=lambda run: (run.started, run.run_id)):
        record = to_json(run)
        if run.listing in told:
            record["inputs"] = []
        told.add(run.listing)
        lines.append(json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n")
    return "".join(lines).encode()


def read_lines(content: bytes) -> list[Run]:
    """What `dump_lines` wrote, gzipped."""
    inputs: dict[str, tuple[Input, ...]] = {}
    found = []
    for line in gzip.decompress(content).decode().splitlines():
        run = from_json(json.loads(line))
        if run.inputs:
            inputs[run.listing] = run.inputs
        found.append(dataclasses.replace(run, inputs=inputs.get(run.listing, ())))
    return found


def list_runs(output: str, newest: int | None = None) -> list[Run]:
    """The records of all runs of a dataset, oldest first; none if it is no dataset.

    Args:
        output: folder or URL of the dataset.
        newest: only so many, those written last, and of those only that
            have not been put together; a job that runs every 15 minutes has
            35,000 in a year.
    """
    found = FileSystems.match([files.join(output, layout.RUNS, "*.json")])[0].metadata_list
    last_first = sorted(found, key=lambda one: (-(one.last_updated_in_seconds or 0), one.path))
    runs = [from_json(json.loads(files.read_bytes(one.path))) for one in last_first[:newest]]
    if newest is None:
        alone = {run.run_id for run in runs}
        for path in files.list_files(files.join(output, layout.HISTORY, "*.jsonl.gz")):
            runs += [run for run in read_lines(files.read_bytes(path)) if run.run_id not in alone]
    return sorted(runs, key=lambda run: (run.started, run.run_id))
