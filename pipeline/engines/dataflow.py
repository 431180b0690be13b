"""The job that Dataflow would be given, built by Beam's own runner and client, without asking any network."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import GoogleCloudOptions, StandardOptions, TestOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner
from apache_beam.runners.dataflow.internal import apiclient
from google.protobuf import json_format

from pipeline.config import Settings
from pipeline.graph.batch import build
from transforms import Run


class Unsent(apiclient.DataflowApplicationClient):
    """Beam's client of the service, that describes the job in full and keeps a list of what it would upload."""

    def __init__(self, options: Any) -> None:
        # Not Beam's own: it asks for credentials, and for a connection with them.
        self.standard_options = options.view_as(StandardOptions)
        self.google_cloud_options = options.view_as(GoogleCloudOptions)
        self.environment_version = apiclient._FNAPI_ENVIRONMENT_MAJOR_VERSION
        self._sdk_image_overrides = self._get_sdk_image_overrides(options)
        self.uploads: dict[str, int] = {}

    def stage_file_with_retry(
        self, gcs_or_local_path: str, file_name: str, stream_or_path: Any, *_: Any, **__: Any
    ) -> None:
        """Note the file and its bytes, in place of sending it."""
        if isinstance(stream_or_path, str):
            size = Path(stream_or_path).stat().st_size
        else:
            size = len(stream_or_path.getbuffer())
        self.uploads[f"{gcs_or_local_path}/{file_name}"] = size

    def _gcs_file_copy(self, from_path: str, to_path: str, sha256: str) -> None:
        self.stage_file_with_retry(*os.path.split(to_path), from_path)


@dataclasses.dataclass(frozen=True)
class Job:
    """What a submission would send."""

    request: Any
    """`Job` of Dataflow's API, as it would be posted."""
    graph: Any
    """Beam's `Pipeline` after Dataflow's replacements, as it would be uploaded."""
    uploads: dict[str, int]
    """Address on gs:// -> bytes."""
    options: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "job": json_format.MessageToDict(type(self.request).pb(self.request)),
            "pipeline": json_format.MessageToDict(self.graph),
            "uploads": self.uploads,
        }


def build_job(settings: Settings, run: Run) -> Job:
    """Return the job of a run.

    Raises:
        ValueError: an option of Google's cloud is missing or wrong.
    """
    options = settings.options
    options.view_as(TestOptions).dry_run = True
    runner = DataflowRunner()
    p = beam.Pipeline(runner=runner, options=options)
    build(p, settings, run)
    job = p.run().job
    client = Unsent(options)
    client.create_job_description(job)
    return Job(job.proto, job.proto_pipeline, client.uploads, options.get_all_options(drop_default=True))


@dataclasses.dataclass(frozen=True)
class Step:
    """One step that is carried out, not the named groups of steps around it."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    """Names of the steps that it reads; those read as a side input in brackets."""
    outputs: int


def steps_of(graph: Any) -> list[Step]:
    """Return the steps of a graph, each after those that it reads."""
    leaves = [*_leaves(graph.components.transforms, graph.root_transform_ids)]
    maker = {output: leaf.unique_name for leaf in leaves for output in leaf.outputs.values()}
    steps: dict[str, Step] = {}
    while len(steps) < len(leaves):
        ready = (leaf for leaf in leaves if leaf.unique_name not in steps)
        leaf = next(leaf for leaf in ready if all(maker[one] in steps for one in leaf.inputs.values()))
        sides = _side_inputs(leaf)
        inputs = [(maker[one], tag in sides) for tag, one in sorted(leaf.inputs.items())]
        names = tuple(dict.fromkeys(f"[{name}]" if side else name for name, side in inputs))
        kind = leaf.spec.urn.removeprefix("beam:transform:").removesuffix(":v1")
        steps[leaf.unique_name] = Step(leaf.unique_name, kind, names, len(leaf.outputs))
    return list(steps.values())


def _leaves(transforms: Any, ids: Any) -> Iterator[Any]:
    """Return the steps that do something, in the order of the graph."""
    for one in ids:
        if transforms[one].subtransforms:
            yield from _leaves(transforms, transforms[one].subtransforms)
        else:
            yield transforms[one]


def _side_inputs(leaf: Any) -> set[str]:
    if leaf.spec.urn != "beam:transform:pardo:v1":
        return set()
    return set(beam_runner_api_pb2.ParDoPayload.FromString(leaf.spec.payload).side_inputs)


def job_text(job: Job) -> str:
    """Return the job for a person: what it runs on, what is uploaded, and a line for each step."""
    pool = job.request.environment.worker_pools[0]
    size = len(job.graph.SerializeToString())
    lines = [
        f"job       {job.request.name}, project {job.options['project']}, region {job.options['region']}",
        f"type      {job.request.type_.name}",
        f"workers   {pool.machine_type or 'machines of the default type'},"
        f" at most {pool.autoscaling_settings.max_num_workers or 'the default number'}",
        *(f"image     {image.container_image}" for image in pool.sdk_harness_container_images),
        f"graph     {size:,} bytes",
        *(f"upload    {path} ({count:,} bytes)" for path, count in sorted(job.uploads.items())),
        "",
    ]
    steps = steps_of(job.graph)
    number = {step.name: at for at, step in enumerate(steps, 1)}
    width = max(len(step.name) for step in steps)
    lines.append(f"  {'#':>3}  {'step':<{width}}  {'kind':<18}  {'outputs':>7}  reads (side inputs in brackets)")
    for step in steps:
        reads = ", ".join(f"[{number[name[1:-1]]}]" if name[0] == "[" else str(number[name]) for name in step.inputs)
        lines.append(f"  {number[step.name]:>3}  {step.name:<{width}}  {step.kind:<18}  {step.outputs:>7}  {reads}")
    return "\n".join(lines) + "\n"
