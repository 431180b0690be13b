"""A place named in the text, not yet placed, and the spans it is made of."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from transforms.gazetteer.candidates import plain_name
from transforms.gazetteer.lookup import Place

_EDGES = " \t\n\r,;:()[]\"“”'‘’-–—/&*•|"
_INITIALS = re.compile(r"[A-Z]\.[A-Z]$")


@dataclass(frozen=True, slots=True)
class Mention:
    """One place named in the text, not yet placed."""

    start: int
    end: int
    surface: str
    name: str
    """What is looked up."""
    kind: str
    basis: str
    place: Place | None = None
    """The place itself, where the name leaves no choice (demonyms)."""
    container: str = ""
    """A place that the text says it is in: `Texas` in `Paris, Texas`."""
    doubtful: bool = False
    """True if it is a place only among the other places of the article."""


def mention_at(
    text: str,
    start: int,
    end: int,
    *,
    basis: str,
    kind: str = "name",
    place: Place | None = None,
    name: str = "",
    doubtful: bool = False,
) -> Mention:
    """Return the mention at a span; `name` where another name than the surface is looked up."""
    surface = text[start:end]
    return Mention(start, end, surface, name or plain_name(surface), kind, basis, place, doubtful=doubtful)


class SpanSet:
    """The mentions found so far, none overlapping another."""

    def __init__(self, length: int) -> None:
        self.mentions: list[Mention] = []
        self._used = bytearray(length)

    def add(self, found: Iterable[Mention]) -> None:
        """Add the mentions that overlap none of those already taken."""
        for mention in found:
            if self.is_free(mention.start, mention.end):
                self.mentions.append(mention)
                self._used[mention.start : mention.end] = b"\1" * (mention.end - mention.start)

    def is_free(self, start: int, end: int) -> bool:
        """Return True if no mention overlaps the span."""
        return self._used.find(1, start, end) < 0


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without article, possessive and punctuation at its edges, with the last period of initials.

    >>> trimmed("in the Philippines' north", 3, 19)
    (7, 18)
    >>> trimmed("to the U.S.", 3, 10)
    (7, 11)
    """
    surface = text[start:end]
    if surface[:1].isalnum() and surface[-1].isalnum() and surface[0] not in "Tt" and surface[-1] != "s":
        # Nothing to take off; this is the usual case, and names are trimmed a hundred times an article.
        return start, end + (text[end : end + 1] == "." and _INITIALS.search(surface) is not None)
    start += len(surface) - len(surface.lstrip(_EDGES))
    surface = text[start:end].rstrip(_EDGES)
    if surface[:4].lower() in ("the ", "the\n"):
        start += 4 + len(surface[4:]) - len(surface[4:].lstrip())
        surface = text[start:end].rstrip(_EDGES)
    if surface.endswith(("'s", "’s")):
        surface = surface[:-2]
    end = start + len(surface)
    if text[end : end + 1] == "." and _INITIALS.search(surface):
        end += 1
    return start, end


def parts(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans between separators.

    >>> list(parts("Berlin/Frankfurt", 0, 16, re.compile("/")))
    [(0, 6), (7, 16)]
    """
    for match in separator.finditer(text, start, end):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if end > start:
        yield start, end
