"""Fixed forms of English words that name a place."""

import re

from transforms.languages.base import FormWords, words

_NAME = r"(?!(?:In|The|Both|From|At|On|For|Across|All|Of)\b)[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,2}"
_EMAN = (
    r"[\w’'-]+[A-Z](?: [\w’'-]+[A-Z]){0,2}(?<!\bnI)(?<!\behT)(?<!\bhtoB)(?<!\bmorF)(?<!\btA)(?<!\bnO)(?<!\broF)"
    r"(?<!\bssorcA)(?<!\bllA)(?<!\bfO)"
)
"""`_NAME` of a reversed text."""

FORMS = FormWords(
    fixed={"Washington, D.C.": re.compile(r"\bWashington,?\sD\.?\s?C\b\.?")},
    party=re.compile(r"(?<![\w-])(?:R|D|I|DFL|PC|NDP|GOP)-((?:[A-Z]\.){2,}|[A-Z][\w'’]+\.?(?: [A-Z][\w'’]+){0,2})"),
    not_homes=words("Day"),
    plural=re.compile(
        r" ([Cc]ounties|[Pp]arishes|[Pp]rovinces|[Tt]ownships|[Rr]egions"
        r"|[Dd]istricts|[Oo]blasts|[Gg]overnorates|[Pp]refectures|[Ss]tates|[Ii]slands|[Rr]ivers)\b"
    ),
    plural_endings=(
        "ounties",
        "arishes",
        "rovinces",
        "ownships",
        "egions",
        "istricts",
        "blasts",
        "overnorates",
        "refectures",
        "tates",
        "slands",
        "ivers",
    ),
    singular={"counties": "County", "parishes": "Parish", "states": ""},
    list_reversed=re.compile(rf"{_EMAN} (?:dna|ro|&) ,?{_EMAN}(?: ,{_EMAN})*"),
    member=re.compile(_NAME),
    directions=re.compile(
        r"\b(North|South|East|West|New|Upper|Lower)(?:ern)? (?:and|or|&) (North|South|East|West)(?:ern)? (?=[A-Z])"
    ),
    abbreviation=re.compile(r"\b(?:[A-Z][a-z]{1,4}\.|[A-Z]\.\s?[A-Z]\.(?:[A-Z]\.)?|[A-Z]\. ?[A-Z][a-z]{1,2}\.)"),
    safe_abbreviations=words(
        "Ala. Ariz. Ark. Calif. Colo. Conn. Fla. Kan. Ky. Md. Mich. Minn. Neb. Nev. Okla. Tenn. Tex. Va. Wis. Wyo."
        " Mont. Ont. Que. Alta. Sask. Mass. Ga. Ill. Ore. N.Y. N.J. N.C. N.D. N.H. N.M. N.L. N.S. N.B. S.C. S.D."
        " R.I. B.C. W.Va. D.C. U.S. U.K. U.A.E. P.E.I."
    ),
    era=re.compile(r"(?:\d|century|centuries)\s*$"),
    eras=words("B.C."),
)
