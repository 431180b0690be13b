"""Fetches the engines that `make test-engines` runs on, into `.engines/` (or where DATELINE_ENGINES says).

    python tests/helpers/fetch_engines.py              all that can be fetched here
    python tests/helpers/fetch_engines.py prism flink  these

Prism is built by Go from the module of the installed Beam's version. Flink,
Spark and Kafka (no engine, but a source for them) need Java 11 or 17 and Maven.
The job server of the installed Beam's version is taken where Maven has it; else
it is put together from the newest libraries that are complete, `PARTS` below.
The cluster is PyPI's `apache-flink-libraries`: Flink's whole `lib/`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import apache_beam as beam

ENGINES = Path(os.environ.get("DATELINE_ENGINES") or Path(__file__).parents[2] / ".engines").absolute()
FLINK = "1.19"
FLINK_RELEASE = "1.19.0"
"""What the job server's libraries are of; client and cluster exchange serialized classes of Flink."""
PARTS = {
    "flink": (f"org.apache.beam:beam-runners-flink-{FLINK}:2.70.0", "org.slf4j:slf4j-simple:1.7.36"),
    "spark": (
        "org.apache.beam:beam-runners-spark-3:2.62.0",
        "org.apache.spark:spark-core_2.12:3.5.0",
        "org.apache.spark:spark-streaming_2.12:3.5.0",
        "org.slf4j:slf4j-simple:1.7.36",
    ),
}
KAFKA = {
    "broker": (
        "org.apache.kafka:kafka_2.13:4.1.0",
        "org.apache.kafka:kafka-tools:4.1.0",
        "org.slf4j:slf4j-simple:1.7.36",
    ),
    "connector": (
        "org.apache.beam:beam-sdks-java-io-kafka:2.70.0",
        "org.apache.beam:beam-sdks-java-expansion-service:2.70.0",
        "org.apache.beam:beam-sdks-java-harness:2.70.0",
        "org.apache.kafka:kafka-clients:4.1.0",
        "com.github.jbellis:jamm:0.4.0",
        "org.slf4j:slf4j-simple:2.0.16",
    ),
}
"""A broker with its command-line tools; and Beam's connector with the service that puts it into a graph, and workers.

The jar that Beam takes for the latter, `beam-sdks-java-io-expansion-service`, is not in every mirror.
"""
UNUSED = "io.confluent"
"""Of a schema registry, which the connector can do without; Maven Central has none of its libraries."""
MANAGED = {"flink": ("org.apache.beam:beam-runners-java-job-service:2.65.0",), "spark": ()}
"""Libraries whose required version is not in every mirror."""
JOB_SERVERS = {"flink": f"beam-runners-flink-{FLINK}-job-server", "spark": "beam-runners-spark-3-job-server"}
MAINS = {
    "flink": "org.apache.beam.runners.flink.FlinkJobServerDriver",
    "spark": "org.apache.beam.runners.spark.SparkJobServerDriver",
}
OPENED = [
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.text"),
    *("java.time", "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks"),
    *("sun.net.util", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
]
"""Packages that Flink and Spark look into, which Java 17 closes."""


class CannotFetch(Exception):
    """Says what is missing."""


def main() -> int:
    """Fetch the named engines that are missing; return 1 if one cannot be fetched."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help=f"of {', '.join(FETCHES)}; all by default")
    missing = 0
    for name in parser.parse_args().engines or FETCHES:
        target, fetch = FETCHES[name]
        if not (ENGINES / target).exists():
            print(f"{name}: fetching ...", flush=True)
            try:
                fetch()
            except CannotFetch as error:
                print(f"{name}: cannot be fetched: {error}")
                missing += 1
                continue
        print(f"{name}: {ENGINES / target}")
    return min(missing, 1)


def fetch_prism() -> None:
    """Build Prism with a private socket; the compiler takes some minutes the first time."""
    _run([sys.executable, "-m", "pipeline", "prism", "build", "--output", str(ENGINES.absolute() / "prism")])


def fetch_flink() -> None:
    """Fetch the job server, and Flink itself for a cluster."""
    target = ENGINES / "flink" / "cluster"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*pip, "--target", str(target), f"apache-flink-libraries=={FLINK_RELEASE}"])
    fetch_job_server("flink")


def fetch_job_server(name: str) -> None:
    """Return the job server of the installed Beam as one jar, or as parts with a jar that names them."""
    folder = ENGINES / name
    folder.mkdir(parents=True, exist_ok=True)
    jar = folder / "job-server.jar"
    coordinates = f"org.apache.beam:{JOB_SERVERS[name]}:{beam.__version__}"
    try:
        _copy_libraries([coordinates], (), folder / "whole", transitive=False)
        (whole,) = (folder / "whole").glob("*.jar")
        whole.replace(jar)
    except CannotFetch:
        print(f"{name}: Maven has no {coordinates}; taking {', '.join(PARTS[name])}", flush=True)
        _copy_libraries(PARTS[name], MANAGED[name], folder / "lib", transitive=True)
        _write_thin_jar(jar, MAINS[name], sorted(path.name for path in (folder / "lib").glob("*.jar")))


def fetch_kafka() -> None:
    """Fetch a broker, and the parts that Beam needs to read from it."""
    for name, parts in KAFKA.items():
        _copy_libraries(parts, (), ENGINES / "kafka" / name, transitive=True)


def _copy_libraries(wanted: list[str] | tuple[str, ...], managed: tuple[str, ...], to: Path, transitive: bool) -> None:
    shutil.rmtree(to, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        pom = Path(folder, "pom.xml")
        pom.write_text(_pom(wanted, managed))
        command = [_tool("mvn"), "--batch-mode", "--quiet", "--file", str(pom), "dependency:copy-dependencies"]
        flags = [f"-DoutputDirectory={to.absolute()}", "-DincludeScope=runtime"]
        _run([*command, *flags, f"-DexcludeTransitive={str(not transitive).lower()}"])


def _pom(wanted: list[str] | tuple[str, ...], managed: tuple[str, ...]) -> str:
    def dependency(coordinates: str) -> str:
        group, artifact, version = map(escape, coordinates.split(":"))
        where = f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        without = f"<exclusion><groupId>{UNUSED}</groupId><artifactId>*</artifactId></exclusion>"
        return f"<dependency>{where}<exclusions>{without}</exclusions></dependency>"

    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>dateline</groupId><artifactId>engines</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencyManagement><dependencies>{''.join(map(dependency, managed))}</dependencies></dependencyManagement>"
        f"<dependencies>{''.join(map(dependency, wanted))}</dependencies></project>"
    )


def _write_thin_jar(jar: Path, main_class: str, libraries: list[str]) -> None:
    """Write a jar that holds only a manifest: the class to start, and the libraries next to it."""
    attributes = {
        "Manifest-Version": "1.0",
        "Main-Class": main_class,
        "Add-Opens": " ".join(f"java.base/{package}" for package in OPENED),
        "Class-Path": " ".join(f"lib/{name}" for name in libraries),
    }
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "".join(map(_folded, attributes.items())) + "\n")


def _folded(attribute: tuple[str, str]) -> str:
    """Fold a line of a manifest: at most 72 bytes, continued after a blank."""
    line = ": ".join(attribute)
    return line[:70] + "".join(f"\n {line[i : i + 69]}" for i in range(70, len(line), 69)) + "\n"


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CannotFetch(f"the program `{name}` is not installed")
    return found


def _run(command: list[str], **environment: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise CannotFetch(f"{Path(command[0]).name} says: {lines[0] if lines else done.returncode}")


FETCHES: dict[str, tuple[str, Callable[[], None]]] = {
    "prism": ("prism", fetch_prism),
    "flink": ("flink/job-server.jar", fetch_flink),
    "spark": ("spark/job-server.jar", lambda: fetch_job_server("spark")),
    "kafka": ("kafka/connector", fetch_kafka),
}
"""Engine -> what is there when it is, and what fetches it."""

if __name__ == "__main__":
    sys.exit(main())
