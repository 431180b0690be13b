"""The headline of a page, voted from everything that may name it."""

import re
from collections.abc import Iterable, Sequence

MAX_HEADLINE = 500

# White space is entered only at its start, so that a long run of it is not tried from each of its characters.
_SEPARATOR = re.compile(r"(?<!\s)\s+[|\-–—:·•»›~/]+\s+|(?:(?<!\s)\s+)?[|»]\s*|:\s+")
_WEIGHTS = {"h1": 2.8, "json-ld": 1.6, "og": 1.4, "microdata": 1.2, "title": 1.0, "twitter": 0.6, "trafilatura": 0.1}
"""What readers see counts most; twitter:title is mostly a copy of og:title."""
UNCONFIRMED = 0.3
RELATED = 0.3
"""For another wording of the same news: a heading is often longer than what is given to other sites."""


def vote_headline(candidates: Sequence[tuple[str, str]], sites: Iterable[str]) -> str | None:
    """Return the candidate that most others agree with, without the name of the site.

    Args:
        candidates: (source, text) in order of preference; sources as in `_WEIGHTS`.
        sites: names under which the site is known.

    >>> vote_headline([("h1", "The Echo"), ("og", "Rain in May"), ("title", "Rain in May | The Echo")], ["The Echo"])
    'Rain in May'
    """
    known = {key(site) for site in sites} - {""}
    cleaned = [(source, without_site(text, known)) for source, text in candidates if len(text) <= MAX_HEADLINE]
    said = [(source, text) for source, text in cleaned if key(text)]
    valid = [(source, text) for source, text in said if key(text) not in known] or said
    if not valid:
        return None
    # Of equal texts the first stands for all; `max` keeps the first of equal scores.
    return max(valid, key=lambda candidate: _support(candidate[1], valid))[1]


def _support(text: str, candidates: Sequence[tuple[str, str]]) -> float:
    """Return the weight of those that say the same, and half of those that only contain it or are contained.

    A heading that nothing else repeats is more often the site's name, or a box's.
    """
    own = key(text)
    best: dict[str, float] = {}
    for source, other in candidates:
        agreement = max(_agreement(own, key(other)), RELATED * _are_related(text, other))
        weight = _WEIGHTS.get(source, 1.0) * agreement
        best[source] = max(best.get(source, 0.0), weight)
    confirmed = any(weight for source, weight in best.items() if source != "h1")
    return sum(best.values()) if confirmed else UNCONFIRMED * best.get("h1", 0.0)


def _agreement(one: str, other: str) -> float:
    if one == other:
        return 1.0
    shorter, longer = sorted((one, other), key=len)
    return 0.5 if longer.startswith(shorter) or (len(shorter) >= 12 and shorter in longer) else 0.0


def _are_related(one: str, other: str) -> bool:
    """Return True if two texts share most of the longer words of the shorter one."""
    first, second = (set(re.findall(r"\w{4,}", text.casefold())) for text in (one, other))
    shared = len(first & second)
    return shared >= 3 and shared * 2 > min(len(first), len(second))


def without_site(title: str, known: set[str]) -> str:
    """Return a title without parts at its start or end that are the site's name.

    >>> without_site("News: Rain - all day - The Echo", {"theecho"})
    'News: Rain - all day'
    """
    while True:
        cuts = list(_SEPARATOR.finditer(title))
        if cuts and key(title[cuts[-1].end() :]) in known:
            title = title[: cuts[-1].start()].rstrip()
        elif cuts and key(title[: cuts[0].start()]) in known:
            title = title[cuts[0].end() :].lstrip()
        else:
            return title


def key(text: str) -> str:
    """Return a text by its letters and digits alone.

    >>> key("Rain – in Spain!")
    'raininspain'
    """
    return "".join(character for character in text.casefold() if character.isalnum())
