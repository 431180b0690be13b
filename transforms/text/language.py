"""The language of a text: what the source declares against what the text itself says."""

import functools
import threading
from typing import Literal

import pycountry
from babel import Locale
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from transforms.text.dates import LOCALES

Basis = Literal["declared", "detected", "agreed"]

SAMPLE = 400
"""Characters read at the head and again in the middle: a page in two languages, or a
head full of names, is not decided by its first lines, and time does not grow with length."""

MIN_LETTERS = 12
"""Fewer letters say nothing by themselves."""

ENOUGH_LETTERS = 120
"""From here on the text may overrule what the source declares."""

SURE = 0.4
OVERRULING = 0.75
"""Confidence of the identifier, from 0 to 1, to be believed alone and against a declaration."""

_LOADING = threading.Lock()
_CLOSE = (
    frozenset({"no", "nn", "da"}),
    frozenset({"hr", "bs", "sr"}),
    frozenset({"id", "ms"}),
    frozenset({"gl", "pt"}),
)
"""Languages that an identifier takes for each other; among these the declaration decides."""

_SAME = {
    "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr", "nb": "no", "tl": "tl", "fil": "tl",
    "arz": "ar", "ary": "ar", "apc": "ar", "arb": "ar", "wuu": "zh", "yue": "zh", "cmn": "zh", "hak": "zh", "nan": "zh",
    "prs": "fa", "pes": "fa", "uzs": "uz", "uzn": "uz", "ckb": "ku", "sdh": "ku", "kmr": "ku", "gug": "gn", "zsm": "ms",
    "swh": "sw", "khk": "mn", "kik": "ki", "fuv": "ff", "ekk": "et", "lvs": "lv", "als": "sq", "pbu": "ps", "azj": "az",
}  # fmt: skip
"""Withdrawn codes, and members of a group that ISO 639-1 has one code for."""


def identify_language(text: str, declared: str | None = None) -> tuple[str | None, Basis | None]:
    """Return the ISO 639-1 code of a text's language and how it was found, or `(None, None)`.

    A long text may overrule its declaration, which on the web is often the
    template's; of a short one the declaration says more. What neither says is
    null: no letters, too few of them, or a language without a two-letter code.

    Args:
        text: the article's text.
        declared: as the source wrote it: `en-US`, `en_GB`, `eng`, `English`, `français`.

    >>> identify_language("Der Zug nach Leipzig fiel am Morgen wegen des Sturms aus.", "de-DE")
    ('de', 'agreed')
    >>> identify_language("12:30", "pt_BR"), identify_language("12:30")
    (('pt', 'declared'), (None, None))
    """
    said = normalize_language(declared) if declared else None
    letters, found, confidence = _detect(text)
    if said and found and (said == found or _are_close(said, found)):
        return said, "agreed"
    needed = OVERRULING if said else SURE
    if found and confidence >= needed and letters >= (ENOUGH_LETTERS if said else MIN_LETTERS):
        return found, "detected"
    return (said, "declared") if said else (None, None)


@functools.lru_cache(maxsize=1024)
def normalize_language(declared: str) -> str | None:
    """Return the ISO 639-1 code of a language tag, code or name; None when there is none.

    >>> [normalize_language(tag) for tag in ("en-US", "en_GB", "eng", "English", "Deutsch", "iw", "x-default")]
    ['en', 'en', 'en', 'en', 'de', 'he', None]
    """
    name = declared.strip().casefold()
    tag = name.replace("_", "-").split("-")[0].split(",")[0].strip()
    tag = _SAME.get(tag, tag)
    if len(tag) == 2:
        return tag if pycountry.languages.get(alpha_2=tag) else None
    if len(tag) == 3 and (code := _from_three_letters(tag)):
        return code
    return _names().get(name)


def _from_three_letters(tag: str) -> str | None:
    language = pycountry.languages.get(alpha_3=tag) or pycountry.languages.get(bibliographic=tag)
    code = getattr(language, "alpha_2", None)
    return _SAME.get(code, code) if code else None


@functools.cache
def _names() -> dict[str, str]:
    """Return names of languages, in English and in themselves, in lower case, to their codes."""
    names = {
        language.name.casefold(): language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2")
    }
    for code in LOCALES:
        names[str(Locale.parse(code).languages.get(code, code)).casefold()] = code
    return names


def _detect(text: str) -> tuple[int, str | None, float]:
    """Return letters in the sample, the most likely language and its confidence."""
    sample = _sample(text)
    letters = sum(map(str.isalpha, sample))
    if letters < MIN_LETTERS:
        return letters, None, 0.0
    label, confidence = _identifier().classify(sample)
    return letters, normalize_language(label) if label != "zxx" else None, float(confidence)


def _sample(text: str) -> str:
    if len(text) <= 2 * SAMPLE:
        return text
    middle = len(text) // 2
    return text[:SAMPLE] + " " + text[middle : middle + SAMPLE]


def _are_close(one: str, other: str) -> bool:
    return any(one in group and other in group for group in _CLOSE)


def load_beforehand() -> None:
    """Load the model, in a thread for instance: most of the half second is unpacking, during which others go on."""
    _identifier()


def _identifier() -> LanguageIdentifier:
    """Return one model for the process, loaded when the first text is read if it is not yet."""
    with _LOADING:
        return _load()


@functools.cache
def _load() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
