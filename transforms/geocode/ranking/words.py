"""Evidence of the words of a name and around it: whether it is a place at all, and its kind."""

import math
import re
from collections.abc import Sequence

from transforms.gazetteer.candidates import Options
from transforms.gazetteer.lookup import Match
from transforms.gazetteer.names import normalize
from transforms.languages.base import RankingWords

TRAITS = {
    "none": "always, for `none of these`",
    "none_doubtful": "a capitalized word that only the gazetteer takes for a place",
    "none_gazetteer": "share of the mentions that the gazetteer found and the model did not",
    "none_organization": "found in the name of an organization",
    "none_dateline": "the dateline",
    "none_words": "words of the name beyond the first, at most 3",
    "none_short": "the name has four letters or fewer",
    "none_candidates": "log10 of the number of candidates",
    "none_repeated": "log10 of the number of mentions",
    "none_locative": "share of the mentions behind `in`, `near`, `at` or `from`",
    "none_goes_on": "share of the mentions with a capitalized word or a hyphen behind",
    "none_begins_before": "share of the mentions with a capitalized word right before",
    "none_capitals": "printed in capitals",
    "none_alternate": "all candidates have the name as an alternate one",
}
"""Features of "none of these", with their meaning."""

_GOES_ON = re.compile(r"^(?: [A-Z][a-z]|-\w)")
_BEGINS_BEFORE = re.compile(r"[A-Z][\w’'-]{1,24} $")
REACH = 24
"""Characters looked at before and after a mention."""


def cues_of(text: str, spans: Sequence[tuple[int, int]], words: RankingWords) -> tuple[float, ...]:
    """Return shares of the mentions whose neighbouring words say city, division, country or possessive.

    >>> from transforms.languages.known import language_of
    >>> cues_of("the city of Perth", [(12, 17)], language_of("en").ranking)
    (1.0, 0.0, 0.0, 0.0)
    """
    counts = [0, 0, 0, 0]
    for start, end in spans:
        before, behind = text[max(0, start - REACH) : start], text[end : end + REACH]
        counts[0] += bool(words.city_before.search(before) or words.city_after.match(behind))
        counts[1] += bool(words.division_before.search(before) or words.division_after.match(behind))
        counts[2] += bool(words.country_before.search(before) or words.country_after.match(behind))
        counts[3] += bool(words.possessive.match(behind))
    return tuple(count / max(1, len(spans)) for count in counts)


def traits_of(
    text: str,
    name: str,
    options: Options,
    spans: Sequence[tuple[int, int]],
    bases: Sequence[str],
    words: RankingWords,
    *,
    doubtful: bool,
) -> tuple[float, ...]:
    """Return values of `TRAITS` for a name with its mentions.

    Args:
        text: the article's.
        name: the name as printed.
        options: its candidates.
        spans: its mentions.
        bases: what found each of them.
        words: cues of the article's language.
        doubtful: whether nothing in the text says that it is a place.
    """
    number = max(1, len(spans))
    befores = [text[max(0, start - REACH) : start] for start, _ in spans]
    behinds = [text[end : end + REACH] for _, end in spans]
    letters = normalize(name)
    return (
        1.0,
        float(doubtful),
        0.0 if doubtful else bases.count("gazetteer") / number,
        bases.count("organization") / number,
        float("dateline" in bases),
        float(min(letters.count(" "), 3)),
        float(len(letters) <= 4),
        math.log10(max(1, len(options.candidates))),
        math.log10(number),
        sum(bool(words.locative.search(before)) for before in befores) / number,
        sum(bool(_GOES_ON.match(behind)) for behind in behinds) / number,
        sum(bool(_BEGINS_BEFORE.search(before)) for before in befores) / number,
        float(name.isupper() and len(name) > 4),
        float(all(candidate.match is Match.ALTERNATE for candidate in options.candidates)),
    )
