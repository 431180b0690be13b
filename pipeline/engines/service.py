"""The options that Dataflow needs, and the paths that its workers, on other machines, cannot reach."""

from collections.abc import Mapping
from typing import Any

from pipeline.config import Settings
from transforms.dataset import files
from transforms.feeds.feed_list import is_feed_list
from transforms.read.sources import is_address
from transforms.settings import got

BRING_DATELINE = (
    "sdk_container_image",
    "worker_harness_container_image",
    "setup_file",
    "extra_packages",
    "prebuild_sdk_container_engine",
)
"""Beam's options, each a way in which workers come to have the package."""


def service_problems(settings: Settings) -> list[str]:
    """Return a line for each setting with which a job on Dataflow could only fail, or write where nobody finds it."""
    return missing_options(settings.options.get_all_options()) + out_of_reach(settings)


def missing_options(given: Mapping[str, Any]) -> list[str]:
    """Return a line for each option without which Beam would ask a network, or make a bucket, to find one.

    >>> missing_options({"project": "p", "region": "r", "temp_location": "bucket/tmp", "setup_file": "setup.py"})
    ["beam.temp_location: got 'bucket/tmp'; expected a folder on gs://"]
    """
    problems = [f"beam: {name}: is missing; Dataflow needs it" for name in ("project", "region") if not given.get(name)]
    place = given.get("temp_location") or given.get("staging_location")
    if not str(place).startswith("gs://"):
        problems.append(got("beam.temp_location", place, "a folder on gs://"))
    if not any(given.get(name) for name in BRING_DATELINE):
        problems.append(
            "beam: sdk_container_image: is missing, so workers would have no Dateline; give it,"
            " or --setup_file=./setup.py"
        )
    return problems


def out_of_reach(settings: Settings) -> list[str]:
    """Return a line for each input and output that only this machine has; lists of feeds are read here."""
    local = [one for one in settings.inputs if not is_address(one) and not is_feed_list(one) and files.is_local(one)]
    problems = [f"read.inputs: {one!r} is on this machine, where Dataflow's workers cannot read it" for one in local]
    if files.is_local(settings.output):
        problems.append(
            f"write.output: {settings.output!r} is on this machine, where Dataflow's workers cannot write;"
            " give a folder on gs:// or s3://"
        )
    return problems
