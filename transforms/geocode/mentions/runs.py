"""Runs of capitalized words."""

import re
from collections.abc import Iterator, Sequence

_FUNCTION_WORDS = frozenset(
    {"in", "the", "of", "from", "to", "and", "at", "for", "on", "near", "with", "by", "a", "an", "as", "but", "if"}
    | {"when", "while", "since", "after", "before", "both", "across", "outside", "inside", "is", "was", "this", "that"}
    | {"over", "under", "he", "she", "it", "they", "we", "his", "her", "our", "their", "there", "then", "so", "or"}
)
_SHORT = frozenset({"St", "Ste", "Mt", "Ft", "Pt"})
"""Words that a period shortens inside a place's name."""


def runs(text: str, words: Sequence[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Longest runs of capitalized words, without function words at their start.

    >>> text = "In New Delhi the Army said"
    >>> [text[start:end] for start, end in runs(text, list(WORD.finditer(text)))]
    ['New Delhi', 'Army']
    >>> text = "He left St. Paul. Then he slept"
    >>> [text[start:end] for start, end in runs(text, list(WORD.finditer(text)))]
    ['St. Paul']
    """
    run: list[re.Match[str]] = []
    for word in words:
        joined = bool(run) and text[run[-1].end() : word.start()] in (" ", "-")
        joined = joined or (bool(run) and run[-1][0] in _SHORT and text[run[-1].end() : word.start()] == ". ")
        if run and not (joined and word[0][0].isupper()):
            yield run[0].start(), run[-1].end()
            run = []
        if word[0][0].isupper() and (run or word[0].lower() not in _FUNCTION_WORDS):
            run.append(word)
    if run:
        yield run[0].start(), run[-1].end()
