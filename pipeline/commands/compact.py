"""`dateline compact`: a dataset's small files -> few large ones."""

import argparse
import datetime
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, DatasetBusy, Exit
from pipeline.monitoring import logs
from pipeline.monitoring.terminal import one_line, show
from transforms.settings import got

if TYPE_CHECKING:
    from transforms.dataset.compact import Compacted

EPILOG = """\
Without --before, all days before today (UTC) are compacted; later days still grow and are skipped.
Rows stay the same. Compaction is atomic: if it is killed, the dataset is still complete. A repeated run
still replaces its own rows. While compaction runs, a run over the same dataset ends with exit code 4;
while a run writes, compaction does.

exit codes: 0 done, also if there was nothing to do; 2 no dataset; 4 a run is writing into it
"""


def add_compact_command(commands: Any) -> None:
    """Add `compact` to the command line."""
    sub = commands.add_parser(
        "compact",
        help="merge the small files of a dataset",
        description="Merge the small files of each table and day, and the records of old runs over feeds.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_compact)
    sub.add_argument("dataset", help="a folder that `dateline run` has written")
    sub.add_argument("--before", metavar="DATE", help="only days before this one, as 2026-11-22; default: today (UTC)")
    sub.add_argument("--target-mb", type=int, default=256, metavar="N", help="target size of merged files, in MB (256)")
    sub.add_argument("--dry-run", action="store_true", help="print the merges, and write nothing")
    sub.add_argument(
        "--alone",
        action="store_true",
        help="required for a URL, which has no lock: confirm that no run writes into it",
    )
    sub.add_argument("--log-format", choices=logs.FORMATS, default="text", help="json: errors as objects")


def _compact(args: argparse.Namespace) -> int:
    from transforms.dataset import DatasetLocked, files
    from transforms.dataset.compact import compact
    from transforms.deduplicate import segments

    if args.target_mb < 1:
        raise ConfigurationError([got("--target-mb", args.target_mb, "at least 1")])
    if not (files.is_local(args.dataset) or args.alone or args.dry_run):
        raise ConfigurationError(
            [f"--alone: got no confirmation for {args.dataset!r}, which has no lock; stop its runs, then add --alone"]
        )
    try:
        done = compact(args.dataset, _date(args.before), target_bytes=args.target_mb * 2**20, dry_run=args.dry_run)
        if not args.dry_run:
            segments.sweep(args.dataset)
    except DatasetLocked as error:
        raise DatasetBusy([f"{args.dataset}: a run is writing into it; wait until it has ended"]) from error
    except ValueError as error:
        raise ConfigurationError([str(error)]) from error
    show(summary(done, dry_run=args.dry_run))
    return Exit.DONE


def _date(text: str | None) -> datetime.date:
    if text is None:
        return datetime.datetime.now(datetime.UTC).date()
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError([got("--before", text, "a date, YYYY-MM-DD")]) from error


def summary(done: "Compacted", *, dry_run: bool) -> str:
    """Return a line for each merged file, and a line of totals."""
    lines = [
        f"  {one_line(merge.target)}  {merge.size / 1e6:,.1f} MB of {len(merge.paths)} files" for merge in done.merges
    ]
    files = sum(len(merge.paths) for merge in done.merges)
    would = "would become" if dry_run else "became"
    return "\n".join(
        [
            *lines,
            f"{files:,} files {would} {len(done.merges):,}; {done.records:,} records of runs over feeds merged;"
            f" {done.left_behind:,} files of killed runs removed",
            *([f"damaged, skipped: {', '.join(done.damaged)}"] if done.damaged else []),
        ]
    )
