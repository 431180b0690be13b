"""A worker's threads import at the same time, and none gets half a module."""

import ast
import importlib
import pkgutil
import subprocess
import sys
import textwrap

import pytest
from apache_beam.options.pipeline_options import SetupOptions

import transforms
from pipeline.config import load_settings
from transforms.preload import LEFT_OUT

RACE = """
    import importlib, os, sys, threading
    from pipeline.engines.startup import import_beam, import_spacy
    import_beam()
    import_spacy()
    import httpx, lxml, pyarrow.parquet, trafilatura
    assert not any(name.startswith("transforms") for name in sys.modules)

    def one_race(names):
        failed, ready = [], threading.Barrier(len(names))
        def load(name):
            ready.wait()
            try:
                for one in name.split(","):
                    importlib.import_module(one)
            except BaseException as error:
                failed.append(f"{{type(error).__name__}}: {{error}}")
        threads = [threading.Thread(target=load, args=(name,)) for name in names]
        sys.setswitchinterval(1e-5)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return failed

    ended = []
    for _ in range({times}):
        pid = os.fork()
        if pid == 0:
            failed = one_race({names!r})
            print(*failed[:1], flush=True)
            os._exit(bool(failed))
        ended.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    print("failed:", sum(map(bool, ended)), "of", len(ended))
"""
STEPS = [
    "transforms.write.write",
    "transforms.dataset.open_run",
    "transforms",
    "transforms.stream.commit",
    "transforms.read.read",
    "transforms.parse.article",
    "transforms.deduplicate.history",
    "transforms.extract.extract",
]


def race(times: int) -> str:
    script = textwrap.dedent(RACE).format(times=times, names=STEPS)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="forks a process that has loaded Beam")
def test_threads_that_import_at_the_same_time_get_whole_modules():
    said = race(10)
    assert said.endswith("failed: 0 of 10\n"), said


PACKAGES = ["transforms", *(one.name for one in pkgutil.walk_packages(transforms.__path__, "transforms.") if one.ispkg)]


@pytest.mark.parametrize("name", PACKAGES)
def test_no_package_imports_its_own_modules_when_it_is_imported(name):
    """Else two threads that import from it can wait for each other: see transforms/lazy.py."""
    source = pkgutil.get_data(name, "__init__.py")
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]  # type: ignore[arg-type]
    modules = {one.module for one in imports if isinstance(one, ast.ImportFrom)}
    modules |= {alias.name for one in imports if isinstance(one, ast.Import) for alias in one.names}
    assert not {one for one in modules if str(one).startswith("transforms") and one != "transforms.lazy"}


@pytest.mark.parametrize("name", PACKAGES)
def test_nothing_in_a_package_has_the_name_of_one_of_its_modules(name):
    """Once the module is imported, its name in the package would be the module."""
    package = importlib.import_module(name)
    modules = {one.name for one in pkgutil.iter_modules(package.__path__)}
    assert not modules & {*getattr(package, "__all__", [])}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_has_what_it_says(name):
    package = importlib.import_module(name)
    for one in getattr(package, "__all__", []):
        assert getattr(package, one) is not None
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = package.nothing_of_that_name


def test_everything_is_imported_beforehand():
    """But for what an extra is needed for."""
    code = "import sys, transforms.preload; print(*[name for name in sys.modules if name.startswith('transforms')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    every = {one.name for one in pkgutil.walk_packages(transforms.__path__, "transforms.")}
    missing = every - set(done.stdout.split())
    assert all(name.startswith(LEFT_OUT) or name.endswith(".__main__") for name in missing), missing


@pytest.mark.parametrize("config", ["dataflow", "flink", "prism"])
def test_beam_s_own_worker_imports_everything_beforehand(config):
    options = load_settings(f"configs/{config}.yaml", beam_flags=["--beam_plugins=another"]).options
    assert options.view_as(SetupOptions).beam_plugins == ["transforms.preload", "another"]
