"""Flags of Beam: known ones, their values, and options made of them."""

import argparse
import contextlib
import difflib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.engines.flink import FlinkJobOptions as FlinkJobOptions  # known to Beam once imported
from pipeline.engines.options import QuickOptions
from pipeline.errors import ConfigurationError


def as_flags(beam: Mapping[str, Any]) -> list[str]:
    """Return `{region: x, streaming: true, experiments: [a, b]}` as Beam's command line."""
    flags: list[str] = []
    for name, value in beam.items():
        if value is True:
            flags.append(f"--{name}")
        elif value is not False and value is not None:
            flags += [f"--{name}={item}" for item in (value if isinstance(value, list) else [value])]
    return flags


def check_beam_flags(flags: Sequence[str]) -> list[str]:
    """Return a line for each flag that Beam does not know, and for a value that it refuses: Beam itself only warns."""
    parser = argparse.ArgumentParser(conflict_handler="resolve", add_help=False, allow_abbrev=False)
    for options in _subclasses(PipelineOptions):
        # The public get_all_options() knows destinations only, not the spellings of the flags.
        options._add_argparse_args(parser)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            given, unknown = parser.parse_known_args(list(flags))
    except SystemExit:  # the parser's way to refuse a value
        return [f"beam: {said.getvalue().strip().splitlines()[-1].partition('error: ')[2]}"]
    names = [name.removeprefix("--") for name in parser._option_string_actions if name.startswith("--")]
    problems = [_unknown_flag(flag, names) for flag in unknown]
    if getattr(given, "runner", None):
        problems.append(
            f"beam.runner: got {given.runner!r}; expected the key `runner` in its place: --set runner={given.runner}"
        )
    if getattr(given, "save_main_session", None):
        problems.append(
            "beam.save_main_session: got True; expected nothing: it is not needed, dateline is an installed package"
        )
    return problems


def beam_options(flags: Sequence[str]) -> PipelineOptions:
    """Return Beam's options where there is no configuration.

    Raises:
        ConfigurationError: a flag that Beam does not know.
    """
    if problems := check_beam_flags(flags):
        raise ConfigurationError(problems)
    return QuickOptions(list(flags))


def use_for_files(options: PipelineOptions) -> None:
    """Let this process reach gs:// and s3:// as the options say; workers get the options from their runner."""
    FileSystems.set_options(options)


def _unknown_flag(flag: str, known: Sequence[str]) -> str:
    name = flag.partition("=")[0]
    close = difflib.get_close_matches(name.removeprefix("--"), known, n=1)
    hint = f"; did you mean --{close[0]}?" if close else ""
    return f"beam: got {name!r}; expected a flag that Beam knows{hint}"


def _subclasses(cls: type) -> Iterator[Any]:
    children: list[Any] = cls.__subclasses__()
    for child in children:
        if "_add_argparse_args" in vars(child):
            yield child
        yield from _subclasses(child)
