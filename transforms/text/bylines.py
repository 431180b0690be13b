"""Names of authors out of bylines, as sources print them."""

import re
from collections.abc import Iterable

from transforms.text.normalize import clean_line

MAX_BYLINE = 500
"""Longer ones are prose."""

_BY = re.compile(
    r"^(?:(?:words|story|text|report(?:ed|ing)?|written|posted|published|article|analysis|opinion|review(?:ed)?)\s+)?"
    r"(?:by|von|par|por|di|da|door|av|af|od|przez|написал[аи]?|автор|autor|auteur|autore|author)s?\b[\s:]+",
    re.IGNORECASE,
)
_WHEN_BY = re.compile(r"^(?:published|posted|written)\s(?:on\s)?[\w.,: ]{4,40}\s(?=by\s)", re.IGNORECASE)
"""`Published 3 May 2021 by Ann Lee`."""
_EMAIL = re.compile(r"[(<\[]?\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b[)>\]]?")
# Runs of white space and signs are entered only at their start, so that none is tried from each of its characters.
_ROLE = re.compile(
    r"(?:^|(?<![\s,;|(\-–—])(?=[\s,;|(\-–—]))[\s,;|(\-–—]*+(?:(?:senior|chief|staff|special|deputy|political|foreign|national|business|science|health|news"
    r"|sports?|the|us|uk|world|europe|africa|asia|middle east|correspondent|contributing|managing|associate|our|data"
    r"|technology|education|economics|environment|diplomatic|security|legal|media|features?|home|affairs)\s+){0,4}"
    r"(?:staff|writers?|reporters?|correspondents?|editors?|columnists?|contributors?|journalists?|photographers?"
    r"|editor-in-chief|producer|analyst|newsroom|guest author)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_LINK = re.compile(r"(?<!\S)\S*?(?:https?:|www\.)\S*", re.IGNORECASE)
_LABEL = re.compile(r"^[^\W\d_]{2,12}:\s+")
"""`Text: Ann Lee`, in any language."""
_WHEN = re.compile(
    r"(?:(?:(?<!\s)\s+on)?(?:(?<!\s)\s+)?\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\s\d{1,2}[:.]\d\d\b|\s\d{4}-\d\d-\d\d|\s(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct"
    r"|nov|dec)[a-z]{0,6}\.?\s\d|\s\d{1,2}\.?\s\w|\s(?:published|updated|posted)\b|\s@\w).*$",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN = re.compile(
    r"(?:(?<!\s)\s+)?(?:[,;|•·/]|\s&\s|\band\b|\bund\b|\bet\b|\by\b(?=\s+[A-ZÀ-Þ])|\bwith\b|\s[-–—]\s|\n)\s*"
)
_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv|md|m\.d|phd|ph\.d|esq|mba|rn)\.?$", re.IGNORECASE)
_AGENCY = re.compile(
    r"(?:(?<!\s)\s+)?\b(?:(?:the )?associated press|thomson reuters|reuters|agence france-presse|press association"
    r"|bloomberg news|usa today(?: network| sports)?|united press international|deutsche presse-agentur"
    r"|press trust of india|xinhua|cnn business|bbc news|ap|afp|upi|pti|ani|ians|efe|ansa|dpa)$",
    re.IGNORECASE,
)
"""Behind a name on one line with it; alone it stays."""
_SHORT_CAPITALS = re.compile(r"^(?:[A-Z]{2,5}|Ap|Afp|Cnn|Nbc|Cbs|Abc|Bbc)\b")
"""Behind a name: an agency (`AP Auto`, `CNN Business`) or a degree (`RDN`)."""
_DESK = re.compile(r"\b(?:staff|newsroom|news ?desk|bureau|team|editorial board|online desk|web desk)$", re.IGNORECASE)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|\.(?:com|org|net|co|ru|de)\b|^@|\d|[<>{}=\[\]#]|^(?:admin|administrator|staff|editor|editorial|guest"
    r"|unknown|none|null|anonymous|webmaster|noreply|newsroom|redaktion|redazione|rédaction|by|the|updated|published)$",
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
    line = _WHEN_BY.sub("", line)
    line = _WHEN.sub("", _LINK.sub(" ", _EMAIL.sub(" ", line))).strip(" ,;()")
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
    """Return True if the last of the names, behind a comma, says for whom the others write.

    An agency, or one word behind names of several: `Ann Lee and Bo Ek, Reuters`.
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
    """Return the line cut between names; `Jr.` stays with the name before it."""
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
    """Return a name printed in capitals, as it is written.

    >>> capitalised("JEAN-LUC O'NEIL MCCOY")
    "Jean-Luc O'Neil McCoy"
    """
    titled = re.sub(r"[^\W\d_]+", lambda match: match[0].capitalize(), name)
    return re.sub(r"\bMc([a-z])", lambda match: f"Mc{match[1].upper()}", titled)
