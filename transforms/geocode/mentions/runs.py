"""Runs of capitalized words."""

from collections.abc import Iterator, Sequence

from transforms.languages.base import Language


def runs(text: str, words: Sequence[tuple[int, int]], language: Language) -> Iterator[tuple[int, int]]:
    """Yield longest runs among the capitalized words of a text, without function words at their start.

    >>> from transforms.geocode.mentions.words import capitalized
    >>> from transforms.languages.known import language_of
    >>> def found(text):
    ...     return [text[start:end] for start, end in runs(text, capitalized(text), language_of("en"))]
    >>> found("In New Delhi the Army said"), found("He left St. Paul. Then he slept")
    (['New Delhi', 'Army'], ['St. Paul'])
    """
    start = end = -1
    for left, right in words:
        if start >= 0:
            gap = text[end:left]
            if gap in (" ", "-") or (
                gap == ". " and text[max(start, end - 4) : end].rpartition(" ")[2] in language.context.shortened
            ):
                end = right
                continue
            yield start, end
            start = -1
        if text[left:right].lower() not in language.context.function:
            start, end = left, right
    if start >= 0:
        yield start, end
