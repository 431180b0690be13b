"""A few seconds of `benchmarks.fuzz`, always with the same input."""

from pathlib import Path

import pytest

from benchmarks.fuzz import TARGETS, Broken, Target, check, read_samples, run

SAMPLES = read_samples([Path(__file__).with_name("data")], largest=4_000)


@pytest.mark.parametrize("target", [one for one in TARGETS if one.name != "model and places"], ids=lambda one: one.name)
def test_properties_hold(target):
    samples = [content for kind in target.kinds for content in SAMPLES[kind]]
    assert run(target, samples, 10, 7) is None


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda content: content[99], "raises IndexError"),
        (lambda content: "a" * 1_000_000, "gives"),
        (lambda content, seen=[]: seen.append(1) or len(seen), "another result"),
    ],
)
def test_broken_properties_are_seen(call, what):
    with pytest.raises(Broken, match=what):
        check(Target("broken", call), b"a")
