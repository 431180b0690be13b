"""Words around English names of places and persons. They are general knowledge, not taken from a corpus."""

import re
from importlib.resources import files

from transforms.languages.base import ContextWords, words

_COMMON = files("transforms.languages.en").joinpath("common_words.txt").read_text(encoding="utf-8")

CONTEXT = ContextWords(
    common=words(_COMMON.partition("\n")[2]),
    function=frozenset(
        {"in", "the", "of", "from", "to", "and", "at", "for", "on", "near", "with", "by", "a", "an", "as", "but", "if"}
        | {
            "when",
            "while",
            "since",
            "after",
            "before",
            "both",
            "across",
            "outside",
            "inside",
            "is",
            "was",
            "this",
            "that",
        }
        | {"over", "under", "he", "she", "it", "they", "we", "his", "her", "our", "their", "there", "then", "so", "or"}
    ),
    shortened=frozenset({"St", "Ste", "Mt", "Ft", "Pt"}),
    title=re.compile(
        r"\b(?:Mayor|M(?:r|rs|s|x)\.?|Miss|Dr\.?|Sens?\.?|Senator|Reps?\.?|Gov\.?|Judge|Justice|Sgt\.?|Sergeant|Lt\.?"
        r"|Lieutenant|Capt\.?|Captain|Cpl\.?|Pvt\.?|Col\.?|Colonel|Gen\.?|General|Maj\.?|Major|Officer|Detective|Det\.?"
        r"|Deputy|Coach|Sir|Lord|Lady|Dame|Prince|Princess|Pope|Rev\.?|Reverend|Prof\.?|Professor|Cllr\.?|Councillor"
        r"|Constable|Inspector|Commissioner|Ambassador|Sheikh|Imam|Rabbi|Archbishop|Bishop|Cardinal)\s+$"
    ),
    speech=re.compile(
        r"\s(?:said|says|told|tells|added|adds|asked|asks|replied|explained|wrote|writes|testified|recalled|joked|admitted"
        r"|noted|who|himself|herself|was (?:born|arrested|charged|convicted|sentenced|killed|shot|married))\b"
    ),
    locative=re.compile(
        r"\b(?:[Ii]n|[Nn]ear|[Oo]utside|[Aa]cross|[Vv]ia|[Tt]owards?|[Tt]hroughout|[Aa]round|[Ii]nside|(?:north|south"
        r"|east|west)(?:east|west)?(?:ern)? of|(?:city|town|village|suburb|province|district|region|island|port"
        r"|outskirts|capital|residents?|people|mayor|streets) of)\s+(?:the\s+)?$"
    ),
    towards=re.compile(
        r"(?:\b(?:[Ff]rom|to|at|between|[A-Z]\w+ of"
        r"|miles of)|\d,? of)\s+(?:the\s+)?$"
    ),
    home=re.compile(r"(?:\b\d{1,3},?|\b[A-Z]\w+,) (?:of|from)\s+$"),
    home_of=re.compile(r"[A-Z]\w{1,60},? (?:of|from) ((?:the )?[A-Z].*)$", re.DOTALL),
    based=re.compile(r"[-‐‑](?:based|born|area|headquartered|native|bound|style)\b"),
    affair=re.compile(
        r"['’](?:s\b|\s)|\s(?:hearing|case|trial|death|murder|slaying|lawsuit|verdict|investigation|probe)\b"
    ),
    place_noun=re.compile(
        r"(?:['’]s)?[\s-](?:based|born|area|region|residents?|native|suburbs?|city|county|mayor|police|neighbou?rhoods?"
        r"|airport|border|home|house|street|resident|office|man|woman|couple|family|school|council|district|bound)\b"
    ),
    phrase_end=re.compile(
        r"\s?(?:[.,;:)\"”]|$|\n)|\s(?:and|on|after|when|where|in|for|to|by|with|has|was|is|are|were)\b"
    ),
    money=re.compile(r"\s(?:dollars?|pounds?)\b"),
    next_in_list=re.compile(r"(?:,\s|,?\s(?:and|or|&)\s|/)"),
    list_gaps=(", and ", ", or ", " and ", " or ", ", ", "/", " & "),
)
