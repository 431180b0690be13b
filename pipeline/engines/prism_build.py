"""Prism built from Beam's source, with one change: it can listen on a Unix socket.

Prism 2.77.0 listens on all interfaces, whatever the flags say, and has no
authentication (docs/security.md). The change adds the flag `--socket`. It is a
list of exact replacements, so a source that has changed is refused.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import apache_beam as beam

MODULE = "github.com/apache/beam/sdks/v2"
_PRISM = "go/pkg/beam/runners/prism"
CHANGES: list[tuple[str, str, str]] = [
    (
        "go/cmd/prism/prism.go",
        "var (\n\tjobPort ",
        'var (\n\tsocket = flag.String("socket", "",'
        ' "listen on a Unix socket at this path, which must not exist, and on no port")\n\tjobPort ',
    ),
    (
        "go/cmd/prism/prism.go",
        "\t\t\tPort:                *jobPort,\n",
        "\t\t\tPort:                *jobPort,\n\t\t\tSocket:              *socket,\n",
    ),
    (f"{_PRISM}/prism.go", "NewServer(0, internal", 'NewServer(0, "", internal'),
    (f"{_PRISM}/prism.go", "NewServer(opts.Port, internal", "NewServer(opts.Port, opts.Socket, internal"),
    (
        f"{_PRISM}/prism.go",
        "\tPort int\n\n",
        "\tPort int\n\t// Path of a Unix socket to listen on instead of a port.\n\tSocket string\n\n",
    ),
    (
        f"{_PRISM}/internal/jobservices/server.go",
        "func NewServer(port int, execute",
        "func NewServer(port int, socket string, execute",
    ),
    (
        f"{_PRISM}/internal/jobservices/server.go",
        '\tlis, err := net.Listen("tcp", fmt.Sprintf(":%d", port))\n',
        '\tnetwork, address := "tcp", fmt.Sprintf(":%d", port)\n'
        '\tif socket != "" {\n\t\tnetwork, address = "unix", socket\n\t}\n'
        "\tlis, err := net.Listen(network, address)\n",
    ),
    (
        f"{_PRISM}/internal/jobservices/server.go",
        "\t_, port, _ := net.SplitHostPort(s.lis",
        '\tif s.lis.Addr().Network() == "unix" {\n\t\treturn "unix:" + s.lis.Addr().String()\n\t}\n'
        "\t_, port, _ := net.SplitHostPort(s.lis",
    ),
    (
        f"{_PRISM}/internal/worker/worker.go",
        "\t_, p, _ := net.SplitHostPort(lis.Addr().String())\n",
        '\tendpoint := "unix:" + lis.Addr().String()\n\tif lis.Addr().Network() != "unix" {\n'
        '\t\t_, p, _ := net.SplitHostPort(lis.Addr().String())\n\t\tendpoint = "localhost:" + p\n\t}\n',
    ),
    (f"{_PRISM}/internal/worker/worker.go", '\t\tendpoint: "localhost:" + p,\n', "\t\tendpoint: endpoint,\n"),
]
"""File of Beam's module, text that is in it once, and what takes its place."""


class BuildError(Exception):
    """Says why Prism could not be built."""


def build(target: Path) -> None:
    """Build Prism of the installed Beam's version, which takes about a minute and needs Go.

    Args:
        target: path of the program, which is replaced when the new one is complete.

    Raises:
        BuildError: Go is missing, the source cannot be fetched or is not as expected, or does not compile.
    """
    go = shutil.which("go")
    if go is None:
        raise BuildError("the program `go` is not on the path; install Go 1.25 or newer")
    with tempfile.TemporaryDirectory(prefix="dateline-prism-") as folder:
        copy = Path(folder, "beam")
        _copy_source(go, copy)
        change(copy)
        built = Path(folder, "prism")
        _run([go, "build", "-o", str(built), "./go/cmd/prism"], copy)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copy(built, aside)
        aside.replace(target)


def change(source: Path) -> None:
    """Apply the changes to a copy of Beam's module.

    Raises:
        BuildError: a text is not there exactly once.
    """
    for name, old, new in CHANGES:
        file = source / name
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise BuildError(f"{name} of Beam {beam.__version__} is not as expected: {text.count(old)} times {old!r}")
        file.write_text(text.replace(old, new), encoding="utf-8")


def _copy_source(go: str, copy: Path) -> None:
    """Copy the part of Beam's module that is in Go, from Go's read-only cache."""
    with tempfile.TemporaryDirectory(prefix="dateline-go-") as empty:
        said = _run([go, "mod", "download", "-json", f"{MODULE}@v{beam.__version__}"], Path(empty))
    found = Path(json.loads(said)["Dir"])
    copy.mkdir()
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(found / name, copy / name)
    shutil.copytree(found / "go", copy / "go", copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise BuildError(f"`{' '.join(command[:3])}` failed: {' / '.join(said[:5]) or done.returncode}")
    return done.stdout
