"""Which mentions of one article name the same person."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

_TITLE = re.compile(
    r"^(?:(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Lt|Col|Maj|Capt|Sgt|Rev|St|Hon|Sir|Dame|Lord|Lady)\b\.?"
    r"|President|Prime Minister|Minister|Senator|Governor|General|Colonel|King|Queen|Prince|Princess|Pope"
    r"|Chancellor|Judge|Justice|Professor|Doctor|Captain|Sheikh|Ayatollah|Sheriff|Mayor)\s+(?=\S)"
)
_SUFFIX = re.compile(r"(?:,|(?<![\s,]))\s+(?:Jr|Sr|II|III|IV)\.?$")
_POSSESSIVE = re.compile(r"['’ʼ]s?$")


def plain_name(surface: str) -> str:
    """A mention without titles, possessive ending and line breaks.

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
    """For each name, in text order, the index of the name that says it in full.

    A name belongs to a fuller one when its parts occur in it in order
    ("Putin" and "V. Putin" in "Vladimir Putin"); the last part, the surname of
    most traditions, counts before the first, the surname of others ("Kim" in
    "Kim Jong Un"). Where two persons would do, the one mentioned last wins for
    a surname, and none for a given name.

    >>> join_persons(["Putin", "Vladimir Putin", "Kim Jong Un", "Kim"])
    [1, 1, 2, 2]
    """
    parts = [_parts(name) for name in names]
    first: dict[tuple[str, ...], int] = {}
    having: dict[str, list[int]] = defaultdict(list)
    for index, mention in enumerate(parts):
        first.setdefault(mention, index)
        for part in set(mention):
            having[part].append(index)
    fullest = []
    for index, mention in enumerate(parts):
        # Only names that share a part can be fuller; comparing all with all would take minutes for a book.
        sharing = having[max(mention, key=len)] if mention else []
        fuller = [i for i in sharing if _is_fuller(parts[i], mention)]
        fullest.append(_choose(index, mention, fuller, parts))
    return [first[parts[index]] for index in fullest]


def _parts(name: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKD", _SUFFIX.sub("", name).casefold())
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return tuple(re.findall(r"[^\W_]+", plain))


def _is_fuller(full: tuple[str, ...], short: tuple[str, ...]) -> bool:
    return sum(map(len, full)) > sum(map(len, short)) and _is_within(short, full)


def _is_within(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Each part equals one of `full`, in order; all but the last may be an initial."""
    rest = iter(full)
    return bool(short) and all(any(_matches(part, other) for other in rest) for part in short)


def _matches(part: str, other: str) -> bool:
    return part == other or (len(part) == 1 and other.startswith(part))


def _choose(index: int, mention: tuple[str, ...], fuller: list[int], parts: list[tuple[str, ...]]) -> int:
    """The fuller name that a mention means, or itself."""
    by_surname = [i for i in fuller if parts[i][-1] == mention[-1]]
    if by_surname:
        before = [i for i in by_surname if i < index]
        nearest = before[-1] if before else by_surname[0]
        # "Putin" -> "Vladimir Putin" -> "Vladimir Vladimirovich Putin"
        fuller_still = [i for i in by_surname if _is_fuller(parts[i], parts[nearest])]
        return _choose(nearest, parts[nearest], fuller_still, parts)
    persons = {parts[i] for i in fuller}
    return fuller[0] if len(persons) == 1 else index
