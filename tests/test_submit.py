"""A job for Dataflow is built in full and shown, and no network is asked for it."""

import importlib.util
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.config import load_settings

ROOT = Path(__file__).parent.parent
CONFIG = str(ROOT / "configs/dataflow.yaml")
NEEDED = "needs Google's packages: pip install '.[gcp]'"


@pytest.fixture
def gcp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's packages, and no way to reach Google."""
    pytest.importorskip("google.cloud.dataflow_v1beta3", reason=NEEDED)

    def refused(*arguments: Any, **_: Any) -> Any:
        raise AssertionError(f"asked the network: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.mark.usefixtures("gcp")
def test_a_dry_run_shows_the_job_and_asks_no_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = tmp_path / "job.json"
    assert main(["submit", CONFIG, "--dry-run", "--json", str(whole)]) == 0
    out = capsys.readouterr().out
    assert "job       dateline, project my-project, region europe-west1" in out
    assert "image     europe-west1-docker.pkg.dev/my-project/dateline/worker:0.1.0" in out
    assert re.search(r"upload +gs://my-bucket/tmp/dateline\.[\d.]+/pipeline\.pb \([\d,]+ bytes\)", out)
    steps = [line for line in out.splitlines() if re.match(r" +\d+  \S", line)]
    for at, line in enumerate(steps, 1):
        number, *_, reads = re.split(r" {2,}", line.strip())
        assert number == str(at)
        assert all(int(one) < at for one in re.findall(r"\d+", reads if not reads.isdigit() else "")), line
    for name in ("Read/Files/Impulse", "Parse/ParseItem", "Extract/Read with the model", "Geocode", "Write/Commit"):
        assert any(f"  {name}" in line for line in steps), name

    job = json.loads(whole.read_text())
    (pool,) = job["job"]["environment"]["workerPools"]
    assert pool["machineType"] == "n2-standard-4"
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 10
    environments = job["pipeline"]["components"]["environments"].values()
    assert {environment["urn"] for environment in environments} == {"beam:env:docker:v1"}
    shown = {one["uniqueName"] for one in job["pipeline"]["components"]["transforms"].values()}
    assert len(steps) <= len(shown)


@pytest.mark.usefixtures("gcp")
@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--project=12345", "Project"),
        ("--job_name=Not_A_Name", "Invalid job_name"),
        ("--num_workers=0", "num_workers"),
        ("--temp_location=bucket/tmp", "temp_location is 'bucket/tmp'"),
        ("--machine_typ=n1", "did you mean --machine_type"),
    ],
)
def test_options_that_the_service_would_refuse_are_refused_here(
    flag: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", CONFIG, "--dry-run", "--", flag]) == 2
    assert said in capsys.readouterr().err


def test_without_googles_packages_it_says_what_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("google.cloud.dataflow_v1beta3") if importlib.util.find_spec("google.cloud") else None:
        pytest.skip("Google's packages are installed here")
    for command in (["submit", CONFIG, "--dry-run"], ["check", CONFIG]):
        assert main(command) == 2
        assert "apache-beam[gcp]" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["/proc/sys/job.json", "/nowhere/job.json", str(ROOT)])
def test_a_place_that_cannot_be_written_is_told_before_the_job_is_built(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", CONFIG, "--dry-run", "--json", file]) == 2
    assert f"--json {file}: cannot be written there" in capsys.readouterr().err


def test_a_local_runner_is_no_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", str(ROOT / "configs/sample.yaml")]) == 2
    assert "expected DataflowRunner; or use `dateline run`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("write.output=out/here", "write.output: 'out/here' is on this machine"),
        ("read.inputs=[gs://b/a.txt, seeds/wire.jsonl]", "read.inputs: 'seeds/wire.jsonl' is on this machine"),
        ("beam.sdk_container_image=", "workers would have no Dateline"),
        ("max_minutes=5", "max_minutes: got 5.0; expected no value"),
        ("metrics=m.json", "metrics: got 'm.json'; expected no value"),
    ],
)
def test_what_workers_could_not_reach_is_refused(change: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", CONFIG, "--dry-run", "--set", change]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_run_and_a_stream_refuse_it_as_well(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    changes = ["--set", "write.shards=1", "--set", "read.inputs=[https://a.test/rss]"]
    assert main([command, CONFIG, *changes, "--output", "out/here"]) == 2
    assert "write.output: 'out/here' is on this machine" in capsys.readouterr().err


@pytest.mark.usefixtures("gcp")
def test_the_configuration_is_checked_without_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", CONFIG]) == 0
    assert "the settings are right" in capsys.readouterr().out


def template() -> Any:
    spec = importlib.util.spec_from_file_location("template", ROOT / "configs/dataflow/template.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_templates_parameters_become_a_submission() -> None:
    parameters = {"inputs": "gs://b/a*.txt,gs://b/c.jsonl", "output": "gs://b/out", "settings": "write.shards=3"}
    described = json.loads((ROOT / "configs/dataflow/template.json").read_text())["parameters"]
    assert {one["name"] for one in described} == parameters.keys()
    for one in described:
        assert all(re.fullmatch(regex, parameters[one["name"]]) for regex in one["regexes"])
    launcher = ["--runner=DataflowRunner", "--project=p", "--region=r", "--template_location=gs://b/t"]
    line = template().translate([*(f"--{name}={value}" for name, value in parameters.items()), *launcher])
    command, config, *rest = line
    assert command == "submit"
    at = rest.index("--")
    settings = load_settings(
        config,
        inputs=rest[1 : rest.index("--output")],
        output=rest[rest.index("--output") + 1],
        changes=[rest[rest.index("--set") + 1]],
        beam_flags=rest[at + 1 :],
    )
    assert settings.inputs == ["gs://b/a*.txt", "gs://b/c.jsonl"]
    assert (settings.output, settings.write.shards) == ("gs://b/out", 3)
    assert settings.options.get_all_options()["template_location"] == "gs://b/t"
