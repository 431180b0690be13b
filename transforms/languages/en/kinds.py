"""English words for kinds, parts and directions of places."""

import re

from transforms.languages.base import KindWords, words

_KINDS = (
    "region|oblast|krai|kray|province|prefecture|governorate|county|parish|republic|canton|voivodeship|territory"
    "|peninsula|desert|okrug|district|state|city|islands?|river|valley|township|twp\\.?|municipality|department|emirate"
)

KINDS = KindWords(
    bare=words(
        "north south east west northern southern eastern western central district state city county region capital"
        " port province area island islands river lake light gulf coast road street airport park university college"
        " center xinhua santa duma kremlin"
    ),
    kind=re.compile(rf"[\s-](?:{_KINDS}|{'|'.join(word.capitalize() for word in _KINDS.split('|'))})(?![\w’'])"),
    loose_kind=re.compile(
        r"[\s-](?:area|border|city|coast|department|district|metropolitan area|municipality|state|township)$"
    ),
    town_kind=re.compile(r"(?i)(?:city|township|twp\.?|municipality)$"),
    kind_ending=re.compile(
        r"(?i)[\s-](?:region|oblast|krai|kray|province|prefecture|governorate|county|parish|peninsula|voivodeship"
        r"|township|twp\.?)$"
    ),
    city_word=re.compile(r"\s(?:City|District|State|Town|Area|Metro|Region)$"),
    city_of=re.compile(r"^(?i:city|town|village|state|province|commonwealth|municipality) of (?=[A-Z])"),
    leading=re.compile(
        r"^(?:(?i:the\s)?(?i:city|town|village|state|province|county|region|district|municipality|township|republic"
        r"|kingdom|island|suburb|capital|port)\sof\s|(?i:the\s)?(?i:(?:north|south|east|west|central|mid|upper|lower|inner"
        r"|outer)(?:ern|east|west|eastern|western)?(?:[\s-]central)?|upstate|downtown|uptown|midtown|suburban|rural"
        r"|greater|metro|metropolitan|mainland|continental|coastal|northern|nearby|neighboring|neighbouring)[\s-])(?=\S)"
    ),
    open_kinds=frozenset({"City", "State", "District"}),
    city_endings=(" City",),
    division_endings=(" State", " Province", " Region", " District"),
    county_endings=(" County", " Parish"),
    not_places=frozenset({"P.A.", "A.M.", "P.M.", "Ph.D."}),
    united=re.compile(r"\b(?:United|Free)\s$"),
    united_words=words("united free"),
    members=re.compile(r"(?:(?<!\s)\s+)?(?:&|\bof\b|\band\b)\s*"),
)
