"""Beam is as the changes to it expect, and they hold."""

import ast
import errno
import os
import stat
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import grpc
import pytest

from pipeline import patches
from pipeline.engines import sockets

patches.close_ports()


@pytest.mark.parametrize("patched", patches.PATCHED, ids=lambda one: one.name)
def test_beam_is_as_the_change_expects(patched):
    """If it fails, compare the change in `where` with the new source, then write the hash that is shown."""
    if patched.module.endswith(".apiclient"):
        pytest.importorskip("google.auth", reason="the client of Dataflow is not installed")
    assert (version(patched.package), patched.found()) == (patched.version, patched.sha256)


CHANGED = ("apache_beam", "spacy", "thinc", "pyarrow", "grpc", "feedparser", "boto3", "selectolax")


def changes(source: str) -> list[str]:
    """Return the assignments of a file to attributes of modules and classes of other packages."""
    foreign, found = set[str](), []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            foreign.update(a.asname or a.name.split(".")[0] for a in node.names if a.name.split(".")[0] in CHANGED)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in CHANGED:
            foreign.update(a.asname or a.name for a in node.names)
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets if isinstance(node, ast.Assign | ast.AnnAssign) else []:
            if isinstance(target, ast.Name) and isinstance(value, ast.Name | ast.Attribute) and root(value) in foreign:
                foreign.add(target.id)
            elif isinstance(target, ast.Attribute | ast.Subscript) and root(target) in foreign:
                found.append(ast.unparse(target))
    return found


def root(node: ast.AST) -> str:
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "vars" and node.args:
            node = node.args[0]
        elif isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        else:
            return ""
    return node.id


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import grpc\ngrpc.server = 1", ["grpc.server"]),
        ("from apache_beam.io import x\ny: Any = x.Y\ny.__init__.__defaults__ = ()", ["y.__init__.__defaults__"]),
        ("from spacy import a\nvars(a)['print'] = 1", ["vars(a)['print']"]),
        ("import json\njson.loads = 1", []),
    ],
)
def test_a_change_is_found(source, expected):
    assert changes(source) == expected


def test_each_file_that_changes_another_package_is_in_the_registry():
    root_folder = Path(patches.__file__).parents[1]
    files = [f for room in ("pipeline", "transforms", "training") for f in (root_folder / room).rglob("*.py")]
    changing = {f.relative_to(root_folder).as_posix(): found for f in files if (found := changes(f.read_text("utf-8")))}
    registered = {patched.where for patched in patches.PATCHED}
    assert {file: found for file, found in changing.items() if file not in registered} == {}
    assert all((root_folder / file).is_file() for file in registered)


@pytest.mark.parametrize("address", ["[::]:0", "0.0.0.0:0", "[::]:8099"])
def test_a_server_for_all_interfaces_listens_on_a_private_socket(address):
    server = grpc.server(None)
    port = server.add_insecure_port(address)
    assert (int(port), str(port)[:5]) == (0, "unix:")
    path = Path(str(port)[5:])
    assert stat.S_ISSOCK(path.lstat().st_mode)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    server.stop(0)


def test_a_server_for_loopback_is_left_alone():
    server = grpc.server(None)
    assert server.add_insecure_port("127.0.0.1:0") > 0
    server.stop(0)


def test_every_address_of_a_worker_is_a_socket():
    from apache_beam.runners.portability.fn_api_runner import worker_handlers

    server = worker_handlers.GrpcServer(None, None, None)
    try:
        for handler in (worker_handlers.GrpcWorkerHandler, worker_handlers.ExternalWorkerHandler):
            worker = handler.__new__(handler)
            ports = [server.control_port, server.data_port, server.state_port, server.logging_port]
            assert all(worker.port_from_worker(port).startswith("unix:/") for port in ports)
            assert worker.port_from_worker(4711).endswith(":4711")
    finally:
        server.close()


IN_FOLDER = """
    import os, sys
    from pipeline.engines import sockets
    print(sockets.new_socket("a"), flush=True)
"""


def python(body: str, **environment: str) -> subprocess.Popen:
    command = [sys.executable, "-c", textwrap.dedent(IN_FOLDER) + textwrap.dedent(body)]
    return subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment}
    )


def test_the_folder_ends_with_its_process():
    process = python("")
    socket = Path(process.communicate(timeout=30)[0].strip())
    assert socket.name == "a-1"
    assert not socket.parent.exists()


def test_a_fork_neither_uses_nor_removes_its_parent_s_folder():
    body = """
        child = os.fork()
        if child == 0:
            print(sockets.new_socket("a"), flush=True)
            sys.exit()
        os.waitpid(child, 0)
        print(os.path.isdir(sockets.socket_folder()))
    """
    first, second, there = python(body).communicate(timeout=30)[0].split()
    assert Path(first).parent != Path(second).parent
    assert there == "True"
    assert not Path(first).parent.exists()


def test_the_folder_of_a_killed_process_is_removed_by_the_next(tmp_path, monkeypatch):
    short = Path(sockets.FALLBACK) / f"t{os.getpid()}"
    short.mkdir()
    monkeypatch.setenv("TMPDIR", str(short))
    alive, killed = python("input()"), python("input()")
    folders = [Path(one.stdout.readline().strip()).parent for one in (alive, killed)]
    (folders[1] / "a-1").touch()
    killed.kill()
    killed.wait()
    python("").communicate(timeout=30)
    assert [one.exists() for one in folders] == [True, False]
    alive.communicate("\n", timeout=30)
    assert not list(short.iterdir())
    short.rmdir()


def test_a_long_path_of_temporary_files_is_not_used(tmp_path):
    long = tmp_path / ("x" * 80)
    long.mkdir()
    (socket,) = python("", TMPDIR=str(long)).communicate(timeout=30)[0].split()
    assert Path(socket).parent.parent == Path(sockets.FALLBACK)
    assert len(socket) < 100


def test_a_file_system_without_locks_is_an_error_and_leaves_no_folder(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(sockets.fcntl, "flock", no_locks)  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="No locks available"):
        sockets._create(tmp_path)
    assert [*tmp_path.iterdir()] == []
