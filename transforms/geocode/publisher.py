"""Where an article's publisher sits, as far as its name and its address say: `Dallas Morning News`, `abc.net.au`."""

import functools
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pycountry

from transforms.gazetteer.candidates import NONE, Options, options_for
from transforms.gazetteer.lookup import Gazetteer, Match, Place
from transforms.languages.known import language_of
from transforms.records import Article
from transforms.text.normal_forms import few_marks

_MEDIA = language_of(None).publishers.media
"""Names of media are matched before any language is known, and most are English."""
_SHARED = frozenset({"co", "io", "tv", "me", "ai", "ly", "fm", "cc", "ws", "to", "gl", "gg", "sh", "st", "eu", "la"})
"""Top-level domains of countries that are used all over the world."""
_HOSTS = frozenset({"blogspot", "wordpress", "forbes", "yahoo", "medium", "substack"})
"""Sites of many writers, and one that has a town's name by chance."""
MAX_NAME = 200
"""Characters of a publisher's name."""
MAX_HOST, MAX_LABEL = 253, 63
"""Characters of a host's name and of one label of it (RFC 1035, 2.3.4)."""
MIN_LETTERS = 5
MIN_POPULATION = 5_000


def country_of(article: Article) -> str | None:
    """Return ISO 3166-1 alpha-2 of the country of the address's top-level domain; None for `.com` and the like.

    A domain such as `.co` or `.tv` counts only below a second level such as `com.co`.
    """
    labels = _labels(article)
    if len(labels) < 2 or len(labels[-1]) != 2:
        return None
    if labels[-1] in _SHARED and labels[-2] not in ("com", "org", "gov", "edu"):
        return None
    code = "GB" if labels[-1] == "uk" else labels[-1].upper()
    return code if pycountry.countries.get(alpha_2=code) else None


def _labels(article: Article) -> list[str]:
    address = article.canonical_url or article.url or ""
    try:
        host = urlsplit(few_marks(address)).hostname or ""
    except ValueError:
        return []
    return [label for label in host.split(".") if len(label) <= MAX_LABEL] if len(host) <= MAX_HOST else []


def point_of(article: Article) -> Place | None:
    """Return the point that the feed gave for the article (georss), as a place of no country."""
    lat, lon = article.source_latitude, article.source_longitude
    if lat is None or lon is None:
        return None
    return Place(0, None, "", "SPOT", None, None, None, lat, lon, 0, 1.0)


def places_of(article: Article, gazetteer: Gazetteer) -> tuple[tuple[str, Options], ...]:
    """Return names of places in the publisher's name and in the host of the address, with what they may mean."""
    labels = _labels(article)[:-1]
    parts = [label for label in labels if label not in ("www", "com", "co", "news")]
    if labels[-1:] and labels[-1] in _HOSTS:
        parts = parts[:-1]
    return _places((article.publisher or "")[:MAX_NAME], tuple(parts), gazetteer)


@functools.lru_cache(maxsize=10_000)
def _places(publisher: str, labels: tuple[str, ...], gazetteer: Gazetteer) -> tuple[tuple[str, Options], ...]:
    found: dict[str, Options] = {}
    for name in (*_names_in(publisher), *(form for label in labels for form in _forms(label))):
        options = _well_known(name, gazetteer)
        if options and not any(name.replace(" ", "") in other.replace(" ", "") for other in found):
            found[name] = options
    return tuple(found.items())


def _well_known(name: str, gazetteer: Gazetteer) -> Options:
    """Return the candidates that have the name as their own and are not too small."""
    fitting = tuple(
        candidate
        for candidate in options_for(name, gazetteer).candidates
        if candidate.match <= Match.SHORT
        and (candidate.place.feature_class == "A" or candidate.place.population >= MIN_POPULATION)
    )
    return Options(fitting) if fitting else NONE


def _names_in(publisher: str) -> Iterator[str]:
    """Yield the publisher's name without words such as `Daily` and `News` at its ends."""
    words = re.findall(r"[^\W\d_][\w’'-]*", publisher)
    while words and _is_media(words[0].lower()):
        words = words[1:]
    while words and _is_media(words[-1].lower()):
        words = words[:-1]
    if words and len(" ".join(words)) >= MIN_LETTERS:
        yield " ".join(words)


def _is_media(word: str) -> bool:
    match = _MEDIA.match(word)
    return match is not None and match.end() == len(word)


def _forms(label: str) -> Iterator[str]:
    """Yield the parts of a host's label, longest first: `dallasnews` -> `dallas`, `kansascity` -> `kansas city`.

    >>> [form for form in _forms("dallasnews") if " " not in form]
    ['dallasnews', 'dallas']
    """
    whole = label.replace("-", " ")
    for left, right in _stems(whole):
        stem = whole[left:right].strip()
        if len(stem) >= MIN_LETTERS:
            yield stem
            if " " not in stem:
                yield from (f"{stem[:cut]} {stem[cut:]}" for cut in range(3, len(stem) - 2))


def _stems(label: str) -> Iterator[tuple[int, int]]:
    """Yield spans of the label between words of the trade, longest first."""
    heads, tails = _heads(label), _heads(label, behind=True)
    spans = {(head, tail) for head in heads for tail in tails if tail - head >= MIN_LETTERS}
    yield from sorted(spans, key=lambda span: (span[0] - span[1], span[0]))


def _heads(label: str, *, behind: bool = False) -> set[int]:
    """Return the offsets where the label may begin, or end, once words of the trade are taken off."""
    reached = {len(label)} if behind else {0}
    todo = list(reached)
    while todo:
        at = todo.pop()
        places = range(at) if behind else range(at + 1, len(label) + 1)
        for other in places:
            word = label[other:at] if behind else label[at:other]
            if other not in reached and _is_media(word.strip()):
                reached.add(other)
                todo.append(other)
    return reached
