"""A YAML file -> the settings of a run, or every mistake in it at once.

A section of the file is a transform and a key in it is a field of that
transform, so a setting's name, default and documentation have one home. What
the launcher alone knows, such as the run, is not a setting: those fields are
listed in `GIVEN_BY_RUN`.
"""

import argparse
import contextlib
import dataclasses
import difflib
import io
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pydantic
import yaml
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.engines.flink import FlinkJobOptions as FlinkJobOptions  # known to Beam once imported
from pipeline.engines.options import QuickOptions
from pipeline.errors import ConfigurationError
from transforms import Deduplicate, Extract, Geocode, Parse, Read, Write

SECTIONS: dict[str, type] = {
    "read": Read,
    "parse": Parse,
    "deduplicate": Deduplicate,
    "extract": Extract,
    "geocode": Geocode,
    "write": Write,
}
GIVEN_BY_RUN = {"run", "fetched", "memory", "sources"}
OF_STREAMS = ("stream", "kafka", "pubsub")
MAX_JOB_SECONDS = 10 * 365 * 86_400
MAX = {"seconds": 1e6, "minutes": 1e6, "hours": 1e5, "days": 1e5, "bytes": 1e12}
"""What a setting's name ends in -> the largest number that it takes; beyond it clocks, sockets and dates overflow."""
MAX_OF_ALL = 1e9
MAX_WORKERS = 1_000
PRELOAD = "transforms.preload"
"""Module that a worker imports before it takes work."""
LISTEN = ("private", "network")
LOCAL_RUNNERS = ("DirectRunner", "FnApiRunner")
RUNNERS = (*LOCAL_RUNNERS, "PrismRunner", "FlinkRunner", "SparkRunner", "DataflowRunner", "PortableRunner")


@dataclasses.dataclass(kw_only=True)
class Launch:
    """How a run is carried out: the keys of a configuration outside its sections."""

    runner: str = "DirectRunner"
    """Beam runner. DirectRunner means Beam's local FnApiRunner, whatever else is installed."""
    workers: int = 1
    """Processes of a local run; 0 for one a core. Remote runners have flags of their own."""
    max_failure_share: float = 1.0
    """Share of failed inputs, 0 to 1, above which the command exits with 3."""
    max_minutes: float = 0.0
    """Minutes after which a run is ended with exit code 5, nothing committed; 0 for never."""
    stalled_minutes: float = 0.0
    """Minutes without any step having finished anything, after which a local run is ended likewise; 0 for never."""
    metrics: str = ""
    """File to write the run's figures to as JSON when it has ended, however it ended; `-` for stdout."""
    prometheus: str = ""
    """File to write them to in Prometheus' text format, in the folder that node_exporter's textfile collector reads."""
    listen: str = "private"
    """Access to the servers of a run: `private` for this user only, where an engine that cannot do that is refused;
    `network`, everybody who can reach this machine: each of them can run code as you."""
    workers_secret: str = ""
    """File with the secret of the worker pool that `beam.environment_config` names, as `dateline workers` writes it;
    without it the file of this user, ~/.config/dateline/workers.secret."""
    beam: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Beam's pipeline options by name: `{region: europe-west1, flink_master: "[local]"}`."""

    def __post_init__(self) -> None:
        if not 0 <= self.workers <= MAX_WORKERS:
            raise ValueError(f"workers is {self.workers}; allowed is 0 (one a core) to {MAX_WORKERS:,}")
        if not 0 <= self.max_failure_share <= 1:
            raise ValueError(f"max_failure_share is {self.max_failure_share}; allowed is 0 to 1")
        for name in ("max_minutes", "stalled_minutes"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed is 0 (never) or more")
        if self.stalled_minutes and self.runner not in LOCAL_RUNNERS:
            raise ValueError(
                f"stalled_minutes is for local runs; what {self.runner} does is not seen from here"
                " (a stream has stream.stalled_minutes)"
            )
        if self.runner not in RUNNERS and "." not in self.runner:
            raise ValueError(
                f"runner is {self.runner!r}; allowed are {', '.join(RUNNERS)}, or a class by its full name"
            )
        if self.listen not in LISTEN:
            raise ValueError(f"listen: got {self.listen!r}; expected {' or '.join(LISTEN)}")
        if self.runner not in LOCAL_RUNNERS and self.workers != 1:
            raise ValueError(f"workers is {self.workers}, but {self.runner} is sized by its own options under `beam`")


@dataclasses.dataclass(frozen=True)
class Settings:
    """Checked settings: each section's keyword arguments, complete enough to build with."""

    sections: dict[str, dict[str, Any]]
    launch: Launch
    options: PipelineOptions

    @property
    def inputs(self) -> list[str]:
        """Return globs and addresses to read."""
        return list(self.sections["read"]["inputs"])

    @property
    def output(self) -> str:
        """Return the dataset's folder."""
        return str(self.sections["write"]["output"])


def load_settings(
    file: str,
    *,
    inputs: Sequence[str] = (),
    output: str | None = None,
    changes: Sequence[str] = (),
    beam_flags: Sequence[str] = (),
    transforms: Mapping[str, type] = SECTIONS,
) -> Settings:
    """Read and checks a configuration with what the command line changes in it.

    Args:
        file: path of the YAML file; paths in it are relative to the current folder.
        inputs: replace `read.inputs`.
        output: replaces `write.output`.
        changes: `section.key=value`, the value in YAML.
        beam_flags: Beam's own flags, `--name=value`.
        transforms: section -> the transform whose fields its keys are.

    Raises:
        ConfigurationError: with all mistakes found.
    """
    tree = read_yaml(file)
    problems = [*apply_changes(tree, changes)]
    if inputs:
        _section(tree, "read")["inputs"] = list(inputs)
    if output is not None:
        _section(tree, "write")["output"] = output
    known = [*transforms, *(field.name for field in dataclasses.fields(Launch))]
    problems += [_unknown(file, key, known) for key in tree if key not in known]
    sections: dict[str, dict[str, Any]] = {}
    for name, transform in transforms.items():
        sections[name], wrong = check_fields(transform, tree.get(name) or {}, f"{file}: {name}.")
        problems += wrong
    _share_gazetteer(sections)
    top, wrong = check_fields(
        Launch, {k: v for k, v in tree.items() if k not in transforms and k in known}, f"{file}: "
    )
    problems += wrong
    flags = [*_as_flags(top.get("beam", {})), *beam_flags]
    problems += check_beam_flags(flags)
    if problems:
        raise ConfigurationError(problems)
    launch = Launch(**top)
    return Settings(sections=sections, launch=launch, options=_options(launch, flags))


def _share_gazetteer(sections: dict[str, dict[str, Any]]) -> None:
    """Datelines are checked against the gazetteer that places them, unless another is named for each."""
    for one, other in (("geocode", "parse"), ("parse", "geocode")):
        if "gazetteer" in sections[one]:
            sections[other].setdefault("gazetteer", sections[one]["gazetteer"])


def read_yaml(file: str) -> dict[str, Any]:
    """Return the file's mapping; a key given twice is a mistake, not a choice.

    Raises:
        ConfigurationError: the file is missing, no YAML, or no mapping.
    """
    try:
        tree = yaml.load(Path(file).read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except OSError as error:
        raise ConfigurationError([f"{file}: cannot be read: {error.strerror or error}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{file}: is not YAML: {' '.join(str(error).split())}"]) from error
    if not isinstance(tree or {}, dict):
        raise ConfigurationError([f"{file}: holds {type(tree).__name__}; allowed is a mapping of sections"])
    return tree or {}


class _UniqueKeys(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for key_node, _ in node.value:
            if keys.count(key_node.value) > 1 and key_node.value != "<<":
                raise yaml.MarkedYAMLError(problem=f"key {key_node.value!r} twice", problem_mark=key_node.start_mark)
        return super().construct_mapping(node, deep)


def apply_changes(tree: dict[str, Any], changes: Sequence[str]) -> Iterator[str]:
    """Set `section.key=value` in the tree; yields a problem for each that has another form."""
    for change in changes:
        path, equals, text = change.partition("=")
        section, dot, key = path.strip().rpartition(".")
        if not equals or not key or "." in section:
            yield f"--set {change}: allowed is section.key=value or key=value"
            continue
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            yield f"--set {change}: the value is not YAML: {' '.join(str(error).split())}"
            continue
        (_section(tree, section) if dot else tree)[key] = value


def _section(tree: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(tree.get(name), dict):
        tree[name] = {}
    section: dict[str, Any] = tree[name]
    return section


def check_fields(target: type, given: Any, where: str) -> tuple[dict[str, Any], list[str]]:
    """Check names, types and values of a dataclass's fields.

    Returns:
        The values as keyword arguments, and a line for each mistake.
    """
    if not isinstance(given, Mapping):
        return {}, [f"{where[:-1]}: is {given!r}; allowed is a mapping of keys"]
    fields = {f.name: f for f in dataclasses.fields(target) if f.init and f.name not in GIVEN_BY_RUN}
    problems = [_unknown(where.rpartition(":")[0], key, list(fields), where) for key in given if key not in fields]
    values, wrong = _check_types(target, fields, {k: v for k, v in given.items() if k in fields}, where)
    wrong += _too_large(values, where)
    problems += wrong
    if not wrong:
        try:
            # What the run will give is not known yet and not checked here.
            target(**values, **dict.fromkeys(GIVEN_BY_RUN & _required(target)))
        except ValueError as error:
            problems.append(where + str(error).removeprefix(f"{target.__name__.lower()}."))
    return values, problems


def _check_types(
    target: type, fields: Mapping[str, Any], given: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], list[str]]:
    hints = get_type_hints(target)
    required = _required(target)
    shape: dict[str, Any] = {name: (hints[name], ... if name in required else None) for name in fields}
    model = pydantic.create_model(
        target.__name__,
        __config__=pydantic.ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False),
        **shape,
    )
    try:
        checked = model(**given)
    except pydantic.ValidationError as error:
        return {}, _type_problems(where, error.errors())
    return {name: getattr(checked, name) for name in given}, []


def _too_large(values: Mapping[str, Any], where: str) -> list[str]:
    numbers = {name: value for name, value in values.items() if isinstance(value, int | float)}
    most = {name: MAX.get(name.rpartition("_")[2], MAX_OF_ALL) for name in numbers}
    return [
        f"{where}{name}: is {value}; allowed is at most {most[name]:,.0f}"
        for name, value in numbers.items()
        if value > most[name]
    ]


def _required(target: type) -> set[str]:
    missing = dataclasses.MISSING
    return {f.name for f in dataclasses.fields(target) if f.default is missing and f.default_factory is missing}


def _type_problems(where: str, errors: Sequence[Any]) -> list[str]:
    """Return a line for each key, though a value that fits none of several types gives an error for each type."""
    by_key: dict[str, list[Any]] = {}
    for error in errors:
        by_key.setdefault(str(error["loc"][0]), []).append(error)
    return [_type_problem(where + key, found) for key, found in by_key.items()]


def _type_problem(key: str, errors: Sequence[Any]) -> str:
    if errors[0]["type"] == "missing":
        return f"{key}: is missing; it has no default"
    wanted = " or ".join(dict.fromkeys(error["msg"].replace("Input should be ", "") for error in errors))
    return f"{key}: is {errors[0]['input']!r}; allowed is {wanted}"


def _unknown(file: str, key: Any, known: Sequence[str], where: str | None = None) -> str:
    close = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    if where is None and key in OF_STREAMS:
        hint = "it is for `dateline stream`, and `dateline stream --check` checks it; "
    return f"{where or file + ': '}{key}: unknown key; {hint}allowed: {', '.join(known)}"


def _as_flags(beam: Mapping[str, Any]) -> list[str]:
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
        problems.append(f"beam: --runner: is a key of its own: --set runner={given.runner}")
    if getattr(given, "save_main_session", None):
        problems.append("beam: --save_main_session: is not needed, dateline is an installed package")
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
    """Let this process reach gs:// and s3:// as the options say; workers are told by their runner."""
    FileSystems.set_options(options)


def _unknown_flag(flag: str, known: Sequence[str]) -> str:
    name = flag.partition("=")[0]
    close = difflib.get_close_matches(name.removeprefix("--"), known, n=1)
    return f"beam: {name}: no such flag of Beam" + (f"; did you mean --{close[0]}?" if close else "")


def _subclasses(cls: type) -> Iterator[Any]:
    children: list[Any] = cls.__subclasses__()
    for child in children:
        if "_add_argparse_args" in vars(child):
            yield child
        yield from _subclasses(child)


def _options(launch: Launch, flags: Sequence[str]) -> PipelineOptions:
    if launch.runner in LOCAL_RUNNERS:
        own = [f"--direct_num_workers={launch.workers}"]
    else:
        # Meant for the answer to a request, it ends the watch over a job as well, whatever the job is at.
        # Beam's worker imports plugins before it takes work, and we need all to be imported then.
        own = [f"--job_server_timeout={MAX_JOB_SECONDS}", f"--beam_plugins={PRELOAD}"]
    return QuickOptions([*own, *flags])
