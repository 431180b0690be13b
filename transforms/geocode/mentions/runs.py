"""Runs of capitalized words."""

from collections.abc import Iterator, Sequence

_FUNCTION_WORDS = frozenset(
    {"in", "the", "of", "from", "to", "and", "at", "for", "on", "near", "with", "by", "a", "an", "as", "but", "if"}
    | {"when", "while", "since", "after", "before", "both", "across", "outside", "inside", "is", "was", "this", "that"}
    | {"over", "under", "he", "she", "it", "they", "we", "his", "her", "our", "their", "there", "then", "so", "or"}
)
_SHORT = frozenset({"St", "Ste", "Mt", "Ft", "Pt"})
"""Words that a period shortens inside a place's name."""


def runs(text: str, words: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield longest runs among the capitalized words of a text, without function words at their start.

    >>> from transforms.geocode.mentions.words import capitalized
    >>> def found(text):
    ...     return [text[start:end] for start, end in runs(text, capitalized(text))]
    >>> found("In New Delhi the Army said"), found("He left St. Paul. Then he slept")
    (['New Delhi', 'Army'], ['St. Paul'])
    """
    start = end = -1
    for left, right in words:
        if start >= 0:
            gap = text[end:left]
            if gap in (" ", "-") or (gap == ". " and text[max(start, end - 4) : end].rpartition(" ")[2] in _SHORT):
                end = right
                continue
            yield start, end
            start = -1
        if text[left:right].lower() not in _FUNCTION_WORDS:
            start, end = left, right
    if start >= 0:
        yield start, end
