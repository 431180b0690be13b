"""The articles that a dataset has already."""

import dataclasses
from collections.abc import Iterator

import apache_beam as beam
import pyarrow.parquet as pq

from transforms.write import files, layout


def article_files(output: str, except_run: str) -> list[str]:
    """Committed files of the `articles` table, without those of one run."""
    paths = files.list_files(files.join(output, layout.table_pattern("articles")))
    return [path for path in paths if layout.run_of(path) != except_run]


def read_ids(path: str) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """`(text_sha256, (article_id, duplicate_of))` of each row of one file, some thousand rows at a time."""
    with files.open_file(path) as handle:
        for batch in pq.ParquetFile(handle).iter_batches(columns=["text_sha256", "article_id", "duplicate_of"]):
            for row in batch.to_pylist():
                yield row["text_sha256"], (row["article_id"], row["duplicate_of"])


@dataclasses.dataclass
class KnownArticles(beam.PTransform):
    """Gives `(text_sha256, (article_id, duplicate_of))` of each article that other runs have committed.

    Bounded. The files are listed once and read one by one on all workers; a
    worker holds some thousand ids at a time. Shuffles the files' names.
    """

    output: str
    """Folder or URL of the dataset; need not exist."""
    except_run: str
    """The run whose articles are left out: the one that is about to write them (again)."""

    def __post_init__(self) -> None:
        super().__init__()
        self.output = files.check_output(self.output)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[tuple[str, tuple[str, str | None]]]:
        return (
            begin
            | "The dataset" >> beam.Create([self.output])
            | "List files" >> beam.FlatMap(article_files, self.except_run)
            | "Spread files" >> beam.Reshuffle()
            | "Read ids" >> beam.FlatMap(read_ids)
        )
