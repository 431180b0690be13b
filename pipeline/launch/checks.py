"""Checks before a run or a stream starts, and what both need to begin."""

import datetime
import os
import re
from collections.abc import Iterable
from pathlib import Path

from apache_beam.io.filesystems import FileSystems

from pipeline.config import Settings
from pipeline.engines.known import engine_of
from pipeline.engines.ports import check_ports
from pipeline.errors import ConfigurationError, DatasetBusy
from pipeline.monitoring import logs
from pipeline.monitoring.metrics import STDOUT
from transforms import Run, Source, begin_run, resolve_inputs
from transforms.dataset import DatasetLocked
from transforms.dataset.sinks import sink_of
from transforms.dataset.trust import DamagedFile, UntrustedDataset
from transforms.extract.models import load_models, model_ids
from transforms.gazetteer.lookup import Gazetteer
from transforms.http.redact import mask
from transforms.read.sources import is_address
from transforms.settings import got


def check_engine(settings: Settings) -> None:
    """Raise ConfigurationError for an engine whose program is missing, that is open to others, or that cannot work."""
    check_ports(settings)
    if problems := engine_of(settings.launch.runner).check(settings):
        raise ConfigurationError(problems)


def advise_contact(settings: Settings, inputs: Iterable[str]) -> None:
    """Print advice if addresses are requested without a contact: publishers block readers that they cannot reach."""
    if any(map(is_address, inputs)) and not settings.read.contact:
        text = "dateline: read.contact is empty; give publishers a page or mailbox to reach you by"
        logs.say(text, event="advice", level="warning")


def check_output(output: str) -> None:
    """Raise ConfigurationError for a local folder that cannot be written to, or an unknown file system."""
    sink = sink_of(output)
    try:
        sink.check()
    except ValueError as error:
        raise ConfigurationError([f"write.{error}"]) from error
    output = sink.output
    if "://" in output:
        try:
            FileSystems.get_filesystem(output)
        except ValueError as error:
            raise ConfigurationError([f"write.output: {error}"]) from error
        return
    folder = next(path for path in (Path(output).absolute(), *Path(output).absolute().parents) if path.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ConfigurationError([got("write.output", output, f"a folder that can be written to; {folder} cannot")])


def check_reports(settings: Settings) -> None:
    """Raise ConfigurationError for metrics files that cannot be written: a run writes them last, hours later."""
    problems = []
    for name in ("metrics", "prometheus"):
        given = getattr(settings.launch, name)
        if not given or given == STDOUT:
            continue
        path = Path(given).absolute()
        folder = next(one for one in path.parents if one.exists())
        if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
            problems.append(got(name, given, "a file in a folder that can be written to"))
    if problems:
        raise ConfigurationError(problems)


def check_models(settings: Settings) -> None:
    """Raise ConfigurationError for a model that cannot be loaded or finds nothing."""
    try:
        load_models(settings.extract.model)
    except ValueError as error:
        raise ConfigurationError([str(error)]) from error


def find_sources(settings: Settings, *, remote: bool = True) -> list[Source]:
    """Return the files and addresses to read; ConfigurationError for a pattern without any."""
    try:
        return resolve_inputs(settings.inputs, remote=remote)
    except ValueError as error:
        here = "paths are relative to the folder in which the command is typed"
        raise ConfigurationError([f"read.{line} ({here})" for line in str(error).splitlines()]) from error


def begin(settings: Settings, sources: list[Source]) -> Run:
    """Open the run; ConfigurationError where the output cannot be written, DatasetBusy where another one writes."""
    listing = [(mask(source.uri), source.size, source.modified) for source in sources]
    try:
        return begin_run(settings.output, listing, datetime.datetime.now(datetime.UTC), versions=versions_of(settings))
    except DatasetLocked as error:
        raise DatasetBusy([f"write.{error}"]) from error
    except (UntrustedDataset, DamagedFile) as error:
        raise ConfigurationError([f"write.output: {error}"]) from error
    except ValueError as error:
        raise ConfigurationError([f"write.{error}"]) from error


def versions_of(settings: Settings) -> dict[str, str]:
    """Return the ids of model and gazetteer, for the record of the run."""
    model = settings.extract.model
    gazetteer = Gazetteer(settings.geocode.gazetteer).id
    return {"model": ", ".join(model_ids(model)), "gazetteer": gazetteer}


def last_line(error: Exception) -> str:
    """Return the last line of an error, because Beam wraps tracebacks into its message; of gRPC's errors the details.

    >>> last_line(Exception('<_InactiveRpcError of RPC that terminated with:\\n\\tdetails = "Socket closed"\\n>'))
    'Socket closed'
    """
    text = str(error)
    if text.endswith("\n>") and (details := re.findall(r'details = "(.+)"$', text, re.MULTILINE)):
        return str(details[-1])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
