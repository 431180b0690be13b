"""Where a text names a place: `find_mentions` is the way in."""

from transforms.geocode.mentions.containers import containers_named
from transforms.geocode.mentions.find import find_mentions
from transforms.geocode.mentions.mention import Mention, trimmed

__all__ = ["Mention", "containers_named", "find_mentions", "trimmed"]
