"""English words of bylines and of publication dates."""

from transforms.languages.base import BylineWords, DateWords, ordered

BYLINES = BylineWords(
    kinds=ordered(
        "words|story|text|report(?:ed|ing)?|written|posted|published|article|analysis|opinion|review(?:ed)?",
        "|",
    ),
    by=("by", "author"),
    dated=(r"(?:published|posted|written)\s(?:on\s)?[\w.,: ]{4,40}\s(?=by\s)",),
    date_starts=(
        r"(?:(?<!\s)\s+on)?(?:(?<!\s)\s+)?\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
        r"\s(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?\s\d",
        r"\s(?:published|updated|posted)\b",
    ),
    joints=(r"\band\b", r"\bwith\b"),
    role_words=ordered(
        "senior|chief|staff|special|deputy|political|foreign|national|business|science|health|news|sports?|"
        "the|us|uk|world|europe|africa|asia|middle east|correspondent|contributing|managing|associate|our|"
        "data|technology|education|economics|environment|diplomatic|security|legal|media|features?|home|"
        "affairs",
        "|",
    ),
    roles=ordered(
        "staff|writers?|reporters?|correspondents?|editors?|columnists?|contributors?|journalists?|"
        "photographers?|editor-in-chief|producer|analyst|newsroom|guest author",
        "|",
    ),
    suffixes=("jr", "sr", "ii", "iii", "iv", "md", r"m\.d", "phd", r"ph\.d", "esq", "mba", "rn"),
    desks=("staff", "newsroom", "news ?desk", "bureau", "team", "editorial board", "online desk", "web desk"),
    not_names=ordered(
        "admin|administrator|staff|editor|editorial|guest|unknown|none|null|anonymous|webmaster|noreply|"
        "newsroom|by|the|updated|published",
        "|",
    ),
    reporting=(r"(?<!additional )(?<!further )\breporting(?: and writing)? by",),
    credited_places=(r"(?<!\s)\s+in\s+[^,;]{2,40}?(?=,|;|$|\s+and\s)",),
)

DATES = DateWords(
    locales=("en",),
    months={"sept": 9},
    weekdays=frozenset({"tues", "wednes", "thurs", "thur"}),
    fillers=ordered(
        "a am at d of on o the h hrs hours date posted published updated last modified created issued st nd rd th"
    ),
)
