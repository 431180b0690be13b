"""Places that a fixed form of words tells: `R-Marshall`, `Clarke and Oconee counties`, `North and South Korea`."""

import re
from collections.abc import Iterator

from transforms.gazetteer.lookup import Match
from transforms.geocode.mentions.context import MentionContext
from transforms.geocode.mentions.mention import Mention, mention_at
from transforms.languages.base import FormWords


def patterned(context: MentionContext) -> Iterator[Mention]:
    """Yield all places that a fixed form of words tells."""
    yield from _fixed(context)
    yield from _plurals(context)
    yield from _pairs(context)
    yield from _affiliations(context)


def _fixed(context: MentionContext) -> Iterator[Mention]:
    """Yield names with several ways to write them: `Washington, D.C.`"""
    for name, pattern in context.language.forms.fixed.items():
        for match in pattern.finditer(context.text):
            yield mention_at(context.text, *match.span(), basis="gazetteer", name=name)


def _plurals(context: MentionContext) -> Iterator[Mention]:
    """Yield `Broward` and `Palm Beach` of `Broward and Palm Beach counties`."""
    forms = context.language.forms
    if not any(ending in context.text for ending in forms.plural_endings):
        return
    for start, end, word in _lists(context.text, forms):
        kind = forms.singular.get(word, word[:-1])
        for each in forms.member.finditer(context.text, start, end):
            name = f"{each[0]} {kind}".strip()
            options = context.options(name)
            if options and options.candidates[0].place.feature_class in "ALTH":
                yield mention_at(context.text, *each.span(), basis="gazetteer", name=name)


def _lists(text: str, forms: FormWords) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of each list of names before a word such as `counties`, and that word, in linear time.

    >>> from transforms.languages.known import language_of
    >>> list(_lists("In Hall, Clarke and Oconee counties and a state", language_of("en").forms))
    [(3, 26, 'counties')]
    """
    reverse = text[::-1]
    at = 0
    for match in forms.plural.finditer(text):
        found = forms.list_reversed.match(reverse, len(text) - match.start(), len(text) - at)
        if found:
            yield len(text) - found.end(), match.start(), match[1].lower()
            at = match.end()


def _pairs(context: MentionContext) -> Iterator[Mention]:
    """Yield `North` of `North and South Korea`, where the gazetteer knows both."""
    for match in context.language.forms.directions.finditer(context.text):
        name = context.language.forms.member.match(context.text, match.end())
        if name is None:
            continue
        base = name[0].split()[0]
        if context.known(f"{match[1]} {base}") and context.known(f"{match[2]} {base}"):
            yield mention_at(context.text, *match.span(1), basis="gazetteer", name=f"{match[1]} {base}")
            yield mention_at(context.text, match.start(2), match.end() + len(base), basis="gazetteer")


def _affiliations(context: MentionContext) -> Iterator[Mention]:
    """Yield `Marshall` of `Marty Seifert, R-Marshall`."""
    for match in context.language.forms.party.finditer(context.text):
        start, named = match.start(1), match[1].split()
        for count in range(len(named), 0, -1):
            name = _without_period(context, " ".join(named[:count]))
            if name not in context.language.forms.not_homes and context.options(name):
                yield mention_at(context.text, start, start + len(name), basis="gazetteer")
                break


def _without_period(context: MentionContext, name: str) -> str:
    """Return the name without the period that ends its sentence."""
    if "." in name[:-1] or any(c.match is Match.ABBREVIATION for c in context.options(name).candidates[:3]):
        return name
    return name.rstrip(".")


def _is_bearer(context: MentionContext, name: str, first: int) -> bool:
    """Return True if one of the first candidates has the name itself, not as one of another language."""
    return any(c.match is not Match.ALTERNATE for c in context.options(name).candidates[:first])


def _is_year(text: str, match: re.Match[str], forms: FormWords) -> bool:
    """Return True if `B.C.` follows a year."""
    return match[0] in forms.eras and forms.era.search(text, max(0, match.start() - 12), match.start()) is not None


def abbreviations(context: MentionContext) -> Iterator[Mention]:
    """Yield abbreviated states and countries that are alone: `a Fla. economist`."""
    forms = context.language.forms
    for match in forms.abbreviation.finditer(context.text):
        if match[0].replace(" ", "") not in forms.safe_abbreviations or _is_year(context.text, match, forms):
            continue
        if _is_bearer(context, match[0], 3):
            yield mention_at(context.text, *match.span(), basis="gazetteer")
