"""What every worker of a run needs, done once in the process that they are copies of."""

import dataclasses
import datetime

from apache_beam.runners.worker import sdk_worker_main  # noqa: F401  (Beam's worker itself, imported beforehand)

from pipeline.config import Settings
from transforms.extract.entities import annotate
from transforms.extract.models import keep_loaded
from transforms.gazetteer.lookup import Gazetteer
from transforms.geocode.geocode import geocode
from transforms.parse.article import parse_item
from transforms.records import Item

SAMPLE = """\
NAIROBI, 3 March (Reuters) - Amina Okello of the Red Cross told reporters in Paris, Texas on Monday that the road
to Kampala would stay closed. "We did not expect this," she said, according to the Daily Nation of Kenya.
"""


def prepare(settings: Settings) -> None:
    """Load the models, and whatever else is loaded when the first article comes by, by reading one."""
    models = keep_loaded(settings.extract.model)
    if settings.launch.workers != 1:  # Beam's workers import in several threads
        import transforms.preload  # noqa: F401
    gazetteer = Gazetteer(settings.geocode.gazetteer)
    now = datetime.datetime(2025, 3, 3, tzinfo=datetime.UTC)
    item = Item(uri="prepared.txt", position=0, kind="text", content=SAMPLE.encode(), fetched=now)
    article = parse_item(item, gazetteer.is_place)
    for nlp in models.values():
        for annotated in annotate([article], nlp, 20_000):
            geocode(dataclasses.replace(annotated, article=article), gazetteer)
