"""The line that says where, when and by which agency a story was filed: `WASHINGTON (AP) —`.

A dateline is recognised by its form, as a string of token kinds, and by its
evidence: a place that the gazetteer knows, a region after it, an agency, a
date, capitals. The weaker the form, the more evidence is asked for, because a
dateline places the whole article: `DEAR ABBY:` has the form and no evidence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from transforms.text.dateline.evidence import PROSE, DatelineParse, IsPlace, is_believed
from transforms.text.dateline.tokens import (
    AGENCY,
    DASH,
    DATE,
    GROUP,
    NAME,
    REGIONS,
    STOP,
    Token,
    is_agency,
    is_country,
    tokens,
)

SEARCHED = 1000
"""Characters at the head of a text in which a dateline may be, after headline and byline."""

MAX_STARTS = 40

_FORM = re.compile(
    r"(?P<lead>[GA][SK]?)?"
    r"(?P<place>N(?:K{1,2}N){0,3})?"
    r"(?P<middle>(?:[KP]{0,2}[DGA]){0,3})"
    r"(?P<end>K?S(?:[DAG]+S|G(?=$|N)|AP)*|C|P|L)?"
)
_AGENCY_FORM = re.compile(r"(?P<lead>[GA])(?P<place>)(?P<middle>)(?P<end>S)?")
_STARTS = re.compile(
    r"\n[ \t\xa0]{0,4}(?=\S)"
    r"|(?<=[.!?”\"])[ \xa0]{1,3}(?=[^\W\d_a-z]|\()"
    r"|[ \xa0][.|•][ \xa0](?=[A-Z(])"
    r"|\bBy (?=[A-Z]{3})"
)
_CHINESE = re.compile(
    r"[（(]?(?P<agency>新[华華]社|中新[社网]|中央社|人民网|新华网)(?P<place>[^\W\d_]{2,8}?)"
    r"(?P<date>(?:\d{1,2}月)?\d{1,2}日)[电電][）)]?\s{0,2}"
    r"|【(?P<place_ja>[^\W\d_]{2,10}?)[=＝]?(?P<agency_ja>共同|時事|聯合ニュース)】\s{0,2}"
)


@dataclass(frozen=True)
class Dateline:
    """A dateline in a text; offsets are code points into that text.

    Attributes:
        place: the place as printed with its region, `text[start:end]`; None when only an agency is named.
        start: offset of the place.
        end: offset past the place.
        agency: the agency as printed, without its brackets.
        date: the date as printed.
        body_start: offset where the body begins, after the dateline.
    """

    place: str | None
    start: int | None
    end: int | None
    agency: str | None
    date: str | None
    body_start: int


def parse_dateline(text: str, is_place: IsPlace) -> Dateline | None:
    """Return the dateline in the first lines of an article, or None.

    Args:
        text: the article's text; headline and byline may come before the dateline.
        is_place: whether a gazetteer knows the name, in capitals or not.

    Takes time in proportion to the first 1,000 characters, whatever they are.

    >>> found = parse_dateline("BEIJING, Oct. 1 (Xinhua) -- Trains ran late.", {"BEIJING"}.__contains__)
    >>> found.place, found.date, found.agency, found.body_start
    ('BEIJING', 'Oct. 1', 'Xinhua', 28)
    >>> parse_dateline("DEAR ABBY: My neighbour sings.", {"BEIJING"}.__contains__) is None
    True
    """
    for start, at_line in _starts(text):
        if east_asian := _CHINESE.match(text, start):
            return _from_east_asian(east_asian)
        for reading in _readings(text, start, is_place):
            if is_believed(reading, is_place, at_line=at_line, behind_prose=_behind_prose(text, start)):
                return _dateline(reading)
    return None


def _starts(text: str) -> Iterator[tuple[int, bool]]:
    """Yield offsets where a dateline may begin, and whether a line begins there."""
    first = len(text) - len(text.lstrip())
    yield first, True
    for match in islice(_STARTS.finditer(text, first, min(len(text), first + SEARCHED)), MAX_STARTS):
        yield match.end(), "\n" in match.group()


def _behind_prose(text: str, start: int) -> bool:
    lines = text[:start].split("\n")
    return any(len(line) > PROSE for line in lines)


def _from_east_asian(match: re.Match[str]) -> Dateline:
    group = "place" if match["place"] else "place_ja"
    return Dateline(
        place=match[group],
        start=match.start(group),
        end=match.end(group),
        agency=match["agency"] or match["agency_ja"],
        date=match["date"],
        body_start=match.end(),
    )


def _readings(text: str, start: int, is_place: IsPlace) -> Iterator[DatelineParse]:
    """Match what may be at an offset: a place with what belongs to it, or a bracket alone."""
    found = list(tokens(text, start))
    kinds = "".join(token.kind for token in found)
    for form in (_FORM, _AGENCY_FORM):
        match = form.match(kinds)
        if match and match.group():
            yield _read(text, start, found, match, is_place)


def _read(text: str, start: int, found: list[Token], match: re.Match[str], is_place: IsPlace) -> DatelineParse:
    """Sort the tokens of a form into place, region, agency, date and mark."""
    used = found[: match.end()]
    groups = _judge_groups(used, is_place)
    names = tuple(token for token in found[slice(*match.span("place"))] if token.kind == NAME)
    enclosed = groups.get("place")
    if not names and enclosed:
        names, enclosed = (enclosed,), None
    dates = [token for token in used if token.kind == DATE]
    return DatelineParse(
        text=text,
        start=start,
        names=names,
        region=enclosed if enclosed and names and enclosed.start > names[-1].start else None,
        agency=_agency_of(text, used, groups),
        date=_words(text, dates[0]) if dates else _inner(groups.get("date")),
        mark=_mark(used, match),
        end=used[-1].end,
        body_start=_body_start(text, used[-1].end),
    )


def _mark(used: list[Token], match: re.Match[str]) -> str:
    """Return the end of the dateline: a mark's kind, GROUP for a bracket alone, or "" for nothing."""
    if match["end"]:
        return DASH if DASH in match["end"] else match["end"][0]
    last = used[-1]
    if last.kind == DATE and last.ends_in_stop:
        return STOP
    return last.kind if last.kind in (GROUP, DASH) else ""


def _judge_groups(used: list[Token], is_place: IsPlace) -> dict[str, Token]:
    """Return the first bracket of each sort: agency, place, date, or other.

    A bracket names a place only alone or right after a lone name; the agency
    of `PARIS, Texas (Meridian)` is not a town in Mississippi.
    """
    sorts: dict[str, Token] = {}
    kinds = "".join(token.kind for token in used)
    for index, token in enumerate(used):
        if token.kind == GROUP:
            sort = _sort_of(token.inner, is_place)
            placed = kinds[:index] == NAME or (index == 0 and NAME not in kinds)
            sorts.setdefault("other" if sort == "place" and not placed else sort, token)
    return sorts


def _sort_of(inner: str, is_place: IsPlace) -> str:
    if is_agency(inner):
        return "agency"
    if inner in REGIONS or is_country(inner) or (len(inner) > 3 and inner[0].isalpha() and is_place(inner)):
        return "place"
    first = next(tokens(inner, 0), None)
    return "date" if first and first.kind == DATE and first.end == len(inner) else "other"


def _agency_of(text: str, used: list[Token], groups: dict[str, Token]) -> str | None:
    bare = [token for token in used if token.kind == AGENCY]
    if bare:
        return _words(text, bare[0])
    return _inner(groups.get("agency")) or _inner(groups.get("other")) or None


def _inner(token: Token | None) -> str | None:
    return token.inner if token else None


def _words(text: str, token: Token) -> str:
    return text[token.start : token.end]


def _body_start(text: str, end: int) -> int:
    rest = text[end : end + 40]
    return end + len(rest) - len(rest.lstrip())


def _dateline(reading: DatelineParse) -> Dateline:
    if not reading.names:
        return Dateline(None, None, None, reading.agency, reading.date, reading.body_start)
    first = reading.names[0]
    start, end = first.start, reading.place_end
    if first.kind == GROUP:
        start, end = start + 1, end - 1
    return Dateline(reading.text[start:end], start, end, reading.agency, reading.date, reading.body_start)
