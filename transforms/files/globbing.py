r"""File name patterns with the meaning that a shell gives them (bash with `globstar`).

Beam's own differ: a pattern without a folder matches nothing, `**/` needs a
folder, and even devices and FIFOs are opened. The rules here:

- `*` and `?` match within one name, `[a-z]`, `[!a]` and `[[:digit:]]` one character, `\` takes a character as it is.
- `**` as a whole segment is zero or more folders. It does not follow links, so that loops of links end.
- `{a,b}`, `{1..3}`, `{01..12}` and `{a..f}` are alternatives, `~` is the home folder.
- A name that begins with a dot is only matched by a segment that begins with one.
"""

import fnmatch
import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from transforms.files.local_files import NO_FILE, Found, look_at
from transforms.settings import bad_setting

MAGIC = frozenset("*?[")
MAX_LENGTH = 4_096
MAX_ALTERNATIVES = 1_000
"""Patterns that braces may stand for."""

_CLASSES: dict[str, tuple[str, ...]] = {
    "[:alnum:]": ("az", "AZ", "09"),
    "[:alpha:]": ("az", "AZ"),
    "[:blank:]": ("  ", "\t\t"),
    "[:cntrl:]": ("\x00\x1f", "\x7f\x7f"),
    "[:digit:]": ("09",),
    "[:graph:]": ("!~",),
    "[:lower:]": ("az",),
    "[:print:]": (" ~",),
    "[:punct:]": ("!/", ":@", "[`", "{~"),
    "[:space:]": ("  ", "\t\r"),
    "[:upper:]": ("AZ",),
    "[:word:]": ("az", "AZ", "09", "__"),
    "[:xdigit:]": ("09", "af", "AF"),
}
"""Name of a class -> first and last sign of each of its ranges."""
_SET = "\0"
"""Stands for a set where `fnmatch` translates the rest; no name has it."""
_RANGE = re.compile(r"(?:(-?\d{1,9})\.\.(-?\d{1,9})|([a-zA-Z])\.\.([a-zA-Z]))(?:\.\.(-?\d{1,9}))?")


def is_pattern(text: str) -> bool:
    """Return True if a name has characters that stand for others.

    >>> is_pattern("news/*.txt"), is_pattern("news/{a,b}.txt"), is_pattern("news/a.txt")
    (True, True, False)
    """
    return bool(MAGIC & set(text)) or len(braces(text)) > 1


def walk(folder: Path) -> Iterator[Found]:
    """Yield the files of a folder and of those below it; hidden files and linked folders are skipped."""
    for one in _folders(folder):
        for name, is_folder in _names(one):
            if isinstance(name, Found):
                yield name
            elif not (is_folder or name.startswith(".")) and (found := look_at(one / name)):
                yield found


def _folders(folder: Path) -> Iterator[Path]:
    """Yield a folder and all below it, without hidden and linked folders.

    Not recursive, however deep they are.
    """
    waiting = [folder]
    while waiting:
        yield (one := waiting.pop())
        names = [name for name, is_folder in _names(one) if is_folder and isinstance(name, str)]
        waiting += [one / name for name in reversed(names) if not name.startswith(".")]


def expand(pattern: str) -> list[Found]:
    """Return the paths that a pattern matches on the local disk, each once, in order; folders are not matched.

    What matches and cannot be read is among it, with its problem, and so are folders that cannot be listed.

    Raises:
        ValueError: braces that stand for too many patterns, or name a file that is not there.
    """
    found: dict[str, Found] = {}
    for one in filter(None, braces(pattern)):  # a shell drops what stands for nothing, as in `{a,}`
        path = home(one)
        segments = [segment for segment in path.split("/") if segment]
        matches = _match(Path("/" if path.startswith("/") else "."), segments)
        matched = {each.path: each for each in matches if not _is_folder(each)}
        if not matched and not MAGIC & set(one) and one != pattern:
            raise bad_setting("inputs", pattern, f"paths that exist; {one!r} does not")
        found |= matched
    return [found[path] for path in sorted(found)]


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that says if the name of an object matches a pattern.

    >>> fits = matcher("gs://b/**/[a-c]*.txt")
    >>> [fits(name) for name in ("gs://b/a.txt", "gs://b/x/y/b.txt", "gs://b/.x/a.txt", "gs://b/d.txt")]
    [True, True, False, False]
    """
    alternatives = [[(segment, _fits(segment)) for segment in one.split("/")] for one in braces(pattern)]
    return lambda name: any(_names_fit(segments, name.split("/")) for segments in alternatives)


def literal_front(pattern: str) -> str:
    """Return the beginning of a pattern up to the first character that stands for others.

    >>> literal_front("gs://b/news/2026-*/x.txt"), literal_front("gs://b/{a,b}/x.txt")
    ('gs://b/news/2026-', 'gs://b/')
    """
    return re.split(r"[*?\[{\\]", pattern, maxsplit=1)[0]


def home(pattern: str) -> str:
    """Return a pattern with `~` or `~user` at its beginning replaced by that home folder, if there is one."""
    if not pattern.startswith("~"):
        return pattern
    front, slash, rest = pattern.partition("/")
    try:
        return str(Path(front).expanduser()) + slash + rest
    except RuntimeError:
        return pattern


def braces(pattern: str) -> list[str]:
    r"""Return the patterns that one with braces stands for.

    >>> braces("a{b,c{d,e}}.{1..2}"), braces(r"a{b}{}\{c,d}")
    (['ab.1', 'ab.2', 'acd.1', 'acd.2', 'ace.1', 'ace.2'], ['a{b}{}\\{c,d}'])

    Raises:
        ValueError: more than `MAX_ALTERNATIVES`.
    """
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        text = waiting.pop()
        group = _first_group(text) if "{" in text else None
        if group is None:
            done.append(text)
            continue
        start, end, alternatives = group
        if len(done) + len(waiting) + len(alternatives) > MAX_ALTERNATIVES or len(pattern) > MAX_LENGTH:
            raise bad_setting("inputs", pattern[:200], f"braces for at most {MAX_ALTERNATIVES:,} patterns")
        waiting += [text[:start] + one + text[end:] for one in reversed(alternatives)]
    return list(dict.fromkeys(done))


def _first_group(text: str) -> tuple[int, int, list[str]] | None:
    """Return the beginning, the end and the alternatives of the first braces that have some."""
    opened: list[tuple[int, list[int]]] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "{":
            opened.append((at, []))
        elif text[at] == "," and opened:
            opened[-1][1].append(at)
        elif text[at] == "}" and opened:
            start, commas = opened.pop()
            cuts = [start, *commas, at]
            alternatives = [text[one + 1 : other] for one, other in itertools.pairwise(cuts)]
            alternatives = alternatives if commas else _range(alternatives[0])
            if alternatives:
                return start, at + 1, alternatives
        at += 1
    return None


def _range(text: str) -> list[str]:
    """Return the numbers or letters of `1..3`, `01..12`, `a..f` or `0..100..10`; none for another text."""
    found = _RANGE.fullmatch(text)
    if not found:
        return []
    ends = (found[1], found[2]) if found[1] else (found[3], found[4])
    first, last = (int(end) for end in ends) if found[1] else map(ord, ends)
    step = max(abs(int(found[5] or 1)), 1)
    every = range(first, last + 1, step) if last >= first else range(first, last - 1, -step)
    values = itertools.islice(every, MAX_ALTERNATIVES + 1)
    if not found[1]:
        return [chr(value) for value in values]
    padded = any(re.match(r"-?0\d", end) for end in ends)
    width = max(map(len, ends)) if padded else 0
    return [f"{value:0{width}d}" for value in values]


def _match(folder: Path, segments: list[str]) -> Iterator[Found]:
    """Return the paths that the segments of a pattern match below a folder; links that a segment names are followed."""
    if not segments:
        if found := look_at(folder):
            yield found
        return
    segment, rest = segments[0], segments[1:]
    if segment == "**":
        yield from _match_below(folder, rest)
    elif not MAGIC & set(segment):
        yield from _match(folder / _plain(segment), rest)
    else:
        fits = _fits(segment)
        for name, is_folder in _names(folder):
            if isinstance(name, Found):
                yield name
            elif fits(name) and (not rest or is_folder or _is_linked_folder(folder / name)):
                yield from _match(folder / name, rest)


def _match_below(folder: Path, rest: list[str]) -> Iterator[Found]:
    """Return the paths that the segments after `**` match in a folder and in all folders below it."""
    while rest[:1] == ["**"]:
        rest = rest[1:]
    if not rest:
        yield from walk(folder)
        return
    for one in _folders(folder):
        yield from (name for name, _ in _names(one) if isinstance(name, Found))
        yield from _match(one, rest)


def _names(folder: Path) -> list[tuple[str | Found, bool]]:
    """Return the names in a folder, sorted, and for each whether it is a folder and no link.

    A folder that cannot be listed gives a `Found` that says why; nothing where there is none.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return []
    except OSError as error:
        return [(Found(path=str(folder), problem=f"the folder cannot be listed: {error.strerror or error}"), False)]


def _is_linked_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_folder(found: Found) -> bool:
    return found.problem == NO_FILE.format("a folder")


def _plain(segment: str) -> str:
    """Return a segment without wildcards as a name."""
    return re.sub(r"\\(.)", r"\1", segment, flags=re.DOTALL)


def _expression(segment: str) -> str:
    """Return a segment as a regular expression for names, in which a star never goes back (as `fnmatch` writes it)."""
    pieces: list[str] = []
    sets: list[str] = []
    at = 0
    while at < len(segment):
        sign, at = segment[at], at + 1
        if sign == "\\" and at < len(segment):
            pieces.append(f"[{segment[at]}]" if segment[at] in MAGIC else segment[at])
            at += 1
        elif sign == "[" and (end := _end_of_set(segment, at)):
            sets.append(_set(segment[at:end]))
            pieces.append(_SET)
            at = end + 1
        else:
            pieces.append("[[]" if sign == "[" else sign)
    first, *others = fnmatch.translate("".join(pieces)).split(_SET)
    return first + "".join(one + other for one, other in zip(sets, others, strict=True))


def _end_of_set(segment: str, at: int) -> int | None:
    """Return the place of the bracket that closes a set; None for a bracket that stands for itself."""
    at += segment[at : at + 1] in ("!", "^")
    at += segment[at : at + 1] == "]"
    while at < len(segment) and segment[at] != "]":
        name = next((name for name in _CLASSES if segment.startswith(name, at)), "x")
        at += 2 if segment[at] == "\\" else len(name)
    return at if at < len(segment) else None


def _set(inside: str) -> str:
    """Return the content of a set's brackets as a regular expression."""
    negated = inside[0] in "!^"
    at = int(negated)
    ranges: list[str] = []
    while at < len(inside):
        if name := next((name for name in _CLASSES if inside.startswith(name, at)), None):
            ranges += _CLASSES[name]
            at += len(name)
            continue
        first, at = _member(inside, at)
        last = first
        if inside[at : at + 1] == "-" and at + 1 < len(inside):
            last, at = _member(inside, at + 1)
        ranges += [first + last] if first <= last else []
    if not ranges:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{''.join(f'{re.escape(one[0])}-{re.escape(one[1])}' for one in ranges)}]"


def _member(inside: str, at: int) -> tuple[str, int]:
    """Return a character of a set, and the position after it."""
    at += inside[at] == "\\" and at + 1 < len(inside)
    return inside[at], at + 1


def _fits(segment: str) -> Callable[[str], object]:
    """Return a function that says if a name matches a segment."""
    if not MAGIC & set(segment):
        return _plain(segment).__eq__
    fits = re.compile(_expression(segment), re.DOTALL).fullmatch
    may_be_hidden = segment.startswith((".", "\\."))
    return lambda name: (may_be_hidden or not name.startswith(".")) and fits(name)


def _names_fit(segments: Sequence[tuple[str, Callable[[str], object]]], names: Sequence[str]) -> bool:
    """Return True if names match segments, one by one; a `**` takes as many names as it needs."""
    places = _after_stars(segments, {0})
    for at, name in enumerate(names):
        last = at == len(names) - 1
        after: set[int] = set()
        for place in places:
            segment, fits = segments[place]
            if segment != "**":
                after |= {place + 1} if fits(name) else set()
            elif not name.startswith("."):
                after |= {place + 1} if last and place == len(segments) - 1 else {place}
        places = _after_stars(segments, after) - ({len(segments)} if not last else set())
    return len(segments) in places


def _after_stars(segments: Sequence[tuple[str, object]], places: set[int]) -> set[int]:
    """Return places in a pattern, and those after a `**` that takes no folder; the last one takes a file."""
    found = set(places)
    for place in sorted(places):
        while place < len(segments) - 1 and segments[place][0] == "**":
            place += 1
            found.add(place)
    return found
