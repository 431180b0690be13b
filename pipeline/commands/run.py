"""`dateline run`: a configuration -> a run; and the arguments of every command that takes a configuration."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from pipeline.monitoring import logs

if TYPE_CHECKING:
    from pipeline.config import Settings

EPILOG = """\
A section of the configuration is a step of the pipeline and a key is a setting of it. `--set` overrides
a setting for this run: --set extract.batch_size=16, --set workers=2, --set 'read.inputs=[a.txt, b.txt]'.
Arguments after `--` are Beam's: --set runner=FlinkRunner -- --flink_master=localhost:8081

Inputs are files by glob (.txt .html .htm .jsonl .xml .rss .atom .json, each also .gz, local or gs://,
s3://, hdfs:// ...), http(s) addresses of feeds, or a list of feeds such as seeds/feeds.csv. A glob
means what it means to a shell: *.txt, **/*.txt (any folder), {a,b}.txt, [a-z]*, ~/news/*; quote it.
A file that matches and cannot be read is a row of the failures table. If a run is repeated over the
same files, it replaces its own rows. Articles that other runs have written to the same output are
not written twice.
"""


def add_run_command(commands: Any) -> None:
    """Add `run` to the command line."""
    text = "run the pipeline: articles in, Parquet out"
    sub = commands.add_parser(
        "run", help=text, description=text, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sub.set_defaults(command=_run)
    sub.add_argument("config", help="YAML file, such as configs/sample.yaml")
    add_overrides(sub)
    sub.add_argument("--metrics", metavar="FILE", help="write the run's figures here as JSON, - for stdout")
    sub.add_argument("--prometheus", metavar="FILE", help="write them here in Prometheus' text format")
    sub.add_argument("--log-format", choices=logs.FORMATS, default="text", help="json: progress and errors as objects")


def add_overrides(sub: argparse.ArgumentParser) -> None:
    """Add the options that override settings of a configuration."""
    sub.add_argument(
        "--input", nargs="+", action="extend", default=[], metavar="GLOB_OR_URL", help="override read.inputs"
    )
    sub.add_argument("--output", metavar="DIR", help="override write.output, the folder of the dataset")
    sub.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="override a setting")


def settings_of(args: argparse.Namespace) -> "Settings":
    """Return the settings of a configuration with the overrides of the command line.

    Raises:
        ConfigurationError: with every mistake.
    """
    from pipeline.beam_flags import use_for_files
    from pipeline.config import load_settings

    files = {name: getattr(args, name, None) for name in ("metrics", "prometheus")}
    changes = [*args.set, *(f"{name}={json.dumps(file)}" for name, file in files.items() if file)]
    settings = load_settings(
        args.config, inputs=args.input, output=args.output, changes=changes, beam_flags=args.beam_flags
    )
    use_for_files(settings.options)
    return settings


def _run(args: argparse.Namespace) -> int:
    from pipeline.launch.batch import launch

    return launch(settings_of(args))
