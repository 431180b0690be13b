"""`dateline check`: a configuration is checked without a run, or every file of a dataset is read."""

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.run import EPILOG as RUN_EPILOG
from pipeline.commands.run import add_overrides, settings_of
from pipeline.errors import ConfigurationError, DatasetBusy, Exit
from pipeline.monitoring.terminal import show
from transforms.settings import got

if TYPE_CHECKING:
    from transforms.dataset.check import Scan
    from transforms.dataset.repair import Repaired

EPILOG = """\
Of a folder or URL, a dataset is checked: names, links, every page of every Parquet file, records of runs,
manifests, memory, known articles, and ids that are there twice. A line is printed for each finding. Nothing
is changed without --repair, which moves what is damaged into _dateline/damaged, deletes nothing, brings the
records of runs in line with what is left, and says which run to do again. Of a file, a configuration is checked.

exit codes: 0 sound; 1 findings, with --repair those that are left; 2 not a dataset; 4 a run is writing into it
"""


def add_check_command(commands: Any) -> None:
    """Add `check` to the command line."""
    text = "check a configuration without running it, or the files of a dataset"
    sub = commands.add_parser(
        "check",
        help=text,
        description=text,
        epilog=f"{EPILOG}\n{RUN_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_check)
    sub.add_argument("config", metavar="CONFIG_OR_DATASET", help="YAML file, or the folder of a dataset")
    sub.add_argument("--repair", action="store_true", help="set damaged files of a dataset aside")
    add_overrides(sub)


def _check(args: argparse.Namespace) -> int:
    if is_dataset(args.config):
        from pipeline.beam_flags import beam_options, use_for_files

        use_for_files(beam_options(args.beam_flags))
        return check_dataset(args)
    if args.repair:
        raise ConfigurationError([got("--repair", args.config, "the folder of a dataset")])
    from pipeline.launch.batch import check

    return check(settings_of(args))


def is_dataset(given: str) -> bool:
    """Return True if the argument of `check` is a dataset and not a configuration.

    >>> is_dataset("gs://bucket/out"), is_dataset("configs/sample.yaml")
    (True, False)
    """
    return Path(given).is_dir() or ("://" in given and not given.endswith((".yaml", ".yml")))


def check_dataset(args: argparse.Namespace) -> int:
    """Check a dataset, and repair it if the command has `--repair`."""
    from transforms.dataset import DatasetLocked, files, layout
    from transforms.dataset.check import scan
    from transforms.dataset.repair import repair
    from transforms.dataset.trust import UntrustedDataset
    from transforms.deduplicate.segments import check_segment
    from transforms.read.memory import forget_inputs

    if args.input or args.output or args.set:
        raise ConfigurationError(["--input, --output, --set: not for a dataset; give them with a configuration"])
    try:
        output = files.check_output(args.config)
        if not any(files.list_files(files.join(output, folder, "**")) for folder in (layout.RUNS, layout.OWN)):
            raise ConfigurationError([f"dataset: got {output!r}; expected the folder that `dateline run` has written"])
        if not args.repair:
            found = scan(output, check_segment)
            show(report(found))
            return Exit.FAILED if found.findings else Exit.DONE
        done = repair(output, datetime.datetime.now(datetime.UTC), check_segment, forget_inputs)
    except DatasetLocked as error:
        raise DatasetBusy([f"dataset: a run is writing into {args.config!r}; wait until it has ended"]) from error
    except UntrustedDataset as error:
        raise ConfigurationError([f"dataset: {error}"]) from error
    except ValueError as error:
        raise ConfigurationError([str(error)]) from error
    show(report_repair(done))
    return Exit.FAILED if done.after.findings else Exit.DONE


def report(found: "Scan") -> str:
    """Return a line for each finding, and one for all."""
    lines = [f"  {one}" for one in found.findings]
    rows = sum(part.rows for one in found.tables.values() for part in one.parts)
    summary = (
        f"{found.count:,} files, {len(found.runs) + len(found.folded):,} runs, {rows:,} rows that can be read:"
        f" {f'{len(found.findings):,} findings' if found.findings else 'sound'}"
    )
    return "\n".join([*lines, summary])


def report_repair(done: "Repaired") -> str:
    """Return lines on what was set aside, what to do next, and what is still wrong."""
    lines = [f"  set aside: {path if path.isprintable() else repr(path)}" for path in done.aside]
    head = [f"{len(done.aside):,} files set aside in {done.folder}"] if done.aside else ["nothing to set aside"]
    return "\n".join([*lines, *head, *(f"  {note}" for note in done.notes), report(done.after)])
