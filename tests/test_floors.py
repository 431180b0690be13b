"""Floors only rise."""

import json
import subprocess

import pytest

from tests.helpers.floors import FILE, FLOORS, LOWERED, lowered


def git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(FILE.parent), *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no history to compare with: {done.stderr.strip()}")
    return done.stdout


def test_no_floor_is_lower_than_it_was():
    commits = git("log", "--format=%H", "--", FILE.name).split()
    if not commits:
        pytest.skip("no history to compare with")
    earlier = [json.loads(git("show", f"{commit}:./{FILE.name}")) for commit in commits]
    assert [line for line in lowered(FLOORS, earlier) if line.split(":")[0] not in LOWERED] == []


def test_a_lowered_floor_is_named():
    assert lowered({"a": 0.5, "b": 0.9}, [{"a": 0.5}, {"a": 0.55, "b": 0.8}]) == ["a: 0.5 after 0.55"]
    assert lowered({}, [{"a": 0.5}]) == ["a: gone after 0.5"]
    assert lowered({"a": 0.6}, [{"a": 0.5}]) == []
