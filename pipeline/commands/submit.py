"""`dateline submit`: a run handed to a service that goes on without us, or shown as it would be handed over."""

import argparse
import datetime
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.run import add_overrides
from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring.terminal import show
from transforms.settings import got

if TYPE_CHECKING:
    from pipeline.config import Settings

EPILOG = """\
--dry-run builds the job as the Dataflow service would be given it, and prints its steps, the image of
its workers and the files that would be uploaded. It asks no network: patterns on gs:// stand for
themselves. Needs pip install 'apache-beam[gcp]', as a submission does.

exit codes: 0 submitted, or shown; 1 the service refused it; 2 the settings are wrong
"""


def add_submit_command(commands: Any) -> None:
    """Add `submit` to the command line."""
    sub = commands.add_parser(
        "submit",
        help="hand a run to Dataflow, or show what would be handed over",
        description="Send a run to a service such as Dataflow, and exit without waiting for its end.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_submit)
    sub.add_argument("config", help="YAML file, such as configs/dataflow.yaml")
    add_overrides(sub)
    sub.add_argument("--dry-run", action="store_true", help="build the job and print it; send nothing")
    sub.add_argument("--json", metavar="FILE", help="with --dry-run, write the whole job and graph here")


# Packages that take seconds to import are imported where they are used, so that --help is fast.


def _submit(args: argparse.Namespace) -> int:
    from pipeline.beam_flags import use_for_files
    from pipeline.config import load_settings
    from pipeline.engines.known import engine_of

    settings = load_settings(
        args.config, inputs=args.input, output=args.output, changes=args.set, beam_flags=args.beam_flags
    )
    use_for_files(settings.options)
    engine = engine_of(settings.launch.runner)
    if engine.is_local:
        raise ConfigurationError([got("runner", settings.launch.runner, "DataflowRunner; or use `dateline run`")])
    problems = [
        got(name, getattr(settings.launch, name), "no value: the service watches a job that is submitted")
        for name in ("max_minutes", "metrics", "prometheus")
        if getattr(settings.launch, name)
    ]
    problems += engine.check(settings)
    if problems:
        raise ConfigurationError(problems)
    if args.json and not args.dry_run:
        raise ConfigurationError(["--json: is for --dry-run; a job that is submitted is shown by the service"])
    return show_job(settings, args.json) if args.dry_run else submit(settings)


def show_job(settings: "Settings", file: str | None = None) -> int:
    """Print the job that a submission would send, and keeps the whole of it in a file.

    Raises:
        ConfigurationError: the runner is not Dataflow's, its packages are missing, or an option is wrong.
    """
    from pipeline.engines.known import engine_of
    from pipeline.launch.checks import find_sources
    from transforms.dataset.open_run import new_run
    from transforms.dataset.runs import Input
    from transforms.http.redact import mask

    if file and (Path(file).is_dir() or not os.access(Path(file).resolve().parent, os.W_OK)):
        raise ConfigurationError([f"--json {file}: cannot be written there; give a file in a folder that exists"])
    if not engine_of(settings.launch.runner).is_service:
        raise ConfigurationError([got("runner", settings.launch.runner, "DataflowRunner with --dry-run")])
    try:
        from pipeline.engines.dataflow import build_job, job_text
    except ImportError as error:
        raise ConfigurationError(
            [f"runner: DataflowRunner needs packages that are missing ({error}): pip install 'apache-beam[gcp]'"]
        ) from error
    sources = find_sources(settings, remote=False)
    settings = settings.with_sources(sources)
    run = new_run([Input(mask(source.uri)) for source in sources], datetime.datetime.now(datetime.UTC))
    try:
        job = build_job(settings, run)
    except ValueError as error:
        raise ConfigurationError([f"beam: {line}" for line in str(error).splitlines()]) from error
    show(job_text(job), end="")
    if file:
        Path(file).write_text(json.dumps(job.as_json(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        show(f"\nThe whole of it is in {file}.")
    return Exit.DONE


def submit(settings: "Settings") -> int:
    """Return hands the run over, says under what id and where to look, and leaves."""
    import apache_beam as beam

    from pipeline.graph.batch import build
    from pipeline.launch.checks import begin, check_models, find_sources, last_line

    check_models(settings)
    sources = find_sources(settings)
    settings = settings.with_sources(sources)
    run = begin(settings, sources)
    try:
        p = beam.Pipeline(runner=settings.launch.runner, options=settings.options)
        build(p, settings, run)
        result = p.run()
    except Exception as error:
        show(f"dateline: not submitted: {last_line(error)}", file=sys.stderr)
        return Exit.FAILED
    show(f"dateline: run {run.run_id} into {settings.output} is handed to {settings.launch.runner}")
    show(where_to_look(result, settings))
    show(f"It commits when it ends; `dateline describe {settings.output}` then says what is there.")
    return Exit.DONE


def where_to_look(result: Any, settings: "Settings") -> str:
    """Return the job's id and its page, as far as the runner tells."""
    if not getattr(result, "has_job", False):
        return "  a template was written; no job was started" if hasattr(result, "has_job") else "  it gave no job id"
    given = settings.options.get_all_options()
    page = f"https://console.cloud.google.com/dataflow/jobs/{given['region']}/{result.job_id()}"
    return f"  job {result.job_id()}\n  {page}?project={given['project']}"
