"""Small records for tests."""

import datetime

from transforms.gazetteer.lookup import Gazetteer, Place
from transforms.records import Article, Location, stable_id

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


def article(text: str, language: str | None = "en") -> Article:
    return Article(
        article_id=stable_id(text),
        source_uri="a.txt",
        source_kind="text",
        date_fetched=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        language=language,
        text=text,
        text_basis="file",
        text_sha256=stable_id(text),
        word_count=len(text.split()),
    )


def location(
    place: Place, gazetteer: Gazetteer, *, start: int = 0, surface: str = "", kind: str = "name", score: float = 1.0
) -> Location:
    surface = surface or place.name
    return Location(
        location_id=stable_id(str(start)),
        article_id="a",
        start=start,
        end=start + len(surface),
        surface=surface,
        kind=kind,
        basis="model",
        geonameid=place.geonameid,
        place_id=place.place_id,
        name=place.name,
        feature_class=place.feature_class,
        feature_code=place.code,
        country=gazetteer.iso3(place.country),
        admin1=gazetteer.division(place.admin1),
        admin2=gazetteer.division(place.admin2),
        latitude=place.lat,
        longitude=place.lon,
        uncertainty_km=place.radius_km,
        score=score,
        gazetteer=gazetteer.id,
    )
