"""The words of a dateline: names, dates, agencies in brackets, and the marks between them.

Each token is one letter, so that the form of a dateline is a string such as
`NKNGS` (`Dekalb, Ill. (AP) —`) and the grammar in `dateline.py` is a pattern
over it. Every pattern is bounded and tried at one offset, so reading tokens
takes time in proportion to their length.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel import Locale

from transforms.languages.known import union
from transforms.text.dates import LOCALES, fold, month_numbers, weekday_names

NAME, DATE, GROUP, AGENCY, DASH, COLON, COMMA, STOP, LINE = "NDGASCKPL"
"""Kinds of token; a GROUP is anything in brackets or slashes."""

MAX_TOKENS = 14
MAX_WORDS = 7

AGENCIES = frozenset(union(lambda language: language.datelines.agencies))
"""News agencies and press release services, as they print themselves in datelines."""
_ONLY_IN_BRACKETS = frozenset(union(lambda language: language.datelines.ambiguous_agencies))
_AGENCIES_FOLDED = frozenset(map(str.casefold, AGENCIES))

REGIONS = frozenset(union(lambda language: language.datelines.regions))
"""Abbreviations of states and provinces after a town."""

_DOTTED_WORDS = frozenset(union(lambda language: language.datelines.shortened))
_CONNECTORS = frozenset(union(lambda language: language.datelines.connectors))
_PREFIXES = union(lambda language: language.datelines.prefixes)

_WORD = re.compile(r"(?:[^\W\d_]{1,2}\.){2,4}|W\.Va\.|[^\W\d_]{1,30}(?:[-'’ʼ`][^\W\d_]{1,30}){0,4}")
_FIRST_WORD = re.compile(r"[^\W_]{1,30}")
_JOINT = re.compile(r"[ \xa0]{0,2}[/&+][ \xa0]{0,2}|[ \xa0]{1,2}")
_GROUP = re.compile(r"\(([^()\n]{0,40})\)|（([^（）\n]{1,40})）|/([^/\s][^/\n]{1,30})/|\[([^\[\]\n]{2,40})\]")
_DASH = re.compile(
    r"[ \xa0]{0,2}[.,]?[ \xa0]{0,2}"
    r"(?:—{1,4}|–{1,4}|―{1,4}|−|\ufffd|-{2,4}|_(?=\s)|-(?=\s)|(?<=[)/\].\s])-)"
)
_BLANK = re.compile(r"[ \t\xa0]{0,4}")
_LINE = re.compile(r"[ \t\xa0]{0,4}(?:\r?\n|\Z)")
_ARTICLES = "|".join(f"{word} " for word in union(lambda language: language.datelines.date_articles))
_WEEKDAY = rf"(?:(?!{_ARTICLES}|de )(?P<weekday>[^\W\d_]{{2,12}})\.?,?[ \xa0]{{1,2}})?"
_ORDINAL = f"(?:{'|'.join(union(lambda language: language.datelines.ordinals))})?"
_YEAR = r"(?:(?:,? |,? de |,? del )\d{4}\b(?! ?[\w(]{0,1}\d))?"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_WEEKDAY}(?P<month>[^\W\d_]{{3,14}})\.?[ \xa0](?P<day>\d{{1,2}}){_ORDINAL}(?![\d:]){_YEAR}",
        rf"{_WEEKDAY}(?:{_ARTICLES})?(?P<day>\d{{1,2}}){_ORDINAL}[ -](?:de )?(?P<month>[^\W\d_]{{3,14}}){_YEAR}",
        r"\d{4}-\d{2}-\d{2}\b|\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|(?:\d{4}年)?\d{1,2}月\d{1,2}日",
        r"(?P<weekday>[^\W\d_]{3,12})(?=[ \xa0]?[(—–,-])",
        r"\d{1,2}(?=[ \xa0][(/])",
    )
)


@dataclass(frozen=True)
class Token:
    """A piece of a dateline: `text[start:end]`, and for a GROUP what is inside it."""

    kind: str
    start: int
    end: int
    inner: str = ""
    ends_in_stop: bool = False


@functools.cache
def country_names() -> frozenset[str]:
    """Return names of countries in many languages (CLDR), in lower case."""
    names = (name for code in LOCALES for name in Locale.parse(code).territories.values())
    return frozenset(str(name).casefold() for name in names)


def is_country(name: str) -> bool:
    """Return True if it names a country, in any of many languages.

    >>> is_country("Russland"), is_country("SWITZERLAND"), is_country("Rostow")
    (True, True, False)
    """
    return name.casefold() in country_names()


def is_agency(name: str) -> bool:
    """Return True if the name, or a part of it (`AP/KRON`), is a known agency.

    >>> is_agency("Reuters"), is_agency("AFP/dpa"), is_agency("UN")
    (True, True, False)
    """
    parts = [name, *re.split(r"\s?[/,|]\s?|\s?–\s?", name)]
    return any(part.strip().casefold() in _AGENCIES_FOLDED for part in parts)


def tokens(text: str, start: int) -> Iterator[Token]:
    """Yield the tokens from an offset on, up to the first thing that belongs in no dateline."""
    at = start
    for _ in range(MAX_TOKENS):
        token = _token(text, at)
        if token is None:
            return
        yield token
        if token.kind in (COLON, LINE):
            return
        at = token.end


def _token(text: str, at: int) -> Token | None:
    if match := _DASH.match(text, at):
        return Token(DASH, at, match.end())
    if match := _LINE.match(text, at):
        return Token(LINE, at, match.end())
    blank = _BLANK.match(text, at)
    at = blank.end() if blank else at
    if text[at : at + 1] in ":：":
        return Token(COLON, at, at + 1)
    if text[at : at + 1] in ",،，":
        return Token(COMMA, at, at + 1)
    if text[at : at + 1] == ".":
        return Token(STOP, at, at + 1)
    return _group(text, at) or _date(text, at) or _agency(text, at) or _name(text, at)


def _group(text: str, at: int) -> Token | None:
    match = _GROUP.match(text, at)
    if not match:
        return None
    return Token(GROUP, at, match.end(), next((inner for inner in match.groups() if inner is not None), "").strip())


def _date(text: str, at: int) -> Token | None:
    for pattern in _DATES:
        match = pattern.match(text, at)
        if match and _is_date(match.groupdict()):
            return Token(DATE, at, match.end(), ends_in_stop=match.group().endswith("."))
    return None


def _is_date(found: dict[str, str | None]) -> bool:
    month, weekday, day = found.get("month"), found.get("weekday"), found.get("day")
    if day and int(day) > 31:
        return False
    is_month = not month or fold(month) in month_numbers()
    return is_month and (not weekday or fold(weekday) in weekday_names())


def _agency(text: str, at: int) -> Token | None:
    """Return a known agency without brackets: `AFP - `, `Moscow, SANA- `."""
    word = _FIRST_WORD.match(text, at)
    for name in _bare_agencies().get(word.group(), ()) if word else ():
        end = at + len(name)
        if text.startswith(name, at) and not text[end : end + 1].isalnum():
            return Token(AGENCY, at, end)
    return None


@functools.cache
def _bare_agencies() -> dict[str, list[str]]:
    """Return first word -> the agencies that may occur without brackets, the longest first."""
    names = AGENCIES - _ONLY_IN_BRACKETS
    found: dict[str, list[str]] = {}
    for name in sorted(names | {name.upper() for name in names if len(name) > 3}, key=len, reverse=True):
        if word := _FIRST_WORD.match(name):
            found.setdefault(word.group(), []).append(name)
    return found


def _name(text: str, at: int) -> Token | None:
    """Return the longest run of words that can be a name of one case: all capitals, or with capital initials."""
    end, first, position = at, "", at
    for _ in range(MAX_WORDS):
        word = _word_end(text, position)
        surface = text[position:word]
        if not surface:
            break
        if _continues(surface, first):
            end, first = word, first or surface
        elif not first or surface not in _CONNECTORS:
            break
        joint = _JOINT.match(text, word)
        if not joint or _agency(text, joint.end()):
            break
        position = joint.end()
    return Token(NAME, at, end) if end > at else None


def _word_end(text: str, at: int) -> int:
    """Return offset past the word at an offset, with the full stop of an abbreviation.

    The same offset when there is none.
    """
    match = _WORD.match(text, at)
    if not match:
        return at
    end = match.end()
    if text[end : end + 1] == "." and _takes_stop(match.group()):
        return end + 1
    return end


def _takes_stop(word: str) -> bool:
    return word.casefold() in _DOTTED_WORDS or f"{word}." in REGIONS or (len(word) == 1 and word.isupper())


def _continues(word: str, first: str) -> bool:
    """Return True if the word can be in a name that begins with `first`.

    >>> _continues("YORK", "NEW"), _continues("The", "LONDON"), _continues("DeKALB", ""), _continues("de", "Rio")
    (True, False, True, False)
    """
    if word[0].islower() and not word.casefold().startswith(_PREFIXES):
        return False
    return not first or not is_capitals(first) or is_capitals(word) or f"{word}" in REGIONS


def is_capitals(name: str) -> bool:
    """Return True if a name is printed in capitals; `DeKALB` and `McALLEN` count, a script without case does too.

    >>> [is_capitals(name) for name in ("MOSCOW", "DeKALB", "St. LOUIS", "Moscow", "北京")]
    [True, True, True, False, True]
    """
    upper = sum(char.isupper() for char in name)
    lower = sum(char.islower() for char in name)
    return lower == 0 or (upper > 1 and upper > lower)
