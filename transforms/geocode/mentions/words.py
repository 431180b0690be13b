"""Words of a text, and common words."""

import functools
import re

from transforms.gazetteer.names import normalize
from transforms.languages.base import Language

_WORD = r"(?:[A-Z][a-z]?\.){2,}|[^\W\d_][^\W_]*(?:['’-][^\W_]+)*"
WORD = re.compile(_WORD)
"""A word of a text; an abbreviation keeps its periods."""
_SMALL = r"[a-z][^\W_]*+(?:['’-][^\W_]++)*+"
_NEXT = re.compile(rf"(?:[\W\d_]++|{_SMALL})*+(?:({_WORD})|\Z)")
"""The next word that does not begin with `a` to `z`, after all words that do; or the end of the text."""


def capitalized(text: str) -> list[tuple[int, int]]:
    """Return the spans of the words that begin with a capital.

    >>> text = "iPhone sales in the U.S. and 3D-Drucker by O'Brien"
    >>> [text[start:end] for start, end in capitalized(text)]
    ['U.S.', 'D-Drucker', "O'Brien"]
    """
    # Most words begin with a small letter. One match skips them all; a match for each would take four times as long.
    return [match.span(1) for match in _NEXT.finditer(text) if match[1] and match[1][0].isupper()]


@functools.lru_cache(maxsize=65536)
def is_common(name: str, language: Language) -> bool:
    """Return True if a name consists of common words.

    >>> from transforms.languages.known import language_of
    >>> [is_common(name, language_of("en")) for name in ("Central", "Black Rock", "Kyiv")]
    [True, True, False]
    """
    return all(word in language.context.common or len(word) == 1 for word in normalize(name).split())
