"""The container that the text gives a place: `Texas` in `Paris, Texas`."""

import dataclasses
import re
from collections.abc import Iterator, Sequence

from transforms.gazetteer.candidates import options_for, plain_name
from transforms.gazetteer.lookup import Gazetteer, Match, Place, lies_in
from transforms.geocode.mentions.mention import Mention, mention_at

_CONTAINER = re.compile(
    r"(?:,\s{1,2}|\s\()((?:[A-Z][a-z]{0,4}\.\s?){1,3}|[A-Z][\w’'-]+(?:\s[A-Z][\w’'-]+){0,2})(?=\W|$)"
)


def with_container(mention: Mention, text: str, gazetteer: Gazetteer) -> Mention:
    """Return the mention with the place that the text puts after it, if one of its candidates is there."""
    if mention.place is not None or not text.startswith((",", " ("), mention.end):
        return mention
    match = _CONTAINER.match(text, mention.end)
    name = match[1].strip() if match else ""
    while name and not _contains(name, mention, gazetteer):
        name = name.rpartition(" ")[0]
    return dataclasses.replace(mention, container=name) if name else mention


def _contains(name: str, mention: Mention, gazetteer: Gazetteer) -> bool:
    outside = containers_named(name, gazetteer)
    if not outside:
        return False
    inside = options_for(mention.name, gazetteer).candidates
    return any(lies_in(inner.place, outer) for outer in outside for inner in inside)


def containers_named(name: str, gazetteer: Gazetteer) -> list[Place]:
    """Return countries and divisions that the name may mean."""
    return [
        candidate.place
        for candidate in options_for(plain_name(name), gazetteer).candidates
        if candidate.place.feature_class == "A" and candidate.match is not Match.ALTERNATE
    ]


def container_mentions(mentions: Sequence[Mention], text: str) -> Iterator[Mention]:
    """Yield the containers themselves, such as `Ill.` in `Dekalb, Ill.`."""
    for mention in mentions:
        if mention.container:
            start = text.index(mention.container, mention.end)
            yield mention_at(text, start, start + len(mention.container), basis="gazetteer")
