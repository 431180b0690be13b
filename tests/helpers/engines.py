"""Engines other than the local runner: how to start them, and the flags of a run on them."""

import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.helpers.fetch_engines import ENGINES, FLINK, OPENED

JAVA_OPENED = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
HOME = tempfile.TemporaryDirectory(prefix="dateline-home-")
"""Folder in which pools and runs of the tests find the secret."""
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "JAVA_TOOL_OPTIONS": " ".join(["-Xmx1g", *JAVA_OPENED]),
    "XDG_CONFIG_HOME": HOME.name,
}
"""Of a run; the JVM of a job server takes a quarter of the machine's memory otherwise."""
WORKER = "pipeline.engines.pool_worker"
"""Part of the command line of a worker process that a pool has started."""


def fetched(path: str) -> Path:
    """Return a file of an engine; skip the test if it is not requested, or missing."""
    found = ENGINES / path
    if "DATELINE_ENGINES" not in os.environ:
        pytest.skip("`make test-engines` fetches Prism, Flink and Spark, and runs this, which takes minutes")
    if not found.exists():
        pytest.skip(f"{found} is not there: `make test-engines` fetches it, or says why it cannot")
    if path != "prism" and shutil.which("java") is None:
        pytest.skip("no Java on the path: Flink and Spark need version 11 or 17")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_open(port: int) -> bool:
    """Connect to a server; raise OSError if none answers."""
    socket.create_connection(("localhost", port)).close()
    return True


@contextlib.contextmanager
def started(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server inside this context, and kill it with its children at the end."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**ENVIRONMENT, **environment})
    try:
        yield process
    finally:
        kill_family(process)


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children; do nothing if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
    process.kill()
    process.wait()


def workers_of(pool: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the live workers of a pool."""
    children = psutil.Process(pool.pid).children()
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if WORKER in " ".join(child.cmdline())]


def kill_worker(pool: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Wait for a worker that has reported to its engine, and kill it; an engine may wait for others without end."""
    wait_for(lambda: any(map(is_connected, workers_of(pool))), seconds, "a worker that has reported")
    next(filter(is_connected, workers_of(pool))).kill()


def is_connected(worker: psutil.Process) -> bool:
    """Return True if a worker has reported to its engine, by a port or by a socket."""
    with contextlib.suppress(psutil.Error):
        return any(one.status == psutil.CONN_ESTABLISHED for one in worker.net_connections("tcp")) or connected_socket(
            worker.pid
        )
    return False


def connected_socket(pid: int) -> bool:
    """Return True if a process has a Unix socket that is connected to one with a path of Dateline's."""
    listed = Path("/proc/net/unix").read_text().splitlines()[1:]
    inodes = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    own = [line.split() for line in listed if f"socket:[{line.split()[6]}]" in inodes]
    return any(line[5] == "03" for line in own)


def wait_for(what: Callable[[], object], seconds: float, name: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if what():
                return
        time.sleep(0.2)
    raise AssertionError(f"{name}: not within {seconds:.0f} s")


@contextlib.contextmanager
def worker_pool(folder: Path, *, port: bool = False) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `dateline workers`; yield its address and its process, whose children are the workers.

    Args:
        folder: for its log.
        port: on a port of loopback, for an engine on the JVM; else on a socket.
    """
    address = f"127.0.0.1:{free_port()}" if port else f"unix:{tempfile.mkdtemp(prefix='dateline-pool-')}/s"
    command = [sys.executable, "-m", "pipeline", "workers", "--listen", address]
    log = folder / "pool.log"
    with started(command, log) as process:
        wait_for(lambda: "secret in" in log.read_text(), 60, "worker pool")
        yield address, process
    if not port:
        shutil.rmtree(Path(address.removeprefix("unix:")).parent)


def external(address: str) -> list[str]:
    """Return a run's flags for the workers of a pool."""
    return ["--environment_type=EXTERNAL", f"--environment_config={address}"]


class FlinkCluster:
    """A job manager and two task managers with one slot each, on this machine."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.port = free_port()
        self._folder = folder
        self._conf = folder / "conf"
        self._conf.mkdir()
        (self._conf / "config.yaml").write_text(json.dumps(self._settings()))  # JSON is YAML
        libraries = fetched("flink/job-server.jar").parent / "cluster" / "pyflink"
        # Beam's own classes with Flink's, else each step of a job has workers of its own.
        jars = [*sorted((libraries / "lib").glob("*.jar")), fetched("flink/job-server.jar")]
        self._java = ["java", *JAVA_OPENED]
        self._classes = os.pathsep.join(map(str, [*jars, libraries / "bin" / "bash-java-utils.jar"]))
        entry = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        stack.enter_context(started(self._command("-Xmx500m", entry), folder / "jobmanager.log", **self._no_options()))
        jvm, settings = self._task_manager_memory()
        main = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
        command = [*self._command(*jvm, main), *settings]
        logs = [folder / f"taskmanager-{number}.log" for number in (1, 2)]
        self.task_managers = [stack.enter_context(started(command, log, **self._no_options())) for log in logs]
        wait_for(lambda: self.get("/overview")["taskmanagers"] == 2, 90, "Flink's task managers")

    def get(self, path: str) -> dict:
        """Return a response of Flink's REST interface."""
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def job(self) -> str:
        """Return the id of the running job."""
        return next(job["id"] for job in self.get("/jobs")["jobs"] if job["status"] == "RUNNING")

    def checkpoints(self, job: str) -> dict:
        """Return the number of checkpoints of a job, and the last ones."""
        return self.get(f"/jobs/{job}/checkpoints")

    def steps_done(self) -> int:
        """Return the number of finished steps of the running job."""
        running = [job["id"] for job in self.get("/jobs")["jobs"] if job["status"] == "RUNNING"]
        steps = [step for job in running for step in self.get(f"/jobs/{job}")["vertices"]]
        return sum(step["status"] == "FINISHED" for step in steps)

    def _command(self, *flags_and_main: str) -> list[str]:
        return [*self._java, "-cp", self._classes, *flags_and_main, "--configDir", str(self._conf)]

    @staticmethod
    def _no_options() -> dict[str, str]:
        return {"JAVA_TOOL_OPTIONS": ""}

    def _task_manager_memory(self) -> tuple[list[str], list[str]]:
        """Return Flink's own division of the memory, as its start script does."""
        main = "org.apache.flink.runtime.util.bash.BashJavaUtils"
        command = [*self._java, "-cp", self._classes, main, "GET_TM_RESOURCE_PARAMS", "--configDir", str(self._conf)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
        jvm, settings = (line.partition("RESULT:")[2] for line in said if "BASH_JAVA_UTILS_EXEC_RESULT:" in line)
        return jvm.split(), settings.split()

    def _settings(self) -> dict[str, object]:
        return {
            "jobmanager.rpc.address": "localhost",
            "jobmanager.rpc.port": free_port(),
            "jobmanager.bind-host": "localhost",
            "jobmanager.memory.process.size": "1000m",
            "rest.address": "localhost",
            "rest.port": self.port,
            "rest.bind-address": "localhost",
            "taskmanager.host": "localhost",
            "taskmanager.bind-host": "localhost",
            "taskmanager.numberOfTaskSlots": 2,
            "taskmanager.memory.process.size": "1300m",
            "taskmanager.memory.managed.size": "128m",
            # Sixty steps that shuffle, each with buffers of its own.
            "taskmanager.memory.network.min": "192m",
            "taskmanager.memory.network.max": "192m",
            "taskmanager.network.sort-shuffle.min-buffers": 32,
            "restart-strategy.type": "fixed-delay",
            "restart-strategy.fixed-delay.attempts": 5,
            "restart-strategy.fixed-delay.delay": "1 s",
            "heartbeat.interval": 1000,
            "heartbeat.timeout": 10000,
            "classloader.resolve-order": "parent-first",
            # Each task manager has a part of every job, so that the death of either hurts.
            "cluster.evenly-spread-out-slots": True,
            "state.checkpoints.dir": (self._folder / "checkpoints").as_uri(),
            "io.tmp.dirs": str(self._folder),
        }


FLINK_FLAGS = [f"--flink_version={FLINK}", "--parallelism=2"]
FORGET_THE_DEAD = [
    "--environment_cache_millis=10000",
    *("--number_of_execution_retries=10", "--execution_retry_delay=15000"),
]
"""Time in which Flink drops a dead worker; else a restarted job requests it again."""


@contextlib.contextmanager
def flink_cluster(folder: Path) -> Iterator[tuple[FlinkCluster, list[str], subprocess.Popen[bytes]]]:
    """Run a standalone cluster with a worker pool; yield the cluster, a run's flags and the pool."""
    jar = fetched("flink/job-server.jar")
    with contextlib.ExitStack() as stack:
        address, pool = stack.enter_context(worker_pool(folder, port=True))
        cluster = FlinkCluster(folder, stack)
        flags = [f"--flink_master=localhost:{cluster.port}", f"--flink_job_server_jar={jar}", *FLINK_FLAGS]
        yield cluster, [*flags, *external(address), *FORGET_THE_DEAD], pool


@contextlib.contextmanager
def engine(name: str, folder: Path) -> Iterator[list[str]]:
    """Run an engine inside this context; yield a run's arguments for it."""

    def on(runner: str, *flags: str) -> list[str]:
        return ["--set", f"runner={runner}", "--", *flags]

    if name == "in memory":
        yield []
    elif name == "multi-process":
        yield ["--set", "workers=2"]
    elif name == "embed":
        yield on("PortableRunner", "--job_endpoint=embed", "--environment_type=LOOPBACK")
    elif name == "worker pool":
        with worker_pool(folder) as (address, _):
            yield on("PortableRunner", "--job_endpoint=embed", *external(address))
    elif name == "Prism":
        yield on("PrismRunner", f"--prism_location={fetched('prism')}")
    elif name == "Prism, worker pool":
        with worker_pool(folder) as (address, _):
            yield on("PrismRunner", f"--prism_location={fetched('prism')}", *external(address))
    elif name == "Flink":
        jar = fetched("flink/job-server.jar")
        yield on("FlinkRunner", "--flink_master=[local]", f"--flink_job_server_jar={jar}", *FLINK_FLAGS)
    elif name == "Flink, worker pool":
        jar = fetched("flink/job-server.jar")
        with worker_pool(folder, port=True) as (address, _):
            local = ["--flink_master=[local]", f"--flink_job_server_jar={jar}", *FLINK_FLAGS]
            yield ["--set", "listen=network", *on("FlinkRunner", *local, *external(address), *FORGET_THE_DEAD)]
    elif name == "Flink cluster":
        with flink_cluster(folder) as (_, flags, _):
            yield ["--set", "listen=network", *on("FlinkRunner", *flags)]
    elif name == "Spark":
        jar = fetched("spark/job-server.jar")
        local = ["--spark_master_url=local[2]", f"--spark_job_server_jar={jar}"]
        yield on("SparkRunner", *local, "--environment_type=LOOPBACK")
    else:
        raise ValueError(name)


class Kafka:
    """A broker, and what a stream needs to read from it: Java workers, and a service that knows the source."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        broker, control, workers, expansion = (free_port() for _ in range(4))
        self.address, self.expansion_service = f"localhost:{broker}", f"localhost:{expansion}"
        self._tools = ["java", "-Xmx300m", "-cp", str(fetched("kafka/broker") / "*")]
        settings = folder / "server.properties"
        settings.write_text("".join(f"{name}={value}\n" for name, value in self._settings(folder, broker, control)))
        form = [*self._tools, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", str(settings)]
        subprocess.run(form, check=True, capture_output=True, timeout=60)
        stack.enter_context(started([*self._tools, "kafka.Kafka", str(settings)], folder / "broker.log"))
        beam = ["java", *JAVA_OPENED, "-Xmx500m", "-cp", str(fetched("kafka/connector") / "*")]
        pool = [*beam, "org.apache.beam.fn.harness.ExternalWorkerService"]
        given = json.dumps({"beam:option:default_environment_config:v1": f"localhost:{workers}"})
        stack.enter_context(started(pool, folder / "java-pool.log", PIPELINE_OPTIONS=given, JAVA_TOOL_OPTIONS=""))
        service = [*beam, "org.apache.beam.sdk.expansion.service.ExpansionService", str(expansion)]
        where = ["--defaultEnvironmentType=EXTERNAL", f"--defaultEnvironmentConfig=localhost:{workers}"]
        stack.enter_context(started([*service, *where], folder / "expansion.log", JAVA_TOOL_OPTIONS=""))
        for port in (broker, workers, expansion):
            wait_for(functools.partial(is_open, port), 90, f"port {port}")

    def send(self, topic: str, messages: list[str]) -> None:
        """Send messages, one after the other."""
        command = [*self._tools, "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", self.address]
        lines = "".join(f"{message}\n" for message in messages).encode()
        subprocess.run([*command, "--topic", topic], input=lines, check=True, capture_output=True, timeout=90)

    @staticmethod
    def _settings(folder: Path, broker: int, control: int) -> list[tuple[str, object]]:
        return [
            ("process.roles", "broker,controller"),
            ("node.id", 1),
            ("controller.quorum.voters", f"1@localhost:{control}"),
            ("controller.listener.names", "CONTROLLER"),
            ("listeners", f"PLAINTEXT://localhost:{broker},CONTROLLER://localhost:{control}"),
            ("log.dirs", folder / "kafka"),
            ("num.partitions", 2),
            ("offsets.topic.replication.factor", 1),
        ]
