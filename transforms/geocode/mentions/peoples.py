"""People and things called after a place: `Russians`, `Russian tanks`, and not `in Russian`."""

import re
from collections.abc import Iterator

from transforms.gazetteer.lookup import Gazetteer
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.mention import Mention, mention_at, trimmed
from transforms.geocode.mentions.page import MentionContext
from transforms.geocode.mentions.words import WORD, words

_PRONE = frozenset({"polish", "pole", "poles", "dane", "danes", "finn", "finns", "swede", "scot", "scots", "lao"})
"""Demonyms that are often something else: a verb, a surname."""
_LANGUAGES = words(
    "english french spanish german russian arabic chinese italian portuguese japanese korean turkish polish dutch greek"
    " hebrew ukrainian farsi persian hindi urdu bengali swedish norwegian danish finnish czech hungarian romanian"
    " bulgarian serbian croatian vietnamese thai indonesian malay welsh irish gaelic somali amharic"
)
_SPEAKING = re.compile(
    r"(?i)\b(?:speak|speaks|spoke|spoken|speaking|learn|learns|learned|learning|study|studied|studying|teach|teaches"
    r"|taught|teaching|understand|understands|translated? (?:in|in)to|written in|fluent in|said in|wrote in|read"
    r"|published in|broadcast in|conducted in|into|(?:spanish|english|french|arabic|russian|german) (?:and|or))\s+$"
)
MAX_JOINED = 20
"""Demonyms in one list that are followed to what they describe."""
_PERSONS = ("shmen", "chmen", "women", "shman", "chman", "woman")
_LANGUAGE_NOUN = re.compile(
    r"(?i)[\s-](?:language|languages|speaking|speakers?|lessons?|teachers?|class(?:es)?|literature|translations?"
    r"|dictionar(?:y|ies)|subtitles|words?|medium|learners?|department|proficiency|grammar|alphabet)\b"
)
_ALONE = re.compile(r"\s*(?:[.,;:!?)\"”]|$|\n|(?:and|or|but|at|for|on|to|with|as|is|was|are|were|by|from|than|in)\b)")
_ETHNIC = re.compile(r"(?:\b(?:Native|Cherokee)\s|\b(?:African|Latin|Asian|Mexican|Arab|Italian|Irish)[\s-])$")
_NOUN = re.compile(r"[ \n](?:[a-z]|[A-Z](?!\w*['’]s\b))|-[a-z]")
_NO_NOUN = re.compile(
    r"\s(?:and|or|but|nor|is|was|are|were|be|been|has|have|had|who|whom|that|which|in|on|at|to|of|by|for|from|with|as"
    r"|said|says|say|told|will|would|can|could|may|might|should|also|did|does|do|than|when|while|after|before|because"
    r"|if|not|about|into|over|under|through|during|against|among|between|if|so|then|there|they|he|she|it|we|the|a|an"
    r"|this|his|her|their|its|living|killed|held|aged|believed?|think|want|died|voted|came|went|took|live|work)\b"
)
_SAID = re.compile(r"(?<!s)\s(?:said|says|told|added|wrote)\b")
_AND = re.compile(r"(?:,?\s(?:and|or|&)\s|/|,\s|-)((?:(?:North|South|East|West|Saudi|Sri) )?[A-Z]\w+)")
_AND_OTHER = re.compile(r"\s(?:and|or)\s((?!an?other\b|other\b)[a-z]+(?:-[A-Z]\w+)?\s[a-z])")
_DETERMINER = re.compile(
    r"(?i)\b(?:a|an|the|two|three|four|five|six|seven|eight|nine|ten|many|most|some|all|other|fellow|every|each|no"
    r"|\d+|young|old|born|is|was|are|were|being)\s+$"
)


def is_language(text: str, start: int, end: int) -> bool:
    """Return True if the demonym at the span names a language.

    >>> is_language("He speaks Russian.", 10, 17), is_language("in French waters", 3, 9)
    (True, False)
    >>> is_language("an English-language paper", 3, 10), is_language("It aired in English and Spanish.", 12, 19)
    (True, True)
    """
    if normalize(text[start:end]) not in _LANGUAGES:
        return False
    if _LANGUAGE_NOUN.match(text, end, end + 24):
        return True
    for _ in range(MAX_JOINED):
        match = _AND.match(text, end)
        if match is None or normalize(match[1]) not in _LANGUAGES:
            break
        end = match.end()
    alone = _ALONE.match(text, end, end + 12) is not None or _NO_NOUN.match(text, end, end + 12) is not None
    if not alone or _AND_OTHER.match(text, end):
        return False
    before = max(0, start - 24)
    if _SPEAKING.search(text, before, start):
        return True
    return _AND.match(text, end) is None and not _DETERMINER.search(text, before, start)


def kind_of(text: str, start: int, end: int, gazetteer: Gazetteer) -> str:
    """Return True if a word stands for people (`demonym`) or before what it describes (`adjective`).

    A plural is people; before a noun, also behind `and` and another such word,
    it is an adjective; what is left is people.
    """
    word = text[start:end]
    if word.endswith(_PERSONS) or (
        word.endswith("s") and not word.endswith(("ss", "ois")) and gazetteer.demonym(word[:-1]) is not None
    ):
        return "demonym"
    for _ in range(MAX_JOINED):
        match = _AND.match(text, end)
        if match is None or gazetteer.demonym(match[1]) is None or match[1].endswith("s"):
            break
        end = match.end()
    joined = _AND_OTHER.match(text, end)
    end = joined.start(1) - 1 if joined else end
    described = _NOUN.match(text, end) is not None and _NO_NOUN.match(text, end) is None
    return "adjective" if described else "demonym"


def people_at(text: str, start: int, end: int, gazetteer: Gazetteer, *, basis: str = "demonyms") -> Mention | None:
    """Return the mention of a people or what is theirs at a span; None for languages and ethnic groups such as Native
    Americans."""
    place = gazetteer.demonym(text[start:end])
    if place is None or is_language(text, start, end):
        return None
    if _is_ethnic(text, start, end) or _is_surname(text, start, end):
        return None
    return mention_at(text, start, end, basis=basis, kind=kind_of(text, start, end, gazetteer), place=place)


def _is_ethnic(text: str, start: int, end: int) -> bool:
    """Return True if the word is part of `Native American`, `American Indian` or `African-American`."""
    word = text[start:end]
    if word.startswith(("American", "Indian")) and _ETHNIC.search(text, max(0, start - 12), start):
        return True
    return (
        word in ("American", "African") and re.match(r"[\s-](?:Indian|American)s?\b", text[end : end + 12]) is not None
    )


def _is_surname(text: str, start: int, end: int) -> bool:
    """Return True if somebody of that name speaks: `French said`, which no people does without an article."""
    return _SAID.match(text, end) is not None and not _DETERMINER.search(text, max(0, start - 12), start)


def peoples(text: str, start: int, end: int, gazetteer: Gazetteer) -> Iterator[Mention]:
    """Yield the span as a demonym, else the demonyms among its words: `Russian` in `ethnic Russian`."""
    if gazetteer.demonym(text[start:end]) is not None:
        spans = [(start, end)]
    else:
        spans = [word.span() for word in WORD.finditer(text, start, end) if word[0][0].isupper()]
        spans = [span for left, right in spans for span in _unhyphenated(text, left, right, gazetteer)]
    for left, right in spans:
        mention = people_at(text, left, right, gazetteer)
        if mention is not None:
            yield mention


def _unhyphenated(text: str, start: int, end: int, gazetteer: Gazetteer) -> Iterator[tuple[int, int]]:
    """Yield the word, or the parts of one such as `Syrian-Turkish`."""
    if "-" not in text[start:end] or gazetteer.demonym(text[start:end]) is not None:
        yield start, end
        return
    for part in text[start:end].split("-"):
        yield start, start + len(part)
        start += len(part) + 1


def single_peoples(page: MentionContext) -> Iterator[Mention]:
    """Yield demonyms of one word that no entity covers, also where a hyphen joins them to another word."""
    text, gazetteer = page.text, page.gazetteer
    for start, end in page.capitals:
        if not page.is_uncovered(start, start + 1):
            continue
        for left, right in _unhyphenated(text, *trimmed(text, start, end), gazetteer):
            name = text[left:right]
            if len(name) < 4 or not name[1:].islower() or gazetteer.demonym(name) is None:
                continue
            key = normalize(name)
            mention = people_at(text, left, right, gazetteer) if key not in _PRONE and key not in page.persons else None
            if mention is not None:
                yield mention
