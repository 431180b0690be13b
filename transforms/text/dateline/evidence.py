"""Whether what has the form of a dateline is one: place, region, agency, date and capitals weighed.

The weaker the form, the more evidence is asked for, because a dateline places
the whole article.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from transforms.languages.known import union
from transforms.text.dateline.tokens import (
    COLON,
    DASH,
    GROUP,
    LINE,
    NAME,
    REGIONS,
    STOP,
    Token,
    is_agency,
    is_capitals,
    is_country,
    tokens,
)

IsPlace = Callable[[str], bool]

PROSE = 200
"""A paragraph this long is body; after it only a dateline with an agency, date or region is believed."""
_JOINTS = re.compile(
    rf"\s?[/&+]\s?|\s(?:{'|'.join(union(lambda language: language.datelines.joints))})\s", re.IGNORECASE
)
_ABOARD = re.compile(rf"(?:{'|'.join(union(lambda language: language.datelines.aboard))})\s", re.IGNORECASE)
_OPENERS = re.compile(rf"(?:{'|'.join(sorted(union(lambda language: language.datelines.openers)))})\b")
_SECTIONS = frozenset(union(lambda language: language.datelines.sections))
"""Names of sections and columns that are also the name of some town."""


@dataclass(frozen=True)
class DatelineParse:
    """What the tokens at one offset say, before it is judged."""

    text: str
    start: int
    names: tuple[Token, ...]
    region: Token | None
    agency: str | None
    date: str | None
    mark: str
    end: int
    body_start: int

    @property
    def place_end(self) -> int:
        last = self.region or self.names[-1]
        return last.end

    @property
    def main(self) -> str:
        first = self.names[0]
        return first.inner or self.text[first.start : first.end]


def is_believed(reading: DatelineParse, is_place: IsPlace, *, at_line: bool, behind_prose: bool) -> bool:
    """Return True if the evidence supports the form.

    Args:
        reading: what the tokens say.
        is_place: whether the gazetteer knows a name.
        at_line: whether a line begins there.
        behind_prose: whether a paragraph of the body is before it.
    """
    wired = bool(reading.agency and is_agency(reading.agency))
    if not reading.names:
        return wired and at_line and not behind_prose and reading.mark in (DASH, GROUP) and _agency_alone(reading)
    if not _is_name_like(reading.main):
        return False
    known = _is_known(reading.main, is_place)
    region = _has_region(reading, is_place)
    strong = wired or region or bool(reading.date)
    if behind_prose and not (strong and (is_capitals(reading.main) or (known and at_line))):
        return False
    if reading.mark == DASH or (reading.mark in (COLON, GROUP, STOP) and (wired or reading.date)):
        return _believed_with_mark(reading, known=known, wired=wired, region=region, strong=strong, at_line=at_line)
    early = at_line or (reading.mark == COLON and reading.start <= PROSE and is_capitals(reading.main))
    return known and early and _believed_without(reading, region=region, strong=strong)


def _agency_alone(reading: DatelineParse) -> bool:
    return reading.mark == DASH or reading.text[reading.end : reading.end + 1] in " \xa0\n"


def _believed_with_mark(
    reading: DatelineParse, *, known: bool, wired: bool, region: bool, strong: bool, at_line: bool
) -> bool:
    capitals = is_capitals(reading.main)
    if not _opens_sentence(reading) and not (strong and known):
        return False
    if not known:
        return reading.mark in (DASH, COLON) and _believed_unknown(reading, wired=wired, region=region, at_line=at_line)
    return strong or (capitals and not _shouts(reading)) or _is_long_enough(reading, at_line=at_line)


def _believed_unknown(reading: DatelineParse, *, wired: bool, region: bool, at_line: bool) -> bool:
    """Return a place that the gazetteer lacks: a village, a camp, a ship. A person before an agency is none."""
    words = reading.main.split()
    if any(word.casefold() in _SECTIONS for word in words):
        return False
    if is_capitals(reading.main):
        return wired or region or _ABOARD.match(reading.main) is not None
    return wired and at_line and len(words) == 1


def _believed_without(reading: DatelineParse, *, region: bool, strong: bool) -> bool:
    """Return colon, own line, or nothing after a known place."""
    capitals = is_capitals(reading.main)
    if reading.mark == COLON:
        return _opens_sentence(reading) and not _shouts(reading) and _is_sentence(reading)
    if reading.mark == LINE:
        return (bool(reading.date) or (capitals and region)) and reading.body_start < len(reading.text)
    if reading.mark == "" and not strong:
        opener = _OPENERS.match(reading.text, reading.body_start)
        return capitals and "." not in reading.main[1:3] and len(reading.main) > 3 and opener is not None
    return False


def _is_name_like(name: str) -> bool:
    """Return True if it can be the name of a town rather than of a section or an abbreviation."""
    short = name.isascii() and len(name) < 3
    return not short and name.casefold() not in _SECTIONS and not name.casefold().startswith("by ")


def _is_known(name: str, is_place: IsPlace) -> bool:
    """Return True if each place of `Berlin/Frankfurt` is in the gazetteer."""
    if len(name) <= 3 and is_capitals(name) and name.isascii():
        return False
    parts = [part for part in _JOINTS.split(name) if part]
    return is_place(name) or (len(parts) > 1 and all(map(is_place, parts)))


def _has_region(reading: DatelineParse, is_place: IsPlace) -> bool:
    further = [reading.text[token.start : token.end] for token in reading.names[1:]]
    return reading.region is not None or any(name in REGIONS or is_country(name) or is_place(name) for name in further)


def _opens_sentence(reading: DatelineParse) -> bool:
    """Return True if the body begins as a sentence does; also at the end of a line or text."""
    following = reading.text[reading.body_start : reading.body_start + 1]
    return not following or not following.islower()


def _shouts(reading: DatelineParse) -> bool:
    """Return True if capitals go on after the mark, as in a heading: `GAZA — A HISTORY`."""
    words = reading.text[reading.body_start : reading.body_start + 60].split("\n")[0].split()[:4]
    return len(words) > 1 and all(is_capitals(word) and any(char.isupper() for char in word) for word in words)


def _line_behind(reading: DatelineParse) -> str:
    return reading.text[reading.body_start : reading.body_start + 400].split("\n", 1)[0]


def _is_sentence(reading: DatelineParse) -> bool:
    """Return True if a sentence of some length follows, not the rest of a headline (`Leeds: Bus late`)."""
    first = re.split(r"[.!?](?:\s|$)", _line_behind(reading), maxsplit=1)[0]
    return len(first.split()) >= 8 and len(_line_behind(reading)) > 90


def _is_long_enough(reading: DatelineParse, *, at_line: bool) -> bool:
    """Return a name in small letters with a bare dash must be followed by a sentence, not by a title or another
    stop.
    """
    following = list(islice(tokens(reading.text, reading.body_start), 2))
    if [token.kind for token in following] in ([NAME, DASH], [NAME, LINE]):
        return False  # London – Paris – Rome
    return len(_line_behind(reading)) >= 60 and (at_line or reading.start <= PROSE)
