"""What an article as a whole says about a mention that the model read by itself.

The model sees a few words at a time. Two decisions need more context: a name's
head noun, which may follow the place where the model stopped, and persons that
were introduced with a full name before.
"""

import itertools
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A labelled stretch of a text."""

    start: int
    end: int
    label: str


_WORD = r"[A-Z][\w'’.-]{0,60}+"
_HEAD = (
    r"(?:Academy|Agency|Association|Authority|Bureau|Coalition|College|Commission|Committee|Corporation|Department"
    r"|Directorate|Federation|Foundation|Hospital|Institute|Ministry|Society|Tribunal|Union|University)"
)
_INSTITUTION = re.compile(rf"\b(?!The ){_WORD}(?: {_WORD}){{0,5}} {_HEAD}\b(?! (?:of|for|on) )")
"""`Russian Far Eastern Institute`; not what goes on, such as `Institute of Physics`, which the model reads itself."""

_REPLACED = {"NORP", "LOC", "MISC", "ORG"}


def revise(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return the model's spans, with institutions whole and surnames known from full names; in text order."""
    return known_surnames(text, whole_institutions(text, spans))


def whole_institutions(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return names that end in a word for an institution become one ORG, where the model found a part of them.

    >>> text = "Kim of the Russian Far Eastern Institute said"
    >>> [text[s.start:s.end] for s in whole_institutions(text, [Span(11, 18, "NORP")])]
    ['Russian Far Eastern Institute']
    """
    kept: list[Span] = []
    left = deque(sorted(spans))
    for match in _INSTITUTION.finditer(text):
        while left and left[0].end <= match.start():
            kept.append(left.popleft())
        end = match.end()
        inside = list(itertools.takewhile(lambda span: span.start < end, left))  # noqa: B023 - used at once
        if inside and _may_replace(inside, match.start(), match.end()):
            start = min(match.start(), inside[0].start) if inside[0].label == "ORG" else match.start()
            for _ in inside:
                left.popleft()
            kept.append(Span(start, match.end(), "ORG"))
    return [*kept, *left]


def _may_replace(inside: Iterable[Span], start: int, end: int) -> bool:
    return all(span.label in _REPLACED and start <= span.start and span.end < end for span in inside)


def known_surnames(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return a MISC that is the surname of someone named in full in the same text is that person."""
    full = (text[span.start : span.end].split() for span in spans if span.label == "PERSON")
    surnames = {parts[-1] for parts in full if len(parts) > 1}
    return [
        span._replace(label="PERSON") if span.label == "MISC" and text[span.start : span.end] in surnames else span
        for span in spans
    ]
