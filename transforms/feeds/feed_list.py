"""A list of feeds as a CSV file: what to read, who publishes it, where and in which language."""

import csv
import dataclasses
import datetime
import functools
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pycountry
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from transforms.failures import BadRecord
from transforms.files.globbing import home
from transforms.files.local_files import read_at_most
from transforms.http.redact import mask
from transforms.settings import got
from transforms.text.normal_forms import few_marks

EXTENSION = ".csv"
MAX_BYTES = 20_000_000
"""Of a list; one of 100,000 feeds has half as much."""

MAX_PROBLEMS = 100
"""Lines that say what is wrong with a list."""
MAX_PROBLEM = 1_000
"""Characters of such a line."""

NOT_IN_ISO = {"XKX"}
"""Kosovo, under the code that most data give it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListedFeed:
    """One row of a list; what is not known is empty."""

    url: str
    publisher: str = ""
    country: str = ""
    """ISO 3166-1 alpha-3 of the publisher's seat, whatever the feed is about."""
    language: str = ""
    """ISO 639-1, in which most entries are written."""
    section: str = ""
    """What the feed is about: top, world, business, a region ..."""
    checked: str = ""
    """ISO date on which the address is known to have answered; empty if that is not known."""
    full_text: str = ""
    """yes or no: fetch the pages of its summaries; if empty, `read.full_text` decides."""


COLUMNS = tuple(field.name for field in dataclasses.fields(ListedFeed))


class FeedListError(ValueError):
    """A list that cannot be used.

    Args:
        problems: a line for each mistake in it.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = first_of(problems)
        super().__init__("\n".join(self.problems))


def first_of(problems: list[str]) -> list[str]:
    """Return the first problems, each cut to what a reader looks at, and how many more there are.

    >>> first_of(["a", "b"]), first_of(["a"] * 1_000)[-2:]
    (['a', 'b'], ['a', 'and 900 more'])
    """
    shown = [problem[:MAX_PROBLEM] for problem in problems[:MAX_PROBLEMS]]
    return shown + ([f"and {len(problems) - MAX_PROBLEMS:,} more"] if len(problems) > MAX_PROBLEMS else [])


def is_feed_list(path: str) -> bool:
    """Return True if an input names a list of feeds rather than something to read.

    A glob is none: `seeds/*` asks for files, and must not send requests to what a file among them names.

    >>> is_feed_list("seeds/feeds.csv"), is_feed_list("seeds/*.csv"), is_feed_list("https://a.test/feeds.csv")
    (True, False, False)
    """
    lower = path.lower()
    return lower.endswith(EXTENSION) and not lower.startswith(("http://", "https://")) and not set(path) & set("*?[")


def read_feed_list(path: str) -> list[ListedFeed]:
    """Return the feeds of a list, in its order.

    Args:
        path: a CSV file on any Beam file system, UTF-8, whose first line names columns of `COLUMNS`.

    Raises:
        FeedListError: with all mistakes in it.
    """
    try:
        content = _content(path)
    except (OSError, BeamIOError, ValueError, BadRecord) as error:
        raise FeedListError([f"{path}: cannot be read: {error}"]) from error
    if len(content) > MAX_BYTES:
        raise FeedListError([f"{path}: is longer than {MAX_BYTES:,} bytes, the most that is read"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FeedListError([f"{path}: is not UTF-8: {error}"]) from error
    return parse_feed_list(text, path)


def _content(path: str) -> bytes:
    if "://" not in path:
        return read_at_most(path if Path(path).exists() else home(path), MAX_BYTES)
    with FileSystems.open(path) as file:
        content: bytes = file.read(MAX_BYTES + 1)
        return content


def parse_feed_list(text: str, name: str = "feeds") -> list[ListedFeed]:
    """Return the feeds of a list's text.

    >>> parse_feed_list("url,country\\nhttps://a.test/rss,FRA\\n")[0].country
    'FRA'

    Raises:
        FeedListError: an unknown column, a wrong code, an address twice, no feed at all.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        raise FeedListError([f"{name}:{reader.line_num}: is not CSV: {error}"]) from error
    head = [column.strip() for column in rows[0][1]] if rows else []
    wrong_head = [*_mistakes_of_head(head)]
    if wrong_head:
        allowed = f"the first line names the columns: url, and any of {', '.join(COLUMNS[1:])}"
        raise FeedListError([f"{name}: {'; '.join(wrong_head)}; {allowed}"])
    found, problems = [], []
    lines: dict[str, int] = {}
    for number, row in rows[1:]:
        feed = ListedFeed(**{"url": "", **dict(zip(head, map(str.strip, row), strict=False))})
        wrong = [f"has {len(row)} values; the first line has {len(head)}"] if len(row) != len(head) else []
        wrong += [*mistakes(feed)]
        if feed.url in lines:
            wrong.append(f"{mask(feed.url)} is in line {lines[feed.url]} already")
        lines.setdefault(feed.url, number)
        problems += [f"{name}:{number}: {problem}" for problem in wrong]
        found.append(feed)
    if not found:
        problems.append(f"{name}: names no feed")
    if problems:
        raise FeedListError(problems)
    return found


def _mistakes_of_head(head: list[str]) -> Iterator[str]:
    """Yield mistakes in the first line. An unknown column is refused: it may be a known one misspelled."""
    if not head:
        yield "is empty"
    elif "url" not in head:
        yield f"has no column url but {', '.join(map(repr, head))}"
    else:
        yield from (f"column {column!r} is not known" for column in head if column not in COLUMNS)
    yield from (f"column {column!r} is there twice" for column, times in Counter(head).items() if times > 1)


def mistakes(feed: ListedFeed) -> Iterator[str]:
    """Yield mistakes in a row; empty values are allowed.

    >>> list(mistakes(ListedFeed(url="ftp://a.test", language="english")))
    ["url: got 'ftp://a.test'; expected an http or https address", "language: got 'english'; expected ISO 639-1, as en"]
    """
    if not _is_web_address(feed.url):
        yield got("url", mask(feed.url), "an http or https address")
    if feed.country and feed.country not in _countries():
        yield got("country", feed.country, "ISO 3166-1 alpha-3, as FRA")
    if feed.language and feed.language not in _languages():
        yield got("language", feed.language, "ISO 639-1, as en")
    if feed.full_text not in ("", "yes", "no"):
        yield got("full_text", feed.full_text, "yes or no")
    if feed.checked and not _is_date(feed.checked):
        yield got("checked", feed.checked, "a date, as 2026-03-25")


def write_feed_list(feeds: Iterable[ListedFeed], path: str | Path) -> None:
    """Write a list as CSV; reading it gives the same feeds."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(dataclasses.astuple(feed) for feed in feeds)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(few_marks(url))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(char.isspace() for char in url)


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@functools.cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_3 for country in pycountry.countries) | NOT_IN_ISO


@functools.cache
def _languages() -> frozenset[str]:
    return frozenset(language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2"))
