"""Hostile input for a regular expression, derived from the expression itself.

A backtracking matcher takes more than linear time on long repeats of what one
of its parts accepts. Each part that repeats is therefore fed with a long run of
its own samples, before and after the parts around it.
"""

import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_VARIANTS = 3
_MANY = 4
"""Minimum repetitions from which a part counts as unbounded."""
_POOL = "aA1 -.,\n<>\"'&;/=_é漢"
_CATEGORIES = {
    codes.CATEGORY_DIGIT: "1",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_NOT_SPACE: "a",
    codes.CATEGORY_NOT_WORD: "-",
}


class Trigger(NamedTuple):
    """A text of any length: a head, a unit that is repeated, and a tail."""

    head: str
    unit: str
    tail: str

    def text(self, length: int) -> str:
        """Return the text with at least `length` characters of repeats."""
        return self.head + self.unit * -(-length // len(self.unit)) + self.tail

    def __str__(self) -> str:
        return f"{self.head[-20:]!r} {self.unit[:40]!r}... {self.tail[:10]!r}"


COMMON = tuple(
    Trigger("", unit, tail)
    for unit, tail in [
        (" ", "x"), ("\n", "x"), (" \n", "x"), ("a", "!"), ("A", "!"), ("1", "x"), (".", "x"), ("-", "x"), ("'", "x"),
        ('"', "x"), ("(", ""), ("[", ""), ("<", ""), ("&", ""), ("Aa ", "x"), ("Aa, ", "x"), ("a ", "!"), ("A.", "x"),
        ("a.", "!"), ("1,", "x"), ("&amp;", ""), ("<b>", ""), ("<!DOCTYPE ", ""), ("\U0001f600", "x"),
        ("e\u0301", "x"), ("\u0301\u0323", "x"),
        ("漢", "x"), ("Aa and ", "x"), ("http://a", " "), ("%41", "x"), ("a@", "x"),
    ]
)  # fmt: skip


def units(*texts: str) -> list[Trigger]:
    """Return triggers that repeat the texts."""
    return [Trigger("", text, "") for text in texts]


def triggers(pattern: re.Pattern[Any]) -> list[Trigger]:
    """Return the hostile inputs for a pattern, without repetitions."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    found = [*_whole(tree), *_parts(tree, ""), *COMMON]
    return list(dict.fromkeys(trigger for trigger in found if trigger.unit))


def _whole(tree: Any) -> Iterator[Trigger]:
    """Yield repeats of what matches, of its beginnings, and of each character in it."""
    nodes = list(tree)
    for variant in range(_VARIANTS):
        for end in range(1, len(nodes) + 1):
            yield Trigger("", _sample(nodes[:end], variant), "")
        yield Trigger("", _sample(nodes, variant) + " ", "")
    for letter in dict.fromkeys(_alphabet(nodes)):
        yield Trigger("", letter, "")


def _parts(nodes: Iterable[Any], before: str) -> Iterator[Trigger]:
    """Yield runs of each part that repeats, after what has to precede it."""
    seen: list[Any] = []
    for node in nodes:
        head = before + _sample(seen, 0)
        if node[0] in _REPEATS and node[1][1] >= _MANY:
            for unit in dict.fromkeys(_sample(node[1][2], variant) for variant in range(_VARIANTS)):
                yield Trigger(head, unit, "\x01")
                yield Trigger(head, unit, "a")
                yield Trigger("", unit, "!")
                yield Trigger("", head + unit, "")
        for inner in _inside(node):
            yield from _parts(inner, head)
        seen.append(node)


def _inside(node: Any) -> list[Any]:
    kind, value = node
    if kind in _REPEATS:
        return [value[2]]
    if kind is codes.BRANCH:
        return list(value[1])
    if kind is codes.SUBPATTERN:
        return [value[3]]
    if kind is codes.ATOMIC_GROUP:
        return [value]
    if kind in (codes.ASSERT, codes.ASSERT_NOT):
        return [value[1]]
    return []


def _alphabet(nodes: Iterable[Any]) -> Iterator[str]:
    """Yield samples of all single characters in a pattern."""
    for node in nodes:
        if node[0] in (codes.LITERAL, codes.NOT_LITERAL, codes.ANY):
            yield _sample([node], 0)
        elif node[0] is codes.IN:
            yield from _members(node[1])
        for inner in _inside(node):
            yield from _alphabet(inner)


def _sample(nodes: Iterable[Any], variant: int) -> str:
    """Return a text that the nodes accept; another one for another variant, where there is one."""
    return "".join(_one(node, variant) for node in nodes)


def _one(node: Any, variant: int) -> str:
    kind, value = node
    if kind is codes.LITERAL:
        return chr(value)
    if kind is codes.NOT_LITERAL:
        return next(letter for letter in _POOL if letter != chr(value))
    if kind is codes.ANY:
        return "a"
    if kind is codes.IN:
        members = _members(value)
        return members[variant % len(members)]
    if kind in _REPEATS:
        least, most, inner = value
        return _sample(inner, variant) * max(least, min(1, most))
    inside = _inside(node)
    if kind in (codes.ASSERT_NOT, codes.ASSERT) or not inside:
        return ""
    return _sample(inside[variant % len(inside)], variant)


def _members(items: Sequence[Any]) -> list[str]:
    """Return some characters of a set, at least one."""
    if items[0][0] is codes.NEGATE:
        return [letter for letter in _POOL if not any(_has(item, letter) for item in items[1:])][:4] or ["\x02"]
    return list(dict.fromkeys(_member(kind, value) for kind, value in items))[:6]


def _member(kind: Any, value: Any) -> str:
    if kind is codes.CATEGORY:
        return _CATEGORIES.get(value, "a")
    return chr(value[0] if kind is codes.RANGE else value)


def _has(item: Any, letter: str) -> bool:
    kind, value = item
    if kind is codes.LITERAL:
        return ord(letter) == value
    if kind is codes.RANGE:
        return value[0] <= ord(letter) <= value[1]
    name = {
        codes.CATEGORY_DIGIT: letter.isdigit(),
        codes.CATEGORY_SPACE: letter.isspace(),
        codes.CATEGORY_WORD: letter.isalnum() or letter == "_",
    }
    if value in name:
        return name[value]
    opposite = {
        codes.CATEGORY_NOT_DIGIT: codes.CATEGORY_DIGIT,
        codes.CATEGORY_NOT_SPACE: codes.CATEGORY_SPACE,
        codes.CATEGORY_NOT_WORD: codes.CATEGORY_WORD,
    }
    return value in opposite and not name[opposite[value]]
