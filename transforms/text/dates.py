"""Publication dates as sources print them, read strictly: what is not said is not filled in."""

import datetime
import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from babel import Locale

from transforms.languages.known import LANGUAGES, union
from transforms.text.normal_forms import normal_form

Precision = Literal["day", "time"]

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Years outside are typing errors, zero dates of databases, or not dates."""

MAX_RAW = 200
"""Longer strings are prose; nothing is searched for in them."""

LOCALES = union(lambda language: language.dates.locales)
"""CLDR locales: names of months, weekdays and countries are read in these."""

_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "nst": -3.5, "brt": -3, "art": -3, "clt": -4,
    "bst": 1, "west": 1, "cet": 1, "mez": 1, "wat": 1, "cest": 2, "mesz": 2, "eet": 2, "cat": 2, "sast": 2,
    "eest": 3, "msk": 3, "eat": 3, "trt": 3, "gst": 4, "pkt": 5, "ict": 7, "wib": 7, "hkt": 8, "sgt": 8, "pht": 8,
    "myt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip
"""Hours east of Greenwich. Names with several common meanings (IST, AST) are missing on purpose."""

_ISO = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})"
    r"(?:(?:[T_]|,?\s{1,3}(?:at\s)?)\s?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,12})?)?\s{0,2}(.{0,40}))?",
    re.IGNORECASE | re.DOTALL,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(.{0,6}))?", re.IGNORECASE)
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\b")
_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,]\d{1,12})?)?\s{0,2}([ap]\.?m\b\.?)?"
    r"|(?<!\d)(\d{1,2})\s?([ap]\.?m\b\.?)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:\b(?:gmt|utc))?\s?([-+−])(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE)
_TOKEN = re.compile(r"\d+|[^\W\d_]+")


@dataclass(frozen=True)
class ParsedDate:
    """An instant read from a source's text.

    Attributes:
        value: the instant in UTC; midnight UTC of the named day when only a day is given.
        precision: `time` when the text gives a time of day, else `day`.
    """

    value: datetime.datetime
    precision: Precision


def fold(word: str) -> str:
    """Lower case without accents: `Août` and `aout` are one word.

    >>> fold("Août")
    'aout'
    """
    decomposed = normal_form("NFKD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@functools.cache
def _fillers() -> frozenset[str]:
    """Return the words that do not decide which day it is, folded."""
    return frozenset(map(fold, union(lambda language: language.dates.fillers))) - month_numbers().keys()


@functools.cache
def month_numbers() -> dict[str, int]:
    """Return month names and abbreviations of many languages (CLDR), folded, to their number.

    A name that is one month here and another there (`listopad`) is left out.

    >>> [month_numbers()[name] for name in ("sept", "mars", "lug", "марта")]
    [9, 3, 7, 3]
    """
    further = {name: number for language in LANGUAGES for name, number in language.dates.months.items()}
    return _name_numbers("months") | further


@functools.cache
def weekday_names() -> frozenset[str]:
    """Return names and abbreviations of weekdays in many languages, folded."""
    return frozenset(_name_numbers("days")).union(*(language.dates.weekdays for language in LANGUAGES))


def _name_numbers(kind: Literal["months", "days"]) -> dict[str, int]:
    found: dict[str, set[int]] = {}
    for name, number in _cldr_names(kind):
        if len(name) > 1 and any(char.isalpha() for char in name):
            found.setdefault(name, set()).add(number)
    return {name: min(numbers) for name, numbers in found.items() if kind == "days" or len(numbers) == 1}


def _cldr_names(kind: Literal["months", "days"]) -> Iterable[tuple[str, int]]:
    for locale in map(Locale.parse, LOCALES):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names = getattr(locale, kind)[context][width]
                yield from ((fold(str(name)).rstrip("."), number) for number, name in names.items())


def parse_date(raw: str) -> ParsedDate | None:
    """Return the instant that a source's date text names, or None when it does not name one day for certain.

    Reads RFC 822 and 2822, ISO 8601 and RFC 3339 with their everyday variants,
    epoch seconds and milliseconds, and dates in words in many languages. A
    month or a year alone is not a day. `03/04/2022` is two days, so it is
    None, while `28/04/2022` is one; with dots (`03.04.2022`) the day is first
    wherever the form is used. A time without a zone is read as UTC; a time in
    a zone that cannot be determined (`IST`) leaves the day alone.

    >>> parse_date("Wed, 28 Sep 2022 14:05:00 +0200")
    ParsedDate(value=datetime.datetime(2022, 9, 28, 12, 5, tzinfo=datetime.timezone.utc), precision='time')
    >>> parse_date("September 28, 2022").precision
    'day'
    >>> parse_date("September 2022") is None and parse_date("03/04/2022") is None
    True
    """
    text = raw.strip()
    if not text or len(text) > MAX_RAW:
        return None
    try:
        parsed = _parse_digits(text) if text.isdigit() else _parse_forms(text)
    except (ValueError, OverflowError, OSError):
        return None
    return parsed if parsed and FIRST_YEAR <= parsed.value.year <= LAST_YEAR else None


def _parse_digits(text: str) -> ParsedDate | None:
    if len(text) in (9, 10, 13):
        seconds = int(text) / (1000 if len(text) == 13 else 1)
        return ParsedDate(datetime.datetime.fromtimestamp(seconds, datetime.UTC), "time")
    return _parse_compact(text)


def _parse_forms(text: str) -> ParsedDate | None:
    if match := _ISO.match(text):
        return _from_iso(match, text)
    if match := _NUMERIC.search(text):
        return _from_numeric(match, text)
    if match := _EAST_ASIAN.search(text):
        year, month, day = map(int, match.groups())
        return _at_clock(datetime.date(year, month, day), text[match.end() :])
    return _parse_compact(text) or _parse_week(text) or _parse_words(text)


def _from_iso(match: re.Match[str], text: str) -> ParsedDate | None:
    year, _, month, day, hour, minute, second, rest = match.groups()
    date = datetime.date(int(year), int(month), int(day))
    if hour is None:
        return _at_clock(date, text[match.end() :])
    # A stray "[Europe/Paris]" or "(CET)" after an offset adds nothing.
    suffix = _half_day(rest)
    return _combine(date, (_hour(int(hour), suffix), int(minute), int(second or 0)), rest.removeprefix(suffix))


def _half_day(rest: str) -> str:
    match = re.match(r"[ap]\.?m\b\.?", rest, re.IGNORECASE)
    return match.group() if match else ""


def _from_numeric(match: re.Match[str], text: str) -> ParsedDate | None:
    first, separator, second, year = match.groups()
    order = _day_and_month(int(first), int(second), dotted=separator == ".")
    remainder = text[: match.start()] + " " + text[match.end() :]
    if order is None or not _only_fillers(remainder):
        return None
    day, month = order
    return _at_clock(datetime.date(int(year), month, day), remainder)


def _day_and_month(first: int, second: int, *, dotted: bool) -> tuple[int, int] | None:
    """Return the number that is the day; None when it could be either.

    >>> _day_and_month(28, 4, dotted=False), _day_and_month(4, 28, dotted=False), _day_and_month(3, 4, dotted=False)
    ((28, 4), (28, 4), None)
    """
    if dotted or first > 12 or first == second:
        return first, second
    return (second, first) if second > 12 else None


def _parse_compact(text: str) -> ParsedDate | None:
    match = _COMPACT.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    date = datetime.date(int(year), int(month), int(day))
    if hour is None:
        return _whole_day(date)
    return _combine(date, (int(hour), int(minute), int(second or 0)), zone)


def _parse_week(text: str) -> ParsedDate | None:
    match = re.fullmatch(r"(\d{4})-?W(\d{2})-?([1-7])", text, re.IGNORECASE)
    return _whole_day(datetime.date.fromisocalendar(*map(int, match.groups()))) if match else None


def _parse_words(text: str) -> ParsedDate | None:
    clock = _CLOCK.search(text)
    # Only what is before the clock or without an offset may name the day.
    named = _OFFSET.sub(" ", text[: clock.start()] + " " + text[clock.end() :]) if clock else text
    date = _date_of_words(_TOKEN.findall(named), short_years=clock is not None)
    return _at_clock(date, text) if date else None


def _date_of_words(tokens: list[str], *, short_years: bool) -> datetime.date | None:
    """Return the one day that the tokens name; None when one is missing, double or unknown."""
    numbers = [token for token in tokens if token.isdigit()]
    words = [fold(token) for token in tokens if not token.isdigit()]
    months = [month_numbers()[word] for word in words if word in month_numbers()]
    strangers = [word for word in words if word not in month_numbers() and not _is_filler(word)]
    if strangers or len(months) != 1 or len(numbers) != 2:
        # "mar" is both March and Tuesday: as a weekday it is before the month.
        months = _without_weekday(words) if not strangers and len(months) == 2 else []
    split = _day_and_year(numbers, short_years=short_years) if len(numbers) == 2 else None
    return datetime.date(split[1], months[0], split[0]) if split and months else None


def _without_weekday(words: list[str]) -> list[int]:
    months = [word for word in words if word in month_numbers()]
    return [month_numbers()[months[1]]] if months[0] in weekday_names() else []


def _day_and_year(numbers: list[str], *, short_years: bool) -> tuple[int, int] | None:
    first, second = numbers
    if len(second) == 4 and len(first) <= 2:
        return int(first), int(second)
    if len(first) == 4 and len(second) <= 2:
        return int(second), int(first)
    if short_years and len(second) == 2 and len(first) <= 2:
        # RFC 822 had two digits, day first; RFC 2822 says how to read them.
        return int(first), int(second) + (2000 if int(second) < 50 else 1900)
    return None


def _is_filler(word: str) -> bool:
    return word in _fillers() or word in weekday_names() or word in _ZONES or _is_zone_name(word)


def _is_zone_name(word: str) -> bool:
    return word in ("ist", "ast", "et", "ct", "mt", "pt", "local", "time")


def _only_fillers(text: str) -> bool:
    without_clock = _OFFSET.sub(" ", _CLOCK.sub(" ", text))
    return all(_is_filler(fold(token)) for token in _TOKEN.findall(without_clock))


def _at_clock(date: datetime.date, text: str) -> ParsedDate | None:
    """Return the date with the time of day in the text, if it has one."""
    clock = _CLOCK.search(text)
    if not clock:
        return _whole_day(date)
    hour, minute, second, half, lone_hour, lone_half = clock.groups()
    parts = (_hour(int(hour or lone_hour), half or lone_half), int(minute or 0), int(second or 0))
    return _combine(date, parts, text[clock.end() :])


def _hour(hour: int, half: str | None) -> int:
    """Return the hour of a 24-hour clock.

    >>> _hour(12, "a.m."), _hour(12, "pm"), _hour(3, "PM"), _hour(3, None)
    (0, 12, 15, 3)
    """
    if not half:
        return hour
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _combine(date: datetime.date, clock: tuple[int, int, int], zone: str) -> ParsedDate | None:
    hour, minute, second = clock
    offset = _offset_of(zone)
    if offset is None:
        return _whole_day(date)
    # 60 is a leap second, which datetime cannot hold.
    time = datetime.time(hour, minute, min(second, 59) if second == 60 else second)
    local = datetime.datetime.combine(date, time, datetime.timezone(offset))
    return ParsedDate(local.astimezone(datetime.UTC), "time")


def _whole_day(date: datetime.date) -> ParsedDate:
    return ParsedDate(datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC), "day")


def _offset_of(zone: str) -> datetime.timedelta | None:
    """Return the zone's offset east of Greenwich; none named is UTC, an unknown one is None.

    >>> str(_offset_of("+05:30")), str(_offset_of("CET")), _offset_of("IST")
    ('5:30:00', '1:00:00', None)
    """
    if match := _OFFSET.match(zone.lstrip(" (")):
        sign, hours, minutes = match.groups()
        offset = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
        return offset if sign == "+" else -offset
    names = [fold(token) for token in _TOKEN.findall(zone)]
    known = [_ZONES[name] for name in names if name in _ZONES]
    if known:
        return datetime.timedelta(hours=known[0])
    return None if any(_is_zone_name(name) for name in names) else datetime.timedelta(0)
