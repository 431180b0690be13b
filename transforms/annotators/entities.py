"""Named things: persons, organizations, places and others, as the model finds them."""

from transforms.annotators.base import Annotator, Found, Reading
from transforms.extract.entities import find_entities, summary_columns


class Entities(Annotator):
    """Fills `entities`, and lists persons and organizations in the article."""

    table = "entities"
    requires = frozenset({"language"})

    def annotate(self, reading: Reading) -> Found:
        """Return the entities of the docs, those of one thing joined."""
        entities = find_entities(reading.article, reading.pieces, reading.model)
        return Found(entities, summary_columns(entities, reading.model))
