"""Long texts are read in pieces, so that memory follows the piece and not the text."""

import re
from collections.abc import Iterator

_BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"[.!?。]\s"), re.compile(r"\s"))


def cut(text: str, limit: int) -> Iterator[tuple[int, str]]:
    """Yield cuts a text into pieces of at most `limit` characters, each with its offset.

    Pieces joined in order are the text. A cut falls after the last paragraph,
    else line, else sentence, else word that ends in the second half of the
    piece, and inside a word only when there is nothing else.

    >>> list(cut("One. Two. Three.", 11))
    [(0, 'One. Two. '), (10, 'Three.')]
    """
    start = 0
    while len(text) - start > limit:
        end = _last_break(text, start + limit // 2, start + limit)
        yield start, text[start:end]
        start = end
    yield start, text[start:]


def _last_break(text: str, low: int, high: int) -> int:
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, low, high)]
        if ends:
            return ends[-1]
    return high
