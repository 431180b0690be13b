"""Places: every mention of a place, with its point; and the place that the article is about."""

from typing import Self

from transforms.annotators.base import Annotator, Found, Reading
from transforms.extract.extract import Extract
from transforms.gazetteer.lookup import Gazetteer
from transforms.geocode.geocode import Geocode, find_locations, focus_of


class Locations(Annotator):
    """Fills `locations`, and lists places and focus in the article; also where no model reads the language."""

    table = "locations"
    requires = frozenset({"entities"})
    stage = "geocode"

    def __init__(self, settings: Geocode) -> None:
        self._settings = settings.plain()

    @classmethod
    def configured(cls, extract: Extract, geocode: Geocode) -> Self:
        """Return an annotator with the settings of the step geocode."""
        return cls(geocode)

    def setup(self) -> None:
        """Open the gazetteer."""
        self._gazetteer = Gazetteer(self._settings.gazetteer)

    def annotate(self, reading: Reading) -> Found:
        """Return the place mentions that score enough."""
        locations = find_locations(reading.annotated, self._gazetteer, self._settings)
        return Found(locations, focus_of(reading.article, locations, self._gazetteer))
