"""Settings of a run or a stream, as typed objects, from a YAML file; or every mistake in it together.

A section of the file is a transform, and a key in it is a field of that
transform: name, default and documentation of a setting have one home. Fields
that only the launcher knows, such as the run, are not settings; `GIVEN_BY_RUN`
lists them, and `dataclasses.replace` sets them when the graph is built.
"""

import dataclasses
import difflib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import pydantic
import yaml
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.beam_flags import as_flags, check_beam_flags
from pipeline.engines.known import RUNNERS, engine_of
from pipeline.engines.options import QuickOptions
from pipeline.errors import ConfigurationError
from transforms import Deduplicate, Extract, Geocode, Parse, Read, Source, Write
from transforms.settings import bad_setting, got

GIVEN_BY_RUN = {"run", "fetched", "memory", "sources", "only"}
OF_STREAMS = ("stream", "kafka", "pubsub")
MAX = {"seconds": 1e6, "minutes": 1e6, "hours": 1e5, "days": 1e5, "bytes": 1e12}
"""What a setting's name ends in -> the largest number that it takes; beyond it clocks, sockets and dates overflow."""
MAX_OF_ALL = 1e9
MAX_WORKERS = 1_000
LISTEN = ("private", "network")


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
            raise bad_setting("workers", self.workers, f"0 (one for each core) to {MAX_WORKERS:,}")
        if not 0 <= self.max_failure_share <= 1:
            raise bad_setting("max_failure_share", self.max_failure_share, "a share, 0 to 1")
        for name in ("max_minutes", "stalled_minutes"):
            if getattr(self, name) < 0:
                raise bad_setting(name, getattr(self, name), "at least 0 (0 for no timeout)")
        if self.stalled_minutes and not engine_of(self.runner).is_local:
            rule = f"0 with {self.runner}, whose progress is not visible here (a stream has stream.stalled_minutes)"
            raise bad_setting("stalled_minutes", self.stalled_minutes, rule)
        if self.runner not in RUNNERS and "." not in self.runner:
            raise bad_setting("runner", self.runner, f"{', '.join(RUNNERS)}, or a class by its full name")
        if self.listen not in LISTEN:
            raise bad_setting("listen", self.listen, " or ".join(LISTEN))
        if not engine_of(self.runner).is_local and self.workers != 1:
            raise bad_setting("workers", self.workers, f"1 with {self.runner}, which has its own options under `beam`")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Checked settings of a run. A field with a transform is a section of the file."""

    read: Read
    parse: Parse
    deduplicate: Deduplicate
    extract: Extract
    geocode: Geocode
    write: Write
    launch: Launch
    options: PipelineOptions

    @property
    def inputs(self) -> list[str]:
        """Return globs and addresses to read."""
        return list(self.read.inputs)

    @property
    def output(self) -> str:
        """Return the dataset's folder."""
        return self.write.output

    def with_sources(self, sources: list[Source]) -> "Settings":
        """Return the settings with the inputs resolved, so that workers need not do it again."""
        return dataclasses.replace(self, read=dataclasses.replace(self.read, sources=sources))


AnySettings = TypeVar("AnySettings", bound=Settings)


def sections_of(kind: type[Settings]) -> dict[str, type]:
    """Return the sections of a kind of settings: name -> transform whose fields are the keys.

    >>> list(sections_of(Settings))
    ['read', 'parse', 'deduplicate', 'extract', 'geocode', 'write']
    """
    hints = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    return {name: hints[name] for name in names if name not in ("launch", "options")}


def load_settings(
    file: str,
    *,
    inputs: Sequence[str] = (),
    output: str | None = None,
    changes: Sequence[str] = (),
    beam_flags: Sequence[str] = (),
) -> Settings:
    """Read and check the configuration of a run; arguments as for `load`.

    Raises:
        ConfigurationError: with all mistakes found.
    """
    return load(Settings, file, inputs=inputs, output=output, changes=changes, beam_flags=beam_flags)


def load(
    kind: type[AnySettings],
    file: str,
    *,
    inputs: Sequence[str] = (),
    output: str | None = None,
    changes: Sequence[str] = (),
    beam_flags: Sequence[str] = (),
) -> AnySettings:
    """Read and check a configuration, with the changes of the command line.

    Args:
        kind: settings of a run or of a stream.
        file: path of the YAML file; paths in it are relative to the current folder.
        inputs: replace `read.inputs`.
        output: replaces `write.output`.
        changes: `section.key=value`, the value in YAML.
        beam_flags: Beam's own flags, `--name=value`.

    Raises:
        ConfigurationError: with all mistakes found.
    """
    transforms = sections_of(kind)
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
    flags = [*as_flags(top.get("beam", {})), *beam_flags]
    problems += check_beam_flags(flags)
    if problems:
        raise ConfigurationError(problems)
    launch = Launch(**top)
    built = {name: _build(transforms[name], values) for name, values in sections.items()}
    return kind(**built, launch=launch, options=_options(launch, flags))


def _build(transform: type, values: Mapping[str, Any]) -> Any:
    """Return a transform with its settings; fields that only the run knows are None until then."""
    return transform(**values, **dict.fromkeys(GIVEN_BY_RUN & _required(transform)))


def _share_gazetteer(sections: dict[str, dict[str, Any]]) -> None:
    """Use one gazetteer for datelines and places, unless the sections name different ones."""
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
        raise ConfigurationError([f"{file}: got a {type(tree).__name__}; expected a mapping of sections"])
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
            yield got("--set", change, "section.key=value or key=value")
            continue
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            yield got("--set", change, f"a value in YAML: {' '.join(str(error).split())}")
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
        return {}, [got(where[:-1], given, "a mapping of keys")]
    fields = {f.name: f for f in dataclasses.fields(target) if f.init and f.name not in GIVEN_BY_RUN}
    problems = [_unknown(where.rpartition(":")[0], key, list(fields), where) for key in given if key not in fields]
    values, wrong = _check_types(target, fields, {k: v for k, v in given.items() if k in fields}, where)
    wrong += _too_large(values, where)
    problems += wrong
    if not wrong:
        try:
            _build(target, values)
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
        got(where + name, value, f"at most {most[name]:,.0f}") for name, value in numbers.items() if value > most[name]
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
        return f"{key}: got no value; expected one, as there is no default"
    wanted = " or ".join(dict.fromkeys(error["msg"].replace("Input should be ", "") for error in errors))
    return got(key, errors[0]["input"], wanted)


def _unknown(file: str, key: Any, known: Sequence[str], where: str | None = None) -> str:
    close = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    if where is None and key in OF_STREAMS:
        hint = "it is for `dateline stream`, and `dateline stream --check` checks it; "
    return f"{where or file + ': '}{key}: got an unknown key; {hint}expected {', '.join(known)}"


def _options(launch: Launch, flags: Sequence[str]) -> PipelineOptions:
    """Return Beam's options: those of the engine, then those that are given."""
    return QuickOptions([*engine_of(launch.runner).options(launch), *flags])
