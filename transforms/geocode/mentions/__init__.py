"""Where a text names a place: `find_mentions` is the way in."""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.geocode.mentions.containers import containers_named
    from transforms.geocode.mentions.find import find_mentions
    from transforms.geocode.mentions.mention import Mention, trimmed
else:
    __getattr__ = on_demand(__name__)

__all__ = ["Mention", "containers_named", "find_mentions", "trimmed"]
