"""The list of languages, and the rules by which text gets its words."""

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

from transforms.languages.base import NEVER, Language
from transforms.languages.en.english import ENGLISH
from transforms.languages.mul import SEVERAL

LANGUAGES: tuple[Language, ...] = (
    ENGLISH,
    SEVERAL,
)
"""All languages. The only place to register one."""

FALLBACK = ENGLISH
"""The language of an article in a language that is unknown or not in the list."""


@functools.cache
def language_of(code: str | None) -> Language:
    """Return the words for an article: its language's, and English ones for each field that this leaves empty.

    Args:
        code: `articles.language`. None, or a language that is not in the list, gives English.

    >>> language_of(None) is language_of("fr") is ENGLISH
    True
    """
    found = next((language for language in LANGUAGES if language.code == code), FALLBACK)
    return found if found is FALLBACK else _filled(found, FALLBACK)


def _filled(given: Any, fallback: Any) -> Any:
    """Return a dataclass with each empty field, also in its parts, taken from another."""
    changes = {}
    for name in (field.name for field in dataclasses.fields(given)):
        value, default = getattr(given, name), getattr(fallback, name)
        if dataclasses.is_dataclass(value):
            changes[name] = _filled(value, default)
        elif not value or value is NEVER:
            changes[name] = default
    return dataclasses.replace(given, **changes)


def union(pick: Callable[[Language], Iterable[str]]) -> tuple[str, ...]:
    """Return the words of all languages for one use, each once: for text whose language is not known yet.

    >>> "by" in union(lambda language: language.bylines.by)
    True
    """
    return tuple(dict.fromkeys(word for language in LANGUAGES for word in pick(language)))
