"""Attachments of a feed entry: media files, and the point on the map."""

import re
from collections.abc import Iterator
from typing import Any

from transforms.text.urls import absolute

_AVATAR = re.compile(r"gravatar\.com/avatar|/avatars?/", re.IGNORECASE)
"""WordPress lists the author's portrait as the entry's first picture."""


def media_of(entry: Any, base: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return addresses of pictures, and of all media: Media RSS, enclosures and thumbnails.

    Args:
        entry: as feedparser gives it.
        base: address against which relative ones are resolved.
    """
    files = [*entry.get("media_content", []), *_enclosures(entry), *entry.get("media_thumbnail", [])]
    found = [(absolute(file.get("url") or file.get("href"), base), _is_picture(file)) for file in files]
    thumbnails = {absolute(file.get("url"), base) for file in entry.get("media_thumbnail", [])}
    addresses = [address for address, _ in found if address]
    pictures = [
        address
        for address, picture in found
        if address and (picture or address in thumbnails) and not _AVATAR.search(address)
    ]
    return tuple(dict.fromkeys(pictures)), tuple(dict.fromkeys(addresses))


def _enclosures(entry: Any) -> list[Any]:
    return [link for link in entry.get("links", []) if link.get("rel") == "enclosure"]


def _is_picture(file: Any) -> bool:
    kind = f"{file.get('medium') or ''} {file.get('type') or ''}".lower()
    return "image" in kind


def point_of(entry: Any) -> tuple[float | None, float | None]:
    """Return latitude and longitude of what the feed calls the entry's place: a point, or the middle of a shape."""
    where = entry.get("where")
    points = list(_positions(where.get("coordinates"))) if isinstance(where, dict) else _w3c_point(entry)
    if not points:
        return None, None
    longitudes, latitudes = zip(*points, strict=True)
    latitude = (min(latitudes) + max(latitudes)) / 2
    longitude = (min(longitudes) + max(longitudes)) / 2
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else (None, None)


def _w3c_point(entry: Any) -> list[tuple[float, float]]:
    """Return (longitude, latitude) of the W3C vocabulary, which feedparser leaves as text."""
    try:
        return [(float(entry["geo_long"]), float(entry["geo_lat"]))]
    except (KeyError, ValueError, TypeError):
        return []


def _positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    """Yield the (longitude, latitude) pairs of GeoJSON coordinates, however nested."""
    if not isinstance(coordinates, list | tuple) or not coordinates:
        return
    if isinstance(coordinates[0], int | float):
        if len(coordinates) > 1:
            yield float(coordinates[0]), float(coordinates[1])
        return
    for inner in coordinates:
        yield from _positions(inner)
