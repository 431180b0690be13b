"""How far apart two points are."""

import math

EARTH_RADIUS_KM = 6371.0088


def km_between(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return great-circle distance of two points in degrees, km.

    >>> round(km_between(0, 0, 0, 1), 1)
    111.2
    """
    lat, lon, other_lat, other_lon = map(math.radians, (lat, lon, other_lat, other_lon))
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))
