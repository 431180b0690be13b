"""One spelling for every way a place name is written."""

import functools
import re
import unicodedata

from transforms.text.normal_forms import normal_form

_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ə": "a",
        "&": " and ",
        "-": " ",
        "/": " ",
        ",": " ",
        "\u2010": " ",
        "\u2011": " ",
        "\u2012": " ",
        "\u2013": " ",
        "\u2014": " ",
    }
)
_WORDS = {"saint": "st", "sainte": "ste", "mount": "mt", "fort": "ft", "twp": "township"}
_COMPASS = {"n": "north", "s": "south", "e": "east", "w": "west"}
_COUNTY = {"co": "county"}
_DROPPED = re.compile(r"[^\w\s]|_")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_LATIN = re.compile(r"[^\u0000-\u024f\u02b0-\u036f\u1e00-\u1eff\u2010-\u206f]")
_POSSESSIVE = re.compile(r"(?:['’ʼ]s|(?<=s)['’])$")


@functools.lru_cache(maxsize=65536)
def normalize(name: str) -> str:
    """Return the key under which a name is in the gazetteer.

    Case, accents, punctuation, a leading article, the spelling of Saint,
    Mount, Fort and Township, a compass point's letter in front (`W. Virginia`)
    and `Co.` for County at either end do not matter.

    >>> normalize("St. Louis"), normalize("Saint-Louis"), normalize("São Paulo"), normalize("The Hague")
    ('st louis', 'st louis', 'sao paulo', 'hague')
    >>> normalize("U.S."), normalize("Xi’an"), normalize("Łódź")
    ('us', 'xian', 'lodz')
    >>> normalize("N. Korea"), normalize("Loudon Co."), normalize("Co Dublin"), normalize("Tewksbury Twp.")
    ('north korea', 'loudon county', 'county dublin', 'tewksbury township')
    """
    folded = name.casefold().translate(_LETTERS)
    if not folded.isascii():
        decomposed = normal_form("NFKD", folded)
        folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = [_WORDS.get(word, word) for word in _DROPPED.sub("", folded).split()]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    if len(words) > 1:
        words[0] = _COMPASS.get(words[0]) or _COUNTY.get(words[0], words[0])
        words[-1] = _COUNTY.get(words[-1], words[-1])
    return " ".join(words)


def without_possessive(surface: str) -> str:
    """Return the surface without a possessive ending.

    >>> without_possessive("North Korea's"), without_possessive("the Philippines’"), without_possessive("Paris")
    ('North Korea', 'the Philippines', 'Paris')
    """
    return _POSSESSIVE.sub("", surface)


def split_camel(name: str) -> str:
    """Return the name with a space where a capital follows a small letter.

    >>> split_camel("TransBaikal"), split_camel("Baikal")
    ('Trans Baikal', 'Baikal')
    """
    return _CAMEL.sub(" ", name)


def is_latin(name: str) -> bool:
    """Return True if all letters of the name are Latin.

    >>> is_latin("Mát-xcơ-va"), is_latin("Москва")
    (True, False)
    """
    return _NOT_LATIN.search(name) is None


def is_code(name: str) -> bool:
    """Return True if an alternate name is a code, such as IATA's `THE` for Teresina.

    >>> is_code("THE"), is_code("NYC"), is_code("Rome"), is_code("Moskva")
    (True, True, False, False)
    """
    return len(name) <= 4 and name.isupper()


def is_transliteration(name: str) -> bool:
    """Return True if an alternate name is a machine's letter-by-letter transliteration: all small letters.

    >>> is_transliteration("mwskw"), is_transliteration("Moskva"), is_transliteration("s-Hertogenbosch")
    (True, False, False)
    """
    return name.isascii() and name.islower()
