"""The record of a run: what it read, when it began, and what it committed."""

import dataclasses
import datetime
import gzip
import json
import typing
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from apache_beam.io.filesystems import FileSystems

from transforms.dataset import bounded, files, layout
from transforms.dataset.trust import DamagedFile, UntrustedDataset, shown, warn
from transforms.records import stable_id

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
        """Return the partition of the run's rows: the day on which it began (UTC)."""
        return self.started.date()


def is_remote(uri: str) -> bool:
    """Return True if the address may give something else every time it is read."""
    return uri.startswith(("http://", "https://"))


def listing_id(inputs: Iterable[Input]) -> str:
    """Return hash of the list of inputs, whatever its order.

    >>> listing_id([Input("a", 1, 2.0), Input("b")]) == listing_id([Input("b"), Input("a", 1, 2.0)])
    True
    """
    return stable_id(*(part for one in sorted(inputs, key=repr) for part in map(repr, one)))


def run_id_of(listing: str, started: datetime.datetime | None) -> str:
    """Return the id of a run over a list of inputs; with the time for lists that name feeds, which change.

    >>> len(run_id_of("4f0c", None))
    16
    """
    parts = [listing] if started is None else [listing, started.isoformat()]
    return stable_id(*parts)[:RUN_ID_DIGITS]


def to_json(run: Run) -> dict[str, Any]:
    """Return the run's record, ready for JSON."""
    return {
        **dataclasses.asdict(run),
        "started": run.started.isoformat(),
        "date": run.date.isoformat(),
        "inputs": [one._asdict() for one in run.inputs],
    }


class BadName(ValueError):
    """A record names what is not of the layout.

    Args:
        got: the name.
        expected: the rule.
    """

    def __init__(self, got: Any, expected: str) -> None:
        super().__init__(f"got {shown(got)}; expected {expected}")
        self.got = got
        self.expected = expected


def from_json(record: Any) -> Run:
    """Return the run of a record; keys that this version does not know are left out.

    Raises:
        BadName: it names a path that is not of the layout.
        ValueError: it is not a run's record.
    """
    if not isinstance(record, dict):
        raise ValueError(f"got {shown(record)}; expected the record of a run")
    for key, is_valid in _VALID.items():
        if key in record and not is_valid(record[key]):
            raise ValueError(f"{key}: got {shown(record[key])}; expected what a run writes there")
    if missing := {"run_id", "listing", "started", "inputs", "files"} - record.keys():
        raise ValueError(f"no {', no '.join(sorted(missing))}; expected the record of a run")
    if not layout.is_run_id(record["run_id"]):
        raise BadName(record["run_id"], "the id of a run")
    for path in record["files"]:
        name = layout.parse(path)
        if name is None or name.kind not in ("shard", "compacted"):
            raise BadName(path, "a file of a table")
    started = datetime.datetime.fromisoformat(record["started"])
    if started.tzinfo is None:
        raise ValueError(f"started: got {shown(record['started'])}; expected a time with its zone")
    values = {key: value for key, value in record.items() if key in _VALID}
    inputs = tuple(Input(one["uri"], one.get("size"), one.get("modified")) for one in record["inputs"])
    return Run(**{**values, "started": started, "inputs": inputs, "files": tuple(record["files"])})


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_dict_of(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(is_valid, value.values()))


def _is_input(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("uri"), str)
        and (value.get("size") is None or _is_count(value["size"]))
        and (value.get("modified") is None or type(value["modified"]) in (int, float))
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_VALID: dict[str, Callable[[Any], bool]] = {
    "run_id": _is_text,
    "listing": _is_text,
    "started": _is_text,
    "state": lambda value: value in typing.get_args(State),
    "inputs": lambda value: isinstance(value, list) and all(map(_is_input, value)),
    "versions": _is_dict_of(_is_text),
    "rows": _is_dict_of(_is_count),
    "counts": _is_dict_of(_is_count),
    "files": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "pane": lambda value: isinstance(value, dict),
}
"""Field of a run -> check of its value in JSON."""


def dump(record: dict[str, Any]) -> bytes:
    """Return JSON for machines and people."""
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def write_run(output: str, run: Run) -> None:
    """Write the run's record atomically.

    Raises:
        ValueError: the record is too large to be read again.
    """
    content = dump(to_json(run))
    if len(content) > bounded.MAX_JSON_BYTES:
        raise ValueError(
            f"read.inputs: got {len(run.inputs):,} inputs, whose list takes {len(content):,} bytes;"
            f" expected at most {bounded.MAX_JSON_BYTES:,}; split the inputs into several runs"
        )
    aside = files.join(output, layout.staging_folder(run.run_id))
    files.write_whole(files.join(output, layout.record_path(run.run_id)), content, aside=aside)


def load_run(path: str) -> Run:
    """Read the record of a run.

    Raises:
        DamagedFile: it cannot be read.
        UntrustedDataset: it names what is not of the layout, or another run.
    """
    record = bounded.read_json(path)
    run_id = path.rpartition("/")[2].removesuffix(".json")
    try:
        run = from_json(record)
        if run.run_id != run_id:
            raise BadName(run.run_id, f"{run_id!r}, the run that the file is named after")
    except BadName as error:
        raise UntrustedDataset(path, error.got, error.expected) from error
    except ValueError as error:
        raise DamagedFile(path, str(error)) from error
    return run


def load_runs(paths: Iterable[str]) -> list[Run]:
    """Read the records of runs; damaged ones are named in a warning and left out."""
    found = []
    for path in paths:
        try:
            found.append(load_run(path))
        except DamagedFile as error:
            warn(error, "this run is left out")
    return found


def find_run(output: str, run_id: str) -> Run | None:
    """Return the run's record, if it ever began."""
    path = files.join(output, layout.record_path(run_id))
    return load_run(path) if files.size_of(path) is not None else None


def read_run(output: str, run_id: str) -> Run:
    """Return the run's record.

    Raises:
        ValueError: the dataset has no such run.
    """
    run = find_run(output, run_id)
    if run is None:
        raise ValueError(f"{output}: no run {run_id!r} has begun here")
    return run


def dump_lines(found: Iterable[Run]) -> bytes:
    """Return one line for each record, oldest first; a list of inputs is only in the first run over it."""
    lines = []
    told: set[str] = set()
    for run in sorted(found, key=lambda run: (run.started, run.run_id)):
        record = to_json(run)
        if run.listing in told:
            record["inputs"] = []
        told.add(run.listing)
        lines.append(json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n")
    return "".join(lines).encode()


def pack_lines(found: Iterable[Run]) -> bytes:
    """Return the content of a month's file of records."""
    return gzip.compress(dump_lines(found), mtime=0)


def read_history(path: str) -> tuple[list[Run], DamagedFile | None]:
    """Read the runs of a month that `dump_lines` wrote, gzipped.

    Returns:
        The runs up to the first damaged line, and the damage.

    Raises:
        UntrustedDataset: a line names what is not of the layout.
    """
    inputs: dict[str, tuple[Input, ...]] = {}
    found: list[Run] = []
    try:
        with files.open_file(path) as handle, bounded.reading(path):
            for line in bounded.read_lines(handle):
                run = from_json(bounded.parse_json(line))
                if run.inputs:
                    inputs[run.listing] = run.inputs
                found.append(dataclasses.replace(run, inputs=inputs.get(run.listing, ())))
    except DamagedFile as error:
        if isinstance(cause := error.__cause__, BadName):
            raise UntrustedDataset(path, cause.got, cause.expected) from error
        return found, error
    return found, None


def history_paths(output: str) -> list[str]:
    """Return files of many records, a month each."""
    return files.list_files(files.join(output, layout.HISTORY, "*.jsonl.gz"))


def read_folded(output: str) -> list[Run]:
    """Return the runs whose records were put together, oldest first; of a damaged file, those before the damage."""
    found: list[Run] = []
    for path in history_paths(output):
        runs, error = read_history(path)
        found += runs
        if error is not None:
            warn(error, f"the runs after the first {len(runs):,} of that month are left out")
    return found


def list_runs(output: str, newest: int | None = None) -> list[Run]:
    """Return the records of all runs of a dataset, oldest first; none if it is not a dataset.

    Args:
        output: folder or URL of the dataset.
        newest: maximum number, those written last, and of those only that
            have not been put together; a job that runs every 15 minutes has
            35,000 in a year.
    """
    found = FileSystems.match([files.join(output, layout.RUNS, "*.json")])[0].metadata_list
    last_first = sorted(found, key=lambda one: (-(one.last_updated_in_seconds or 0), one.path))
    runs = load_runs(one.path for one in last_first[:newest])
    if newest is None:
        alone = {run.run_id for run in runs}
        runs += [run for run in read_folded(output) if run.run_id not in alone]
    return sorted(runs, key=lambda run: (run.started, run.run_id))
