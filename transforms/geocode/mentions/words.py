"""Words that decide whether a name is a place: what they are is general knowledge, not any corpus'."""

import functools
import re
from importlib.resources import files

from transforms.gazetteer.names import normalize


def words(listed: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(listed.split())


_WORD = r"(?:[A-Z][a-z]?\.){2,}|[^\W\d_][^\W_]*(?:['’-][^\W_]+)*"
WORD = re.compile(_WORD)
"""A word of a text; an abbreviation keeps its periods."""
_SMALL = r"[a-z][^\W_]*+(?:['’-][^\W_]++)*+"
_NEXT = re.compile(rf"(?:[\W\d_]++|{_SMALL})*+(?:({_WORD})|\Z)")
"""A word that no small letter of English begins, behind words that one does; or the end."""


def capitalized(text: str) -> list[tuple[int, int]]:
    """Return the spans of the words of a text that a capital begins.

    >>> text = "iPhone sales in the U.S. and 3D-Drucker by O'Brien"
    >>> [text[start:end] for start, end in capitalized(text)]
    ['U.S.', 'D-Drucker', "O'Brien"]
    """
    # Most words are small: they are passed over within one match, where a match for each would take four times as long.
    return [match.span(1) for match in _NEXT.finditer(text) if match[1] and match[1][0].isupper()]


TITLE = re.compile(
    r"\b(?:Mayor|M(?:r|rs|s|x)\.?|Miss|Dr\.?|Sens?\.?|Senator|Reps?\.?|Gov\.?|Judge|Justice|Sgt\.?|Sergeant|Lt\.?"
    r"|Lieutenant|Capt\.?|Captain|Cpl\.?|Pvt\.?|Col\.?|Colonel|Gen\.?|General|Maj\.?|Major|Officer|Detective|Det\.?"
    r"|Deputy|Coach|Sir|Lord|Lady|Dame|Prince|Princess|Pope|Rev\.?|Reverend|Prof\.?|Professor|Cllr\.?|Councillor"
    r"|Constable|Inspector|Commissioner|Ambassador|Sheikh|Imam|Rabbi|Archbishop|Bishop|Cardinal)\s+$"
)
"""What stands before a person's name."""
SAYING = re.compile(
    r"\s(?:said|says|told|tells|added|adds|asked|asks|replied|explained|wrote|writes|testified|recalled|joked|admitted"
    r"|noted|who|himself|herself|was (?:born|arrested|charged|convicted|sentenced|killed|shot|married))\b"
)
"""What stands behind a person's name."""

LOCATIVE = re.compile(
    r"\b(?:[Ii]n|[Nn]ear|[Oo]utside|[Aa]cross|[Vv]ia|[Tt]owards?|[Tt]hroughout|[Aa]round|[Ii]nside|(?:north|south"
    r"|east|west)(?:east|west)?(?:ern)? of|(?:city|town|village|suburb|province|district|region|island|port|outskirts"
    r"|capital|residents?|people|mayor|streets) of)\s+(?:the\s+)?$"
)
"""What stands before a place and hardly before anything else."""
TOWARDS = re.compile(
    r"(?:\b(?:[Ff]rom|to|at|between|[A-Z]\w+ of"
    r"|miles of)|\d,? of)\s+(?:the\s+)?$"
)
"""What stands before a place more often than before a person."""
HOME = re.compile(r"(?:\b\d{1,3},?|\b[A-Z]\w+,) (?:of|from)\s+$")
"""What stands between a person, or the age, and the home."""
BASED = re.compile(r"[-‐‑](?:based|born|area|headquartered|native|bound|style)\b")
"""What follows a place's name behind a hyphen."""
AFFAIR = re.compile(
    r"['’](?:s\b|\s)|\s(?:hearing|case|trial|death|murder|slaying|lawsuit|verdict|investigation|probe)\b"
)
"""What follows a person's name also behind `in`."""
PLACE_NOUN = re.compile(
    r"(?:['’]s)?[\s-](?:based|born|area|region|residents?|native|suburbs?|city|county|mayor|police|neighbou?rhoods?"
    r"|airport|border|home|house|street|resident|office|man|woman|couple|family|school|council|district|bound)\b"
)
"""What stands behind a place's name that modifies it."""

LOCAL_BODIES = words(
    "residence residents man woman teen police sheriff sheriffs county parish fire department dept school schools"
    " district hospital court courts city council university college academy institute board commission authority"
    " airport station library museum theatre theater church cathedral chamber township town village borough mayor"
    " center centre office jail prison highway patrol state regional community park zoo public general national high"
    " middle elementary medical health memorial assembly senate house legislature supreme superior circuit division"
    " agency service services bureau ministry government parliament embassy consulate army navy force forces guard"
    " association society club league federation union foundation alliance democrat democrats republican republicans"
    " rescue ambulance paramedic water power electric utilities transit port harbor harbour railway symphony orchestra"
    " festival film fair international historical district's municipal economic development attorney county's planning"
    " zoning cricket football rugby united baseball fc rangers arena stadium speedway racecourse raceway mall hotel"
    " inn golf"
)
"""A name that one of these follows is the place of a body of that place."""
CERTAIN_BODIES = words("republican democrat police sheriff sheriffs county city mayor fire government")
"""A name that one of these follows is a place, whatever else the article says."""
BARE = words(
    "north south east west northern southern eastern western central district state city county region capital port"
    " province area island islands river lake light gulf coast road street airport park university college center"
    " xinhua santa duma kremlin"
)
"""Words that are no place by themselves, though some places are called so."""
STATE_BODIES = words(
    "government ministry minister parliament army navy police force forces senate congress embassy consulate council"
    " court president presidency cabinet foreign defence defense interior finance state federal military armed air"
    " national supreme central security intelligence troops coast border observatory red human"
)
"""A demonym that one of these follows is the state's."""
PAPERS = words(
    "times post herald tribune journal star gazette chronicle globe mirror telegraph mail sun observer courier"
    " inquirer examiner dispatch sentinel standard bulletin ledger reporter"
)
"""Newspapers are called after places and are elsewhere in what they report."""
GIVEN_NAMES = words(
    "chad georgia jordan paris sydney florence israel virginia carolina chelsea austin charlotte dakota madison"
    " savannah victoria alexandria adelaide brooklyn india kenya kingston lincoln milan phoenix preston santiago tyler"
    " vienna verona geneva asia ireland jamaica london odessa regina sofia bristol trenton logan clinton denver devon"
    " kent lance troy warren wayne shelby jackson houston dallas carson hamilton cleveland orlando salvador roman"
    " valencia catalina lourdes francisco cuba malaysia america melbourne christian nelson marshall marion elgin"
    " francis abilene eugene lorraine alma angelina cheyenne bethany martin montana nevada tennessee"
)
"""Places that are given names too."""
STREETS = words(
    "street st road rd avenue ave boulevard blvd lane ln drive dr way court ct circle terrace highway hwy parkway"
    " pkwy pike turnpike freeway expressway motorway trail crescent close row interstate route"
)
"""What a street's name ends with."""


@functools.cache
def common_words() -> frozenset[str]:
    """Return English words that are too common for a place's name to be told by them."""
    text = files("transforms.gazetteer").joinpath("data", "common_words.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.split("\n") if not line.startswith("#") for word in line.split())


@functools.lru_cache(maxsize=65536)
def is_common(name: str) -> bool:
    """Return True if the name is made of common words.

    >>> is_common("Central"), is_common("Black Rock"), is_common("Kyiv")
    (True, True, False)
    """
    return all(word in common_words() or len(word) == 1 for word in normalize(name).split())
