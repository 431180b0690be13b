"""`dateline feeds`: lists of feeds shown, checked, and exchanged with feed readers."""

import argparse
import csv
import datetime
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring.terminal import masked, one_line, show, write
from transforms.settings import got

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from transforms.feeds.check import Checked
    from transforms.http.client import Client

CHECK_EPILOG = """\
Each feed is asked for once, as a run would ask: hosts side by side, one host's feeds one after the
other with a pause between. What is not well is printed; --output keeps a row for every feed.

exit codes: 0 all answer and are fresh, 3 some do not answer or are stale, 2 the list cannot be used
"""
STALE_DAYS = 14.0
MAX = {"timeout": 3_600, "stale_days": 36_500}
"""Option -> the largest number that it takes."""


def add_feeds_commands(commands: Any) -> None:
    """Add `feeds` and what it can do to the command line."""
    feeds = commands.add_parser(
        "feeds", help="show, check, import or export a list of feeds", description="Lists of feeds, as CSV or OPML."
    ).add_subparsers(required=True, metavar="COMMAND")
    sub = _add(feeds, "list", "show the feeds of a list")
    sub.set_defaults(command=_list)
    sub.add_argument("file", metavar="LIST", help="CSV file, such as seeds/feeds.csv")
    sub.add_argument("--country", metavar="CODE", help="only of this country, ISO 3166-1 alpha-3, as FRA")
    sub.add_argument("--language", metavar="CODE", help="only in this language, ISO 639-1, as fr")
    sub = _add(feeds, "check", "fetch each feed: report those that failed, have moved, or are stale", CHECK_EPILOG)
    sub.set_defaults(command=_check)
    sub.add_argument("file", metavar="LIST", help="CSV file, such as seeds/feeds.csv")
    sub.add_argument("--output", metavar="CSV", help="write a row for each feed here")
    sub.add_argument("--all", action="store_true", help="print healthy feeds, too")
    sub.add_argument(
        "--stale-days",
        type=float,
        default=STALE_DAYS,
        metavar="N",
        help=f"minimum age of the newest entry of a stale feed, in days ({STALE_DAYS:.0f})",
    )
    sub.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="timeout of each response (30)")
    sub.add_argument(
        "--contact", default="", metavar="TEXT", help="page or mail address by which publishers can reach you"
    )
    sub = _add(feeds, "import", "convert an OPML file, as feed readers export it, to a list")
    sub.set_defaults(command=_import)
    sub.add_argument("file", metavar="OPML", help="OPML file, as feed readers export it")
    sub.add_argument("--output", required=True, metavar="CSV", help="list to write")
    sub = _add(feeds, "export", "convert a list to an OPML file, for feed readers")
    sub.set_defaults(command=_export)
    sub.add_argument("file", metavar="LIST", help="CSV file, such as seeds/feeds.csv")
    sub.add_argument("--output", required=True, metavar="OPML", help="OPML file to write")


def _add(commands: Any, name: str, text: str, epilog: str | None = None) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    return added


# Packages that take seconds to import are imported where they are used, so that --help is fast.


def _list(args: argparse.Namespace) -> int:
    feeds = _read(args.file)
    country = _one_of([feed.country for feed in feeds], args.country, "--country")
    language = _one_of([feed.language for feed in feeds], args.language, "--language")
    feeds = [feed for feed in feeds if country in (None, feed.country) and language in (None, feed.language)]
    show(table([{"country": f.country, "lang": f.language, "publisher": f.publisher, "section": f.section,
                  "checked": f.checked, "url": f.url} for f in feeds]), end="")  # fmt: skip
    checked = sum(bool(feed.checked) for feed in feeds)
    countries = len({feed.country for feed in feeds})
    languages = len({feed.language for feed in feeds})
    show(f"{len(feeds)} feeds, {countries} countries, {languages} languages; {checked} known to have answered")
    return Exit.DONE


def _one_of(codes: list[str], wanted: str | None, option: str) -> str | None:
    """Return the code that is wanted, as the list writes it."""
    found = {code.lower(): code for code in codes if code}
    if wanted is not None and wanted.strip().lower() not in found:
        raise ConfigurationError(
            [f"{option} {wanted}: no feed of the list has it; there are {', '.join(sorted(found.values())) or 'none'}"]
        )
    return None if wanted is None else found[wanted.strip().lower()]


def _check(args: argparse.Namespace) -> int:
    from transforms.http.client import Client
    from transforms.read import Read

    feeds = _read(args.file)
    _check_numbers(args)
    if args.output:
        _check_writable(args.output)
    try:
        limits = Read(inputs=[args.file], timeout_seconds=args.timeout, contact=args.contact).limits
    except ValueError as error:
        raise ConfigurationError([str(error)]) from error
    return check(feeds, lambda: Client(limits), stale_days=args.stale_days, output=args.output, show_all=args.all)


def check(
    feeds: "Sequence[Any]",
    client: "Callable[[], Client]",
    *,
    stale_days: float = STALE_DAYS,
    output: str | None = None,
    show_all: bool = False,
    now: datetime.datetime | None = None,
    interval: float = 1.0,
) -> int:
    """Ask for the feeds, prints what came, and returns the exit code."""
    from transforms.feeds.check import check_feeds

    moment = now or datetime.datetime.now(datetime.UTC)
    number = iter(range(1, len(feeds) + 1))

    def tell(checked: "Checked") -> None:
        if sys.stderr.isatty():
            write(f"\r{next(number)} of {len(feeds)}", sys.stderr)

    found = check_feeds(feeds, client, now=moment, stale_days=stale_days, interval=interval, done=tell)
    shown = [one for one in found if show_all or one.problem or one.moved_to]
    show(table([{**one.row, "newest": one.row["newest"][:10]} for one in shown]), end="")
    if output:
        with Path(output).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(found[0].row), lineterminator="\n")
            writer.writeheader()
            writer.writerows(one.row for one in found)
    ill = sum(bool(one.problem) for one in found)
    stale = sum(one.answered and bool(one.problem) for one in found)
    show(
        f"{len(found)} feeds: {sum(one.answered for one in found)} answered,"
        f" {sum(bool(one.moved_to) for one in found)} moved, {stale} stale or broken, {ill - stale} did not answer"
    )
    return Exit.TOO_MANY_FAILURES if ill else Exit.DONE


def _import(args: argparse.Namespace) -> int:
    from transforms.failures import BadRecord
    from transforms.feeds.feed_list import MAX_BYTES, FeedListError, first_of, write_feed_list
    from transforms.feeds.opml import parse_opml
    from transforms.files.local_files import read_at_most

    _check_writable(args.output)
    try:
        feeds, left_out = parse_opml(read_at_most(args.file, MAX_BYTES), args.file)
    except BadRecord as error:
        raise ConfigurationError([f"{args.file}: cannot be read: {error}"]) from error
    except FeedListError as error:
        raise ConfigurationError(error.problems) from error
    write_feed_list(feeds, args.output)
    for line in first_of(left_out):
        show(f"dateline: left out: {one_line(line)}", file=sys.stderr)
    show(f"{args.output}: {len(feeds)} feeds" + (f"; {len(left_out)} left out" if left_out else ""))
    return Exit.DONE


def _export(args: argparse.Namespace) -> int:
    from transforms.feeds.opml import to_opml

    feeds = _read(args.file)
    _check_writable(args.output)
    Path(args.output).write_bytes(to_opml(feeds, Path(args.file).stem))
    show(f"{args.output}: {len(feeds)} feeds")
    return Exit.DONE


def _read(path: str) -> "list[Any]":
    from transforms.feeds.feed_list import FeedListError, read_feed_list

    try:
        return [*read_feed_list(path)]
    except FeedListError as error:
        raise ConfigurationError(error.problems) from error


def _check_numbers(args: argparse.Namespace) -> None:
    problems = [
        got(f"--{name.replace('_', '-')}", getattr(args, name), f"a number above 0, at most {most:,}")
        for name, most in MAX.items()
        if not 0 < getattr(args, name) <= most  # nor is nan
    ]
    if problems:
        raise ConfigurationError(problems)


def _check_writable(path: str) -> None:
    target = Path(path).resolve()
    folder = target.parent
    if target.is_dir() or not (folder.is_dir() and os.access(target if target.exists() else folder, os.W_OK)):
        raise ConfigurationError([f"--output {path}: cannot be written there; give a file in a folder that exists"])


def table(rows: list[dict[str, str]]) -> str:
    """Return rows under their column names, the columns aligned; the last as long as it is, empty columns left out.

    >>> print(table([{"a": "1", "b": "", "c": "x"}, {"a": "22", "b": "", "c": ""}]), end="")
    a   c
    1   x
    22
    """
    rows = [{name: one_line(masked(value)) for name, value in row.items()} for row in rows]
    columns = [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in columns}
    lines = [{name: name for name in columns}, *rows] if rows else []
    cells = ([f"{line[name]:{widths[name]}}" for name in columns] for line in lines)
    return "".join("  ".join(line).rstrip() + "\n" for line in cells)
