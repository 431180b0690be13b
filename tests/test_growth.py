"""No pattern, parser or step takes more time for each character when there are more of them."""

import itertools
import re

import pytest
import spacy

from benchmarks.growth.clock import superlinear
from benchmarks.growth.patterns import all_patterns
from benchmarks.growth.steps import Step, all_steps
from benchmarks.growth.triggers import Trigger, triggers

PATTERN_CHARACTERS = 8_000
STEP_CHARACTERS = 4_000
NAME = r"[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,2}"


def slow(step: Step, longest: int) -> list[str]:
    found = ((trigger, superlinear(step.call, trigger.text, longest)) for trigger in step.triggers())
    return [f"{step.name}: {trigger}: {measured}" for trigger, measured in found if measured]


def test_every_pattern_is_linear():
    wrong = []
    for found in all_patterns():
        longest = min(found.longest or PATTERN_CHARACTERS, PATTERN_CHARACTERS)
        for trigger in triggers(found.pattern):
            measured = superlinear(found.call, lambda length, f=found, t=trigger: f.text(t, length), longest)  # type: ignore[misc]
            if measured:
                wrong.append(f"{found.name}: {trigger}: {measured}")
                break
    assert not wrong


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_every_step_is_linear(step):
    # What only cuts and copies is fast, and is given more, so that growth can be seen.
    assert slow(step, step.longest if step.longest > 100_000 else min(step.longest, STEP_CHARACTERS)) == []


def test_patterns_are_found_wherever_they_are():
    names = {found.name for found in all_patterns()}
    assert "transforms.text.bylines._ROLE" in names
    assert any(name.startswith("transforms.text.boilerplate._PATTERNS[") for name in names)  # in a tuple of tuples
    assert any("sub() in line" in name and "bylines" in name for name in names)  # written into a call
    assert any(name.endswith(".context.locative") for name in names)  # in a field of a language
    assert len(names) > 200


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\s*(?:<!--)|(?:-->|\]\]>)\s*;?\s*$",  # JSON-LD as it was unwrapped
        rf"((?:{NAME}, )*{NAME},? (?:and|or|&) {NAME}) ([Cc]ounties)\b",  # lists of counties as they were read
        r"([a-zA-Z0-9\_\-\.\+]+)@([a-zA-Z0-9\-]+\.)+[a-zA-Z]{2,4}",  # addresses, as feedparser looks for them
        r"\s*[,;]\s*",
        r"\S*(?:https?:|www\.)\S*",
        r"(a+)+$",
    ],
)
def test_what_was_quadratic_is_seen(pattern):
    compiled = re.compile(pattern)
    found = (
        superlinear(lambda text: [*compiled.finditer(text)], trigger.text, 3_000) for trigger in triggers(compiled)
    )
    assert any(found)


_NUMBER = itertools.count()
_NLP = spacy.blank("en")


def _without_gate(text: str) -> None:
    _NLP.make_doc("(" * (next(_NUMBER) % 40) + text)  # a chunk that spaCy has not met, whose words it would know


def _old_doctype(text: str) -> None:
    at = 0
    while (at := text.find("<!DOCTYPE", at)) >= 0:
        at, _ = text.find(">", at) + 1, text.find("[", at)


@pytest.mark.parametrize(
    ("call", "unit", "longest"),
    [(_without_gate, "=", 3_000), (_old_doctype, "<!DOCTYPE a>", 600_000)],
    ids=["spaCy's tokenizer", "document types"],
)
def test_what_was_quadratic_in_steps_is_seen(call, unit, longest):
    assert superlinear(call, Trigger("", unit, "").text, longest)
