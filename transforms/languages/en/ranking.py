"""English words next to a name that say the kind of its place, and words in the names of media."""

import re

from transforms.languages.base import PublisherWords, RankingWords

RANKING = RankingWords(
    city_before=re.compile(
        r"(?i)\b(?:city|town|village|hamlet|suburb|port|capital|resort|settlement|borough)(?: of|,)? $"
    ),
    city_after=re.compile(r"(?i)^ (?:city|town|village)\b(?! (?:council|hall))"),
    division_before=re.compile(r"(?i)\b(?:state|province|county|region|district|governorate|prefecture|oblast) of $"),
    division_after=re.compile(r"^ (?:state|province|county|region|district|governorate|prefecture|oblast)\b"),
    country_before=re.compile(
        r"(?i)\b(?:president|government|republic|kingdom|army|people|constitution|ambassador|embassy|prime minister"
        r"|foreign minister|invasion|border|economy)(?: of| to| in| with) $"
    ),
    country_after=re.compile(
        r"(?i)^(?:['’]s?)? (?:president|prime minister|government|army|military|parliament|foreign minist|economy"
        r"|border|constitution|ambassador|embassy|central bank|supreme court|defen[cs]e minist|foreign policy|national)"
    ),
    possessive=re.compile(r"^['’]s?\b"),
    locative=re.compile(r"(?i)\b(?:in|near|at|from|to|outside|around|across|throughout) $"),
    list_gaps=frozenset({",", ", ", " and ", ", and ", " or ", ", or ", "/", "; ", " to ", " & ", "-", " – "}),
)

PUBLISHERS = PublisherWords(
    media=re.compile(
        "^(?:the|this|is|in|inside|www|web|online|digital|daily|weekly|evening|morning|sunday|saturday|mail|local|live|today"
        "|news|newspapers?|press|times|herald|post|star|sun|tribune|gazette|journal|chronicle|register|review|reporter"
        "|record|sentinel|courier|ledger|observer|examiner|dispatch|bulletin|beacon|citizen|advocate|democrat|republican"
        "|independent|telegraph|telegram|globe|guardian|mirror|echo|express|standard|leader|inquirer|bee|banner|monitor"
        "|mercury|voice|world|city|magazine|media|radio|tv|fm|com|net|org|co|and|of|a|my|go|en|eng|english)"
    ),
)
