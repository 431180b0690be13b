"""The directions of imports: pipeline -> steps -> ground floors -> records, without circles."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STEPS = {"read", "parse", "deduplicate", "extract", "geocode", "write"}
GROUND_FLOORS = {"text", "http", "gazetteer", "dataset", "feeds", "files", "formats", "languages"}
DRIVERS = {"stream", "annotators", "annotate", "yaml"}
"""Rooms that use several steps."""
MAX_LINES = 400

ALLOWED_BEAM = ("apache_beam.io", "apache_beam.pvalue.TaggedOutput", "apache_beam.coders")
"""File systems, and the mark of a failure: no part of a graph."""


@cache
def modules() -> dict[str, Path]:
    """Name -> file of each module of the product."""
    found = {}
    for top in ("pipeline", "transforms"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the names that a file imports, and True if it does so when it is itself imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", id(node) in at_once) for alias in node.names)


@cache
def imports() -> dict[str, dict[str, bool]]:
    """Module -> the names it imports -> whether at its own import."""
    return {name: dict(imported(path)) for name, path in modules().items()}


def room_of(name: str) -> str:
    """`transforms.text.urls` -> `text`."""
    parts = name.split(".")
    return parts[1] if parts[0] == "transforms" and len(parts) > 1 else ""


def violations(rooms: set[str], banned: set[str]) -> list[str]:
    """Return imports from one set of rooms into another, other than into their own room."""
    return sorted(
        f"{name} imports {target}"
        for name, targets in imports().items()
        if room_of(name) in rooms
        for target in targets
        if room_of(target) in banned and room_of(target) != room_of(name)
    )


def test_transforms_know_nothing_of_the_pipeline():
    found = [
        f"{name} imports {target}"
        for name, targets in imports().items()
        if name.split(".")[0] == "transforms"
        for target in targets
        if target.split(".")[0] == "pipeline"
    ]
    assert found == []


def test_no_step_imports_another_step():
    assert violations(STEPS, STEPS) == []


def test_ground_floors_import_no_step():
    assert violations(GROUND_FLOORS, STEPS | DRIVERS) == []


def test_steps_do_not_know_who_drives_them():
    assert violations(STEPS, DRIVERS) == []


def test_ground_floors_know_nothing_of_beams_graph():
    found = [
        f"{name} imports {target}"
        for name, targets in imports().items()
        if room_of(name) in GROUND_FLOORS
        for target in targets
        if target.split(".")[0] == "apache_beam" and not target.startswith(ALLOWED_BEAM)
    ]
    assert found == []


def test_there_is_no_import_circle():
    graph = {
        name: {module_of(target) for target, at_once in targets.items() if at_once} - {name, ""}
        for name, targets in imports().items()
    }
    done: set[str] = set()
    for name in graph:
        assert not (circle := circle_from(name, graph, (), done)), " -> ".join(circle)


def module_of(target: str) -> str:
    """Return the module of ours that an imported name is in; empty for others'."""
    return target if target in modules() else next((up for up in [target.rpartition(".")[0]] if up in modules()), "")


def circle_from(name: str, graph: dict[str, set[str]], path: tuple[str, ...], done: set[str]) -> tuple[str, ...]:
    """Return the first circle that is met from a module."""
    if name in path:
        return (*path[path.index(name) :], name)
    if name in done:
        return ()
    for target in sorted(graph[name]):
        if circle := circle_from(target, graph, (*path, name), done):
            return circle
    done.add(name)
    return ()


@pytest.mark.parametrize("top", ["pipeline", "transforms", "training", "benchmarks", "tests"])
def test_no_file_is_long(top: str):
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / top).rglob("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > MAX_LINES
    }
    assert long == {}
