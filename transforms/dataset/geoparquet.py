"""Points as GeoParquet 1.1 stores them: WKB, a bounding box per row, `geo` metadata per file.

https://geoparquet.org/releases/v1.1.0/
"""

import json
import struct
from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa

COORDINATES = (("latitude", "longitude"), ("focus_latitude", "focus_longitude"))
"""A record with both columns of a pair is a table of points; null where either is."""

CORNERS = ("xmin", "ymin", "xmax", "ymax")

Point = tuple[float, float]
"""Longitude, latitude."""


def coordinates(columns: Collection[str]) -> tuple[str, str] | None:
    """Return the columns that hold the latitude and longitude of a table's points; None for a table without.

    >>> coordinates(["article_id", "focus_latitude", "focus_longitude"])
    ('focus_latitude', 'focus_longitude')
    """
    return next((pair for pair in COORDINATES if set(pair) <= set(columns)), None)


def point_fields(nullable: bool) -> list[tuple[pa.Field, str]]:
    """Return the two columns that a table of points gets, each with its documentation."""
    corners = pa.struct([pa.field(corner, pa.float64(), nullable=False) for corner in CORNERS])
    return [
        (pa.field("geometry", pa.binary(), nullable=nullable), "The place as a WKB point, longitude before latitude."),
        (
            pa.field("bbox", corners, nullable=nullable),
            "Bounds of `geometry`, degrees; its statistics let readers skip row groups.",
        ),
    ]


def wkb_point(longitude: float, latitude: float) -> bytes:
    """Return well-known binary of a point, little-endian.

    >>> wkb_point(37.5, 55.75).hex()
    '01010000000000000000c042400000000000e04b40'
    """
    return struct.pack("<BIdd", 1, 1, longitude, latitude)


def points(longitudes: Iterable[float | None], latitudes: Iterable[float | None]) -> list[Point | None]:
    """Return pairs of coordinates, one for each row; None where either is missing."""
    pairs = zip(longitudes, latitudes, strict=True)
    return [None if longitude is None or latitude is None else (longitude, latitude) for longitude, latitude in pairs]


def geometry_column(where: Iterable[Point | None]) -> list[bytes | None]:
    """Return one WKB point for each pair of coordinates."""
    return [None if point is None else wkb_point(*point) for point in where]


def bbox_column(where: Iterable[Point | None]) -> list[dict[str, float] | None]:
    """Return one box for each pair of coordinates; of a point it has no extent.

    >>> bbox_column([(37.5, 55.75)])
    [{'xmin': 37.5, 'ymin': 55.75, 'xmax': 37.5, 'ymax': 55.75}]
    """
    return [None if point is None else dict(zip(CORNERS, (*point, *point), strict=True)) for point in where]


def bounds(where: Iterable[Point | None]) -> list[float] | None:
    """Return the smallest box around all points: west, south, east, north; None without any.

    >>> bounds([(1.0, 5.0), None, (2.0, -4.0)])
    [1.0, -4.0, 2.0, 5.0]
    """
    found = [point for point in where if point is not None]
    if not found:
        return None
    longitudes, latitudes = zip(*found, strict=True)
    return [min(longitudes), min(latitudes), max(longitudes), max(latitudes)]


def geo_metadata(where: Iterable[Point | None]) -> str:
    """Return the value of a file's `geo` key, JSON.

    What is left out means, by the standard: no `crs`, longitude and latitude
    in degrees of WGS 84 (OGC:CRS84); no `bbox`, a file without points.
    """
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "covering": {"bbox": {corner: ["bbox", corner] for corner in CORNERS}},
    }
    box = bounds(where)
    if box:
        column["bbox"] = box
    return json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})
