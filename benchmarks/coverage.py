"""How many of the places that news names the gazetteer can find at all, whoever picks among them.

    python -m benchmarks.coverage --corpora ../shared/corpora/geo lgl_train geowebnews_train tud_loc_2013

Prints for each corpus the share of annotated toponyms with coordinates whose name, looked up as the geocoder looks it
up, has a candidate within 161 km of the annotated point; in all, for names and for demonyms; and what is missed most.
A miss is `absent` where the name has no candidate, `far` where all are elsewhere. This is the ceiling of any ranking.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.corpus import documents
from transforms.gazetteer.candidates import options_for, plain_name
from transforms.gazetteer.distance import km_between
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer, Place

KM = 161.0
ADJECTIVES = ("Adjective", "Demonym", "Language")
"""Words in GeoWebNews' types of toponyms that are not names."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One annotated toponym and how far off its nearest candidate is."""

    surface: str
    kind: str
    km: float | None
    """None where the name has no candidate."""
    nearest: str = ""

    @property
    def found(self) -> bool:
        """Return True if a candidate is near enough."""
        return self.km is not None and self.km <= KM

    @property
    def verdict(self) -> str:
        """Return `absent`, or `far` with the nearest candidate."""
        return "absent" if self.km is None else f"far: {self.km:,.0f} km, {self.nearest}"


def look_up(toponym: dict[str, Any], gazetteer: Gazetteer) -> Lookup:
    """Return one toponym with `surface`, `lat`, `lon` and `type`."""
    surface = " ".join(toponym["surface"].split())
    name = plain_name(surface)
    demonym = gazetteer.demonym(name)
    places: list[Place] = [candidate.place for candidate in options_for(name, gazetteer).candidates]
    if demonym is not None:
        places.append(demonym)
    adjective = any(word in str(toponym.get("type")) for word in ADJECTIVES)
    kind = "demonym" if adjective or (demonym is not None and gazetteer.known(name) is None) else "name"
    if not places:
        return Lookup(surface, kind, None)
    km, nearest = min(
        (km_between(toponym["lat"], toponym["lon"], place.lat, place.lon), place.name) for place in places
    )
    return Lookup(surface, kind, km, nearest)


def lookups(file: Path, gazetteer: Gazetteer) -> Iterator[Lookup]:
    """Yield all toponyms of a corpus that have coordinates."""
    for document in documents(file):
        for toponym in document["toponyms"]:
            if toponym.get("lat") is not None:
                yield look_up(toponym, gazetteer)


def share(found: Iterable[Lookup]) -> str:
    """Return share that is covered, and of how many."""
    verdicts = [lookup.found for lookup in found]
    return f"{sum(verdicts) / len(verdicts):.3f} of {len(verdicts):>5,}" if verdicts else "-"


def report(name: str, found: list[Lookup], misses: int) -> str:
    """Return the lines printed for one corpus."""
    kinds = "   ".join(f"{kind}s {share(f for f in found if f.kind == kind)}" for kind in ("name", "demonym"))
    lines = [f"{name}: within {KM:.0f} km {share(found)}   {kinds}"]
    counts = Counter((lookup.surface, lookup.verdict) for lookup in found if not lookup.found)
    lines += [f"  {count:>4}  {surface} ({verdict})" for (surface, verdict), count in counts.most_common(misses)]
    return "\n".join(lines)


def main() -> None:
    """Measure each corpus that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the corpora")
    parser.add_argument("--gazetteer", type=Path, default=DEFAULT_PATH, help="file to measure")
    parser.add_argument("--misses", type=int, default=25, help="how many of the most frequent misses to print")
    parser.add_argument("names", nargs="+")
    args = parser.parse_args()
    gazetteer = Gazetteer(args.gazetteer)
    for name in args.names:
        print(report(name, list(lookups(args.corpora / f"{name}.jsonl", gazetteer)), args.misses))


if __name__ == "__main__":
    main()
