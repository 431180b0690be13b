"""The schedulers' examples: read by their own validators where these are there, and their commands by ours."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import _parser
from pipeline.commands.run import settings_of
from pipeline.config import load
from pipeline.stream_settings import StreamSettings

FOLDER = Path("configs/schedule")
OUTER_MINUTES = 65
"""After which systemd, Kubernetes and Airflow end a run themselves."""
PROGRAM = re.compile(r"\S*bin/dateline\s+(.*)")


def commands() -> dict[str, list[str]]:
    """Return every dateline command of the examples, by where it stands; without what a shell does with its output."""
    crontab = (FOLDER / "crontab").read_text().replace("$CONFIG", "configs/feeds.yaml")
    found = {f"crontab {at}": line for at, line in enumerate(PROGRAM.findall(crontab)) if line}
    service = re.search(r"^ExecStart=(.*)$", (FOLDER / "dateline.service").read_text(), re.MULTILINE)
    assert service is not None
    found["systemd"] = service[1].partition(" ")[2]
    stream = re.search(r"^ExecStart=(.*)$", (FOLDER / "dateline-stream.service").read_text(), re.MULTILINE)
    assert stream is not None
    found["systemd stream"] = stream[1].partition(" ")[2]
    for node in ast.walk(ast.parse((FOLDER / "airflow_dag.py").read_text())):
        if isinstance(node, ast.keyword) and node.arg == "bash_command":
            command = ast.literal_eval(node.value)
            found[f"airflow {command.split()[1]}"] = command.partition(" ")[2]
    for name, container in containers().items():
        found[f"kubernetes {name}"] = shlex.join(container["args"])
    return {where: shlex.split(command.partition(">>")[0]) for where, command in found.items()}


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()))


def containers() -> dict[str, dict[str, Any]]:
    jobs = [one for one in manifests() if one["kind"] == "CronJob"]
    return {
        job["metadata"]["name"]: job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0] for job in jobs
    }


def test_every_example_runs_and_compacts() -> None:
    found = commands()
    assert {where.split()[0] for where in found} == {"crontab", "systemd", "airflow", "kubernetes"}
    assert sum(command[0] == "compact" for command in found.values()) == 3


@pytest.mark.parametrize(("where", "command"), commands().items(), ids=list(commands()))
def test_commands_are_ours_and_their_settings_right(where: str, command: list[str]) -> None:
    args = _parser().parse_args(command)
    args.beam_flags = []
    if command[0] == "run":
        launch = settings_of(args).launch
        assert 0 < launch.stalled_minutes < launch.max_minutes < OUTER_MINUTES
        assert launch.metrics
    if command[0] == "stream":
        settings = load(StreamSettings, args.config, changes=args.set)
        assert settings.stream.stalled_minutes > 0


def test_schedulers_leave_a_run_the_time_to_end_itself() -> None:
    service = (FOLDER / "dateline.service").read_text()
    jobs = [one for one in manifests() if one["kind"] == "CronJob" and "activeDeadlineSeconds" in str(one)]
    assert f"TimeoutStartSec={OUTER_MINUTES}min" in service
    assert [one["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] for one in jobs] == [60 * OUTER_MINUTES]
    assert f"execution_timeout=datetime.timedelta(minutes={OUTER_MINUTES})" in (FOLDER / "airflow_dag.py").read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here: apt install systemd")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    units = ("dateline.service", "dateline.timer", "dateline-stream.service")
    for unit in units:
        text = (FOLDER / unit).read_text().replace("/opt/dateline/.venv/bin/dateline", sys.executable)
        (tmp_path / unit).write_text(text)
    paths = [str(tmp_path / unit) for unit in units]
    done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "dateline" in line]
    assert (done.returncode, said) == (0, [])


def test_kubernetes_schemas_allow_the_manifests() -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="Kubernetes' schemas are not here: pip install kubernetes-validate"
    )
    for manifest in manifests():
        validate.validate(manifest, validate.latest_version(), strict=True)


@pytest.mark.skipif(not shutil.which("crontab"), reason="no cron here: apt install cron")
def test_cron_reads_the_crontab() -> None:
    done = subprocess.run(["crontab", "-n", str(FOLDER / "crontab")], capture_output=True, text=True, timeout=60)
    if "invalid option" in done.stderr:
        pytest.skip("this crontab cannot check without installing (Debian: -n)")
    assert done.returncode == 0, done.stderr


def test_airflow_s_dag_compiles() -> None:
    compile((FOLDER / "airflow_dag.py").read_text(), "airflow_dag.py", "exec")
