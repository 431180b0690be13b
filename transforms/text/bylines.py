"""Names of authors from bylines, as sources print them.

A byline is read before the language of its article is known: the words of all languages apply.
"""

import re
from collections.abc import Callable, Iterable

from transforms.languages.base import BylineWords
from transforms.languages.known import union
from transforms.text.normalize import clean_line

MAX_BYLINE = 500
"""Maximum number of characters of a byline; a longer one is prose."""


def _any(pick: Callable[[BylineWords], tuple[str, ...]]) -> str:
    """Return the alternatives of all languages for one use, as a part of a pattern."""
    return "|".join(union(lambda language: pick(language.bylines)))


_BY = re.compile(
    rf"^(?:(?:{_any(lambda words: words.kinds)})\s+)?(?:{_any(lambda words: words.by)})s?\b[\s:]+", re.IGNORECASE
)
_DATED = re.compile(rf"^(?:{_any(lambda words: words.dated)})", re.IGNORECASE)
_EMAIL = re.compile(r"[(<\[]?\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b[)>\]]?")
# Runs of white space and signs are entered only at their start, so that none is tried from each of its characters.
_ROLE = re.compile(
    r"(?:^|(?<![\s,;|(\-–—])(?=[\s,;|(\-–—]))[\s,;|(\-–—]*+"
    rf"(?:(?:{_any(lambda words: words.role_words)})\s+){{0,4}}(?:{_any(lambda words: words.roles)})\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_LINK = re.compile(r"(?<!\S)\S*?(?:https?:|www\.)\S*", re.IGNORECASE)
_LABEL = re.compile(r"^[^\W\d_]{2,12}:\s+")
"""`Text: Ann Lee`, in any language."""
_DATE = re.compile(
    rf"(?:{_any(lambda words: words.date_starts)}"
    r"|\s\d{1,2}[:.]\d\d\b|\s\d{4}-\d\d-\d\d|\s\d{1,2}\.?\s\w|\s@\w).*$",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN = re.compile(rf"(?:(?<!\s)\s+)?(?:[,;|•·/]|\s&\s|\s[-–—]\s|\n|{_any(lambda words: words.joints)})\s*")
_SUFFIX = re.compile(rf"^(?:{_any(lambda words: words.suffixes)})\.?$", re.IGNORECASE)
_AGENCY = re.compile(rf"(?:(?<!\s)\s+)?\b(?:{_any(lambda words: words.agencies)})$", re.IGNORECASE)
"""Agency after a name on the same line; alone it stays."""
_SHORT_CAPITALS = re.compile(r"^(?:[A-Z]{2,5}|Ap|Afp|Cnn|Nbc|Cbs|Abc|Bbc)\b")
"""After a name: an agency (`AP Auto`, `CNN Business`) or a degree (`RDN`)."""
_DESK = re.compile(rf"\b(?:{_any(lambda words: words.desks)})$", re.IGNORECASE)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|\.(?:com|org|net|co|ru|de)\b|^@|\d|[<>{}=\[\]#]"
    rf"|^(?:{_any(lambda words: words.not_names)})$",
    re.IGNORECASE,
)


def names(byline: str) -> tuple[str, ...]:
    """Return the people named in a byline, in order; e-mail addresses, roles and links are not people.

    >>> names("By ANNA LIND and John P. Roe Jr., Staff Writers")
    ('Anna Lind', 'John P. Roe Jr.')
    >>> names("Text: TOM KRISHER, AP Auto Writer - Monday, May 4")
    ('Tom Krisher',)
    >>> names("desk@news.test (Ana María Ruiz)"), names("admin")
    (('Ana María Ruiz',), ())
    """
    line = clean_line(byline[:MAX_BYLINE])
    if not line or len(byline) > MAX_BYLINE:
        return ()
    line = _DATED.sub("", line)
    line = _DATE.sub("", _LINK.sub(" ", _EMAIL.sub(" ", line))).strip(" ,;()")
    first, *others = [_tidy(part) for part in _parts(_BY.sub("", _LABEL.sub("", line)))]
    if _AGENCY.fullmatch(first):  # `Reuters, Washington`
        others = [name for name in others if len(name.split()) > 1]
    people = [first, *(name for name in others if not _SHORT_CAPITALS.match(name))]
    return distinct(people[:-1] if _ends_in_affiliation(line, people) else people)


def is_desk(name: str) -> bool:
    """Return True if a name is that of a newsroom.

    >>> is_desk("Echo Staff"), is_desk("News Bureau"), is_desk("Ann Lee, Echo Staff")
    (True, True, False)
    """
    return bool(_DESK.search(name)) and "," not in name


def _ends_in_affiliation(line: str, people: list[str]) -> bool:
    """Return True if the last name, after a comma, is the employer of the others.

    An agency, or one word after full names: `Ann Lee and Bo Ek, Reuters`.
    """
    *authors, last = people
    if not last or f", {last.casefold()}" not in line.casefold():
        return False
    persons = [name for name in authors if name]
    full = bool(persons) and all(len(name.split()) > 1 for name in persons)
    return full and (len(last.split()) == 1 or bool(_AGENCY.fullmatch(last)))


def distinct(people: Iterable[str]) -> tuple[str, ...]:
    """Return each name once, as first written, without the empty ones."""
    first: dict[str, str] = {}
    for name in people:
        if name:
            first.setdefault(name.casefold(), name)
    return tuple(first.values())


def _parts(line: str) -> list[str]:
    """Split a line between names; `Jr.` stays with the name before it."""
    parts: list[str] = []
    for part in _BETWEEN.split(line):
        if parts and _SUFFIX.match(part):
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts


def _tidy(part: str) -> str:
    """Return one name, or nothing if the part is not one."""
    if is_desk(part):
        return ""
    name = _ROLE.sub("", _BY.sub("", part)).strip(" ,;:|()*\"'-–—")
    name = _AGENCY.sub("", name) or name
    if len(name) < 2 or len(name) > 80 or len(name.split()) > 6 or _NOT_A_NAME.search(name):
        return ""
    return capitalised(name) if name.isupper() and len(name) > 4 else name


def capitalised(name: str) -> str:
    """Return a name printed in capitals with usual capitals.

    >>> capitalised("JEAN-LUC O'NEIL MCCOY")
    "Jean-Luc O'Neil McCoy"
    """
    titled = re.sub(r"[^\W\d_]+", lambda match: match[0].capitalize(), name)
    return re.sub(r"\bMc([a-z])", lambda match: f"Mc{match[1].upper()}", titled)
