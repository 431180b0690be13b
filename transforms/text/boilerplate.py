"""Boilerplate: lines that a site puts around its articles, recognized by their form.

A line is boilerplate when the whole of it has the form of one; prose is never
classified. Each form has a maximum length, so matching takes bounded time.
"""

import re

from transforms.languages.base import Cut
from transforms.languages.known import LANGUAGES, union

__all__ = ["MAX_LINE", "Cut", "boilerplate", "reporters"]

MAX_LINE = 400
"""Maximum number of characters of a line of boilerplate; a longer one is prose."""

MAX_CHARACTERS = {
    Cut.NEWSLETTER: 200,
    Cut.LINKS: 140,
    Cut.SHARE: 120,
    Cut.FOLLOW: 200,
    Cut.COPYRIGHT: MAX_LINE,
    Cut.COOKIES: MAX_LINE,
    Cut.COMMENTS: 120,
    Cut.ADVERTISEMENT: 80,
    Cut.CREDITS: MAX_LINE,
    Cut.TAGS: 200,
    Cut.NAVIGATION: 160,
}
"""Reason -> maximum number of characters of such a line, in order of precedence."""


def _pattern(cut: Cut) -> re.Pattern[str]:
    """Return a pattern of whole lines for a reason, in all languages.

    Bullets, arrows or an ellipsis may surround them, but a full stop may not follow.
    """
    forms = "|".join(form for language in LANGUAGES for form in language.boilerplate.get(cut, ()))
    return re.compile(rf"[\W_]{{0,3}}(?:{forms})(?:\.\.\.)?[^\w.]{{0,4}}", re.IGNORECASE)


_PATTERNS = tuple((cut, longest, _pattern(cut)) for cut, longest in MAX_CHARACTERS.items())
_REPORTING = re.compile(
    rf"(?:{'|'.join(union(lambda language: language.bylines.reporting))}) ([^;.()]{{2,200}})", re.IGNORECASE
)
_PLACE = re.compile("|".join(union(lambda language: language.bylines.credited_places)))


def reporters(line: str) -> str | None:
    """Return the reporters named in a line of credits as a byline, without their places; None if there are none.

    >>> reporters("(Reporting by Ann Lee in Nairobi and Bo Ek; Editing by Carl Ås)")
    'Ann Lee and Bo Ek'
    """
    match = _REPORTING.search(line) if boilerplate(line) is Cut.CREDITS else None
    return _PLACE.sub("", match[1]).strip() if match else None


def boilerplate(line: str) -> Cut | None:
    """Return the kind of a line of boilerplate, or None.

    >>> boilerplate("Sign up for our newsletter"), boilerplate("Share prices rose on Monday.")
    (<Cut.NEWSLETTER: 'newsletter'>, None)
    """
    if len(line) > MAX_LINE:
        return None
    return next((cut for cut, longest, pattern in _PATTERNS if len(line) <= longest and pattern.fullmatch(line)), None)
