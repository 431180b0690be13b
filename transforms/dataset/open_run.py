"""Begins a run, or the same run again."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence

from transforms.dataset import files, guard, layout, lock, runs
from transforms.dataset.commit import roll_forward_all
from transforms.dataset.restore import restore_run
from transforms.dataset.runs import Input, Run
from transforms.dataset.schema import dateline_version
from transforms.dataset.trust import DamagedFile, UntrustedDataset
from transforms.records import SCHEMA_VERSION
from transforms.settings import bad_setting

RECENT = 100
"""Runs, the last ones, among which one that never finished is looked for."""


def find_earlier(output: str, inputs: Sequence[Input]) -> Run | None:
    """Return the run that a run over these inputs continues, if there is one.

    Files that have not changed are the same run, finished or not. A feed gives
    other entries every time, so only a run over it that never finished is
    continued, and only if few runs came after it.
    """
    listing = runs.listing_id(inputs)
    if not any(runs.is_remote(one.uri) for one in inputs):
        earlier = runs.find_run(output, runs.run_id_of(listing, None))
        if earlier is None or earlier.listing == listing:
            return earlier
        # A record that `dateline check --repair` has made from the files of the run.
        return dataclasses.replace(earlier, listing=listing, inputs=tuple(inputs))
    recent = runs.list_runs(output, newest=RECENT)
    unfinished = [run for run in recent if run.listing == listing and run.state == "started"]
    return unfinished[-1] if unfinished else None


def new_run(inputs: Sequence[Input], now: datetime.datetime) -> Run:
    """Return a run that has not begun before."""
    listing = runs.listing_id(inputs)
    started = now.astimezone(datetime.UTC)
    remote = any(runs.is_remote(one.uri) for one in inputs)
    run_id = runs.run_id_of(listing, started if remote else None)
    return Run(run_id=run_id, listing=listing, started=started, inputs=tuple(inputs))


def begin(output: str, inputs: Sequence[Input], now: datetime.datetime, versions: dict[str, str]) -> Run:
    """Open a run as `begin_run` does, with the errors of the file system."""
    guard.check_links(output)
    if files.is_local(output):
        lock.hold(files.join(output, layout.OWN))
    roll_forward_all(output)
    earlier = find_earlier(output, inputs)
    # Its rows will be replaced, so they must be in files of their own.
    earlier = restore_run(output, earlier) if earlier else None
    run = earlier or dataclasses.replace(new_run(inputs, now), versions=versions)
    files.remove(files.list_files(files.join(output, layout.staging_folder(run.run_id), "**")))
    # A record that is there stays as it is: it tells what was committed until something else is.
    runs.write_run(output, run)
    return dataclasses.replace(run, versions=versions)


def begin_run(
    output: str,
    inputs: Sequence[tuple[str, int | None, float | None]],
    now: datetime.datetime,
    *,
    versions: Mapping[str, str] | None = None,
) -> Run:
    """Begin a run over the inputs, or begins it again with the time it first began.

    Commits that were cut short are finished first, of whatever run; what an
    earlier attempt at this run left uncommitted is removed.

    Args:
        output: folder or URL of the dataset; made if it does not exist.
        inputs: address, size in bytes and time of change (seconds since 1970)
            of each; None where unknown.
        now: an aware time.
        versions: what else the run's rows depend on, by name, for its record.

    Raises:
        Held: another process of this machine writes into it.
        UntrustedDataset: it names what no dataset of ours names, or has links that leave it.
        DamagedFile: what this run itself needs, such as its record, is damaged.
        ValueError: the output cannot be written to, or `now` has no time zone.
    """
    if now.tzinfo is None:
        raise bad_setting("now", now, "a time with its zone")
    output = files.check_output(output)
    made_with = {"dateline": dateline_version(), "schema": SCHEMA_VERSION, **(versions or {})}
    try:
        return begin(output, [Input(*one) for one in inputs], now, made_with)
    except lock.DatasetLocked as error:
        raise lock.DatasetLocked(
            f"output: another run is writing into {output!r}; wait until it has ended, or give another folder"
        ) from error
    except (UntrustedDataset, DamagedFile):
        raise
    except (OSError, ValueError) as error:
        raise bad_setting("output", output, f"a folder that can be written to: {error}") from error
