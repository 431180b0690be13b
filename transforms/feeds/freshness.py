"""What servers and feeds say of when to come again."""

import datetime
import email.utils
import re
from collections.abc import Mapping

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

_PERIODS = {"hourly": HOUR, "daily": DAY, "weekly": 7 * DAY, "monthly": 30 * DAY, "yearly": 365 * DAY}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NO_STORE = re.compile(r"\bno-(?:store|cache)\b", re.IGNORECASE)


def http_date(text: str) -> datetime.datetime | None:
    """Return an instant as HTTP writes it, in any of its three forms; None for what is none.

    >>> http_date("Sun, 06 Nov 1994 08:49:37 GMT").isoformat()
    '1994-11-06T08:49:37+00:00'
    >>> http_date("0") is None
    True
    """
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)


def retry_after(header: str | None, now: datetime.datetime) -> float | None:
    """Return the delay of a Retry-After header in seconds, which gives seconds or a date.

    >>> now = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    >>> retry_after("120", now), retry_after("Sun, 01 Mar 2026 00:05:00 GMT", now), retry_after("soon", now)
    (120.0, 300.0, None)
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), 10**9))
    date = http_date(text) if text else None
    return max(0.0, (date - now).total_seconds()) if date else None


def freshness(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """Return seconds for which an answer is still good (RFC 9111, 4.2.1), None where it does not say.

    >>> freshness({"cache-control": "public, max-age=600", "age": "100"}, datetime.datetime.now(datetime.UTC))
    500.0
    """
    control = headers.get("cache-control", "")
    if _NO_STORE.search(control):
        return None
    age = headers.get("age", "").strip()
    match = _MAX_AGE.search(control)
    if match:
        return max(0.0, float(match[1]) - (float(age[:10]) if age.isascii() and age.isdigit() else 0.0))
    expires = http_date(headers.get("expires", ""))
    date = http_date(headers.get("date", "")) or now  # their clock may be wrong, and then it is wrong in both
    return max(0.0, (expires - date).total_seconds()) if expires else None


def feed_interval(head: str) -> float | None:
    """Return seconds between updates that a feed names: `ttl` (minutes), or sy:updatePeriod and sy:updateFrequency.

    The shorter of the two, where it names both.

    >>> feed_interval("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>12</sy:updateFrequency>")
    7200.0
    """
    found = []
    ttl = _element(head, "ttl")
    if ttl and ttl.isascii() and ttl.isdigit() and int(ttl[:9]) > 0:
        found.append(int(ttl[:9]) * MINUTE)
    period = _PERIODS.get((_element(head, r"(?:\w+:)?updatePeriod") or "").lower())
    if period:
        times = _element(head, r"(?:\w+:)?updateFrequency") or "1"
        found.append(period / (int(times[:6]) if times.isascii() and times.isdigit() and int(times[:6]) > 0 else 1))
    return min(found, default=None)


def skipped(head: str) -> tuple[frozenset[int], frozenset[int]]:
    """Return hours of the day (UTC) and days of the week (Monday is 0) at which a feed must not be polled.

    One that names all hours or all days has named none.

    >>> skipped("<skipHours><hour>0</hour><hour>24</hour></skipHours>")
    (frozenset({0}), frozenset())
    """
    hours = {int(text) % 24 for text in _listed(head, "skipHours", "hour") if re.fullmatch("[0-9]{1,2}", text)}
    days = {_DAYS.index(text.lower()) for text in _listed(head, "skipDays", "day") if text.lower() in _DAYS}
    return frozenset(hours if len(hours) < 24 else ()), frozenset(days if len(days) < 7 else ())


def _element(text: str, name: str) -> str | None:
    match = re.search(rf"<{name}(?:\s[^<>]{{0,200}})?>\s*([^<\s]{{1,40}})\s*<", text, re.IGNORECASE)
    return match[1] if match else None


def _listed(text: str, outer: str, inner: str) -> list[str]:
    start = re.search(rf"<{outer}\s*>", text, re.IGNORECASE)
    if start is None:
        return []
    end = re.compile(rf"</{outer}\s*>", re.IGNORECASE).search(text, start.end(), start.end() + 4_000)
    inside = text[start.end() : end.start()] if end else ""
    return re.findall(rf"<{inner}\s*>\s*(\w{{1,12}})\s*<", inside, re.IGNORECASE)
