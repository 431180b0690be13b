"""Rows with a text -> rows of articles, of each table of facts, and of failures."""

import datetime
from typing import Any

import apache_beam as beam

from transforms.annotate import Annotate
from transforms.extract import Extract
from transforms.extract.models import SHIPPED_NAME
from transforms.failures import FAILURES
from transforms.gazetteer.lookup import DEFAULT_PATH
from transforms.geocode.geocode import Geocode
from transforms.parse import Parse
from transforms.records import FACT_TABLES, TABLES, AnnotatedArticle
from transforms.yaml.rows import row_type, to_item, to_row


class AnnotateArticles(beam.PTransform):
    """Parses, extracts and geocodes rows of any schema that has a column `text` or `html`.

    Of the other columns `url`, `headline`, `date`, `id`, `language`, `publisher`
    and `byline` are used where they are there. Gives collections of rows,
    in the columns of docs/columns.md: `articles`, a collection for each table of
    facts, and `failures` for rows that gave no article. Nothing is left out as a
    duplicate; nothing is shuffled.

    Args:
        model: name of an installed spaCy pipeline, or one for each language.
        gazetteer: file that `dateline gazetteer build` made.
        min_score: locations scored lower are left out, 0 to 1.

    Raises:
        ValueError: while the graph is built, if one of them cannot be used.
    """

    def __init__(self, model: str | dict[str, str] = SHIPPED_NAME, gazetteer: str = "", min_score: float = 0.0) -> None:
        super().__init__()
        path = gazetteer or str(DEFAULT_PATH)
        self._parse = Parse(gazetteer=path)
        self._annotate = Annotate(Extract(model=model), Geocode(gazetteer=path, min_score=min_score))

    def expand(self, rows: beam.PCollection) -> dict[str, beam.PCollection]:
        now = datetime.datetime.now(datetime.UTC)
        articles, unparsed = rows | "To items" >> beam.Map(to_item, now) | "Parse" >> self._parse
        placed, unplaced = articles | "Annotate" >> self._annotate
        records = {
            "articles": placed | "Articles" >> beam.Map(lambda one: one.article),
            **{name: placed | f"Facts {name}" >> beam.FlatMap(AnnotatedArticle.rows, name) for name in FACT_TABLES},
            FAILURES: (unparsed, unplaced) | "Failures" >> beam.Flatten(),
        }
        return {name: self._rows(name, found) for name, found in records.items()}

    def _rows(self, name: str, records: Any) -> beam.PCollection:
        return records | f"Rows of {name}" >> beam.Map(to_row).with_output_types(row_type(TABLES[name]))
