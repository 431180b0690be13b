"""Places that a fixed form of words tells: `R-Marshall`, `Clarke and Oconee counties`, `North and South Korea`."""

import re
from collections.abc import Iterator

from transforms.gazetteer.lookup import Match
from transforms.geocode.mentions.mention import Mention, mention_at
from transforms.geocode.mentions.page import MentionContext
from transforms.geocode.mentions.words import words

_NAME = r"(?!(?:In|The|Both|From|At|On|For|Across|All|Of)\b)[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,2}"
_PARTY = re.compile(r"(?<![\w-])(?:R|D|I|DFL|PC|NDP|GOP)-((?:[A-Z]\.){2,}|[A-Z][\w'’]+\.?(?: [A-Z][\w'’]+){0,2})")
_PLURAL = re.compile(
    r" ([Cc]ounties|[Pp]arishes|[Pp]rovinces|[Tt]ownships|[Rr]egions"
    r"|[Dd]istricts|[Oo]blasts|[Gg]overnorates|[Pp]refectures|[Ss]tates|[Ii]slands|[Rr]ivers)\b"
)
_EMAN = (
    r"[\w’'-]+[A-Z](?: [\w’'-]+[A-Z]){0,2}(?<!\bnI)(?<!\behT)(?<!\bhtoB)(?<!\bmorF)(?<!\btA)(?<!\bnO)(?<!\broF)"
    r"(?<!\bssorcA)(?<!\bllA)(?<!\bfO)"
)
"""`_NAME` of a reversed text."""
_BEFORE_PLURAL = re.compile(rf"{_EMAN} (?:dna|ro|&) ,?{_EMAN}(?: ,{_EMAN})*")
"""`Clarke, Oconee and Hall` of a reversed text: a list is read from the word that ends it, each list once."""
_PLURAL_ENDINGS = (
    "ounties", "arishes", "rovinces", "ownships", "egions", "istricts", "blasts", "overnorates", "refectures",
    "tates", "slands", "ivers",
)  # fmt: skip
"""One of these is in every match of `_PLURAL`, and they are searched for much faster."""
_SINGULAR = {"counties": "County", "parishes": "Parish", "states": ""}
_EACH = re.compile(_NAME)
_PAIR = re.compile(
    r"\b(North|South|East|West|New|Upper|Lower)(?:ern)? (?:and|or|&) (North|South|East|West)(?:ern)? (?=[A-Z])"
)
_CAPITAL = re.compile(r"\bWashington,?\sD\.?\s?C\b\.?")
_STATE = re.compile(r"\b(?:[A-Z][a-z]{1,4}\.|[A-Z]\.\s?[A-Z]\.(?:[A-Z]\.)?|[A-Z]\. ?[A-Z][a-z]{1,2}\.)")
_YEAR = re.compile(r"(?:\d|century|centuries)\s*$")
_SAFE = words(
    "Ala. Ariz. Ark. Calif. Colo. Conn. Fla. Kan. Ky. Md. Mich. Minn. Neb. Nev. Okla. Tenn. Tex. Va. Wis. Wyo. Mont."
    " Ont. Que. Alta. Sask. Mass. Ga. Ill. Ore. N.Y. N.J. N.C. N.D. N.H. N.M. N.L. N.S. N.B. S.C. S.D. R.I. B.C."
    " W.Va. D.C. U.S. U.K. U.A.E. P.E.I."
)
"""Abbreviations that stand for their place also without a city before them."""


def patterned(page: MentionContext) -> Iterator[Mention]:
    """Yield all places that a fixed form of words tells."""
    yield from _capital(page)
    yield from _plurals(page)
    yield from _pairs(page)
    yield from _affiliations(page)


def _capital(page: MentionContext) -> Iterator[Mention]:
    for match in _CAPITAL.finditer(page.text):
        yield mention_at(page.text, *match.span(), basis="gazetteer", name="Washington, D.C.")


def _plurals(page: MentionContext) -> Iterator[Mention]:
    """Yield `Broward` and `Palm Beach` of `Broward and Palm Beach counties`."""
    if not any(ending in page.text for ending in _PLURAL_ENDINGS):
        return
    for start, end, word in _lists(page.text):
        kind = _SINGULAR.get(word, word[:-1])
        for each in _EACH.finditer(page.text, start, end):
            name = f"{each[0]} {kind}".strip()
            options = page.options(name)
            if options and options.candidates[0].place.feature_class in "ALTH":
                yield mention_at(page.text, *each.span(), basis="gazetteer", name=name)


def _lists(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of each list of names before a word such as `counties`, and that word, in linear time.

    >>> list(_lists("In Hall, Clarke and Oconee counties and a state"))
    [(3, 26, 'counties')]
    """
    reverse = text[::-1]
    at = 0
    for match in _PLURAL.finditer(text):
        found = _BEFORE_PLURAL.match(reverse, len(text) - match.start(), len(text) - at)
        if found:
            yield len(text) - found.end(), match.start(), match[1].lower()
            at = match.end()


def _pairs(page: MentionContext) -> Iterator[Mention]:
    """Yield `North` of `North and South Korea`, where the gazetteer knows both."""
    for match in _PAIR.finditer(page.text):
        name = _EACH.match(page.text, match.end())
        if name is None:
            continue
        base = name[0].split()[0]
        if page.known(f"{match[1]} {base}") and page.known(f"{match[2]} {base}"):
            yield mention_at(page.text, *match.span(1), basis="gazetteer", name=f"{match[1]} {base}")
            yield mention_at(page.text, match.start(2), match.end() + len(base), basis="gazetteer")


def _affiliations(page: MentionContext) -> Iterator[Mention]:
    """Yield `Marshall` of `Marty Seifert, R-Marshall`."""
    for match in _PARTY.finditer(page.text):
        start, named = match.start(1), match[1].split()
        for count in range(len(named), 0, -1):
            name = _without_period(page, " ".join(named[:count]))
            if name != "Day" and page.options(name):
                yield mention_at(page.text, start, start + len(name), basis="gazetteer")
                break


def _without_period(page: MentionContext, name: str) -> str:
    """Return the name without the period that ends its sentence."""
    if "." in name[:-1] or any(c.match is Match.ABBREVIATION for c in page.options(name).candidates[:3]):
        return name
    return name.rstrip(".")


def _is_bearer(page: MentionContext, name: str, first: int) -> bool:
    """Return True if one of the first candidates bears the name itself, not as one of another language."""
    return any(c.match is not Match.ALTERNATE for c in page.options(name).candidates[:first])


def _is_year(text: str, match: re.Match[str]) -> bool:
    """Return True if `B.C.` stands behind a year."""
    return match[0] == "B.C." and _YEAR.search(text, max(0, match.start() - 12), match.start()) is not None


def abbreviations(page: MentionContext) -> Iterator[Mention]:
    """Yield abbreviated states and countries that stand alone: `a Fla. economist`."""
    for match in _STATE.finditer(page.text):
        if match[0].replace(" ", "") not in _SAFE or _is_year(page.text, match):
            continue
        if _is_bearer(page, match[0], 3):
            yield mention_at(page.text, *match.span(), basis="gazetteer")
