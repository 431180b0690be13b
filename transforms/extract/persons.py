"""Which mentions of one article name the same person."""

import bisect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from transforms.text.normal_forms import normal_form

_TITLE = re.compile(
    r"^(?:(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Lt|Col|Maj|Capt|Sgt|Rev|St|Hon|Sir|Dame|Lord|Lady)\b\.?"
    r"|President|Prime Minister|Minister|Senator|Governor|General|Colonel|King|Queen|Prince|Princess|Pope"
    r"|Chancellor|Judge|Justice|Professor|Doctor|Captain|Sheikh|Ayatollah|Sheriff|Mayor)\s+(?=\S)"
)
_SUFFIX = re.compile(r"(?:,|(?<![\s,]))\s+(?:Jr|Sr|II|III|IV)\.?$")
_POSSESSIVE = re.compile(r"['’ʼ]s?$")
MAX_NAMESAKES = 200
"""Different names with one part in common that are compared."""

Parts = tuple[str, ...]


def plain_name(surface: str) -> str:
    """Return a mention without titles, possessive ending and line breaks.

    >>> plain_name("President Vladimir\\nPutin's")
    'Vladimir Putin'
    """
    name = _POSSESSIVE.sub("", " ".join(surface.split()))
    while True:
        shorter = _TITLE.sub("", name)
        if shorter == name:
            return name
        name = shorter


def join_persons(names: Sequence[str]) -> list[int]:
    """Return, for each name in text order, the index of its fullest form.

    A name belongs to a fuller one when its parts occur in it in order
    ("Putin" and "V. Putin" in "Vladimir Putin"); the last part, the surname of
    most traditions, counts before the first, the surname of others ("Kim" in
    "Kim Jong Un"). Where two persons would do, the one mentioned last wins for
    a surname, and none for a given name.

    >>> join_persons(["Putin", "Vladimir Putin", "Kim Jong Un", "Kim"])
    [1, 1, 2, 2]
    """
    parts = [_parts(name) for name in names]
    positions: dict[Parts, list[int]] = defaultdict(list)
    having: dict[str, list[Parts]] = defaultdict(list)
    for index, mention in enumerate(parts):
        for part in dict.fromkeys(mention) if mention not in positions else ():
            if len(having[part]) < MAX_NAMESAKES:
                having[part].append(mention)
        positions[mention].append(index)
    fuller = {
        mention: [full for full in _sharing(mention, having) if _is_fuller(full, mention)] for mention in positions
    }
    namesakes = {mention: [full for full in found if full[-1] == mention[-1]] for mention, found in fuller.items()}
    return [positions[parts[_choose(index, parts, positions, fuller, namesakes)]][0] for index in range(len(parts))]


def _sharing(mention: Parts, having: dict[str, list[Parts]]) -> list[Parts]:
    """Return the names that have the rarest of a mention's parts; only they can be fuller."""
    written = [part for part in mention if len(part) > 1] or list(mention[:1])
    return min((having[part] for part in written), key=len, default=[])


def _parts(name: str) -> Parts:
    folded = normal_form("NFKD", _SUFFIX.sub("", name).casefold())
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return tuple(re.findall(r"[^\W_]+", plain))


def _is_fuller(full: Parts, short: Parts) -> bool:
    return sum(map(len, full)) > sum(map(len, short)) and _is_within(short, full)


def _is_within(short: Parts, full: Parts) -> bool:
    """Return each part equals one of `full`, in order; all but the last may be an initial."""
    rest = iter(full)
    return bool(short) and all(any(_matches(part, other) for other in rest) for part in short)


def _matches(part: str, other: str) -> bool:
    return part == other or (len(part) == 1 and other.startswith(part))


def _choose(
    index: int,
    parts: Sequence[Parts],
    positions: dict[Parts, list[int]],
    fuller: dict[Parts, list[Parts]],
    namesakes: dict[Parts, list[Parts]],
) -> int:
    """Return the index of the fuller name that a mention means, or its own.

    Args:
        index: the mention's.
        parts: of all names.
        positions: the position of each name in the text.
        fuller: the fuller names of each name.
        namesakes: those of them with the same surname.
    """
    named = fuller[parts[index]]
    if named and not namesakes[parts[index]]:
        return positions[named[0]][0] if len(named) == 1 else index
    # "Putin" -> "Vladimir Putin" -> "Vladimir Vladimirovich Putin"
    while same := namesakes[parts[index]]:
        before = [at for name in same if (at := _last_before(positions[name], index)) is not None]
        index = max(before) if before else min(positions[name][0] for name in same)
    return index


def _last_before(ascending: Sequence[int], index: int) -> int | None:
    at = bisect.bisect_left(ascending, index)
    return ascending[at - 1] if at else None
