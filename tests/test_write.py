"""Rows through the transform, read back with pyarrow, DuckDB and GeoPandas."""

import dataclasses
import datetime
import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import duckdb
import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.testing.util import assert_that, equal_to

from transforms.dataset import Run, begin_run, read_run, shards
from transforms.dataset.schema import table_schema
from transforms.dataset.shards import (
    plain_table,
    shard_of,
    to_table,
    without_surrogates,
)
from transforms.records import TABLES, Article, Entity, Failure, Location
from transforms.write import Write, blocks
from transforms.write.blocks import FromBlocks, ToBlocks, from_block, to_block

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
NOON = datetime.datetime(2026, 11, 22, 12, 30, 1, 500, tzinfo=datetime.UTC)
FILES = [("a.txt", 10, 1.5)]


def article(number: int, **given: Any) -> Article:
    values: dict[str, Any] = {
        "article_id": f"a{number}",
        "source_uri": "a.txt",
        "source_kind": "text",
        "date_fetched": NOON,
        "text": "Строка\nwith “quotes” 🌍",
        "text_basis": "file",
        "text_sha256": "0",
        "word_count": 3,
    }
    return Article(**{**values, **given})


def location(number: int, latitude: float, longitude: float) -> Location:
    return Location(
        location_id=f"l{number}",
        article_id=f"a{number % 2}",
        start=number,
        end=number + 6,
        surface="Moscow",
        kind="name",
        basis="model",
        geonameid=524901,
        place_id="geonames:524901",
        name="Moscow",
        feature_class="P",
        feature_code="PPLC",
        latitude=latitude,
        longitude=longitude,
        uncertainty_km=20.0,
        score=0.9,
        gazetteer="g",
    )


ARTICLES = [
    article(
        0, authors=("A. Author", "Ω"), date_published=NOON - datetime.timedelta(days=9), headline="", dateline_start=0
    ),
    *(article(number) for number in range(1, 8)),
    article(8, focus_name="Sydney", focus_latitude=-33.9, focus_longitude=151.2),
]
LOCATIONS = [location(0, 55.75222, 37.61556), location(1, -33.9, 151.2), location(2, 90.0, -180.0)]
FAILURE = Failure(
    failure_id="f",
    stage="read",
    reason="empty",
    error="BadRecord",
    message="no bytes",
    source="b.txt",
    payload=b"\0\xff",
)
ENTITIES = [
    Entity(
        entity_id="e", article_id="a0", start=0, end=1, surface="x", label="ORG", name="x", canonical_id="e", model="m"
    )
]
ROWS: dict[str, list[Any]] = {
    "articles": ARTICLES,
    "entities": ENTITIES,
    "locations": LOCATIONS,
    "failures": [FAILURE],
}


def write(
    output: Path | str,
    rows: dict[str, Any] = ROWS,
    *,
    shards: int = 2,
    inputs: Sequence[Any] = FILES,
    now: datetime.datetime = NOON,
) -> Run:
    run = begin_run(str(output), inputs, now)
    with beam.Pipeline(runner=RUNNER) as p:
        tables = {name: p | name >> beam.Create(values) for name, values in rows.items()}
        _ = tables | Write(output=str(output), run=run, shards=shards, only=tuple(rows.keys() & TABLES.keys()))
    return read_run(str(output), run.run_id)


def paths(output: Path, table: str = "*") -> list[Path]:
    return sorted(output.glob(f"{table}/**/*.parquet"))


def sql(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
        return found


def rows_of(output: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows with the columns of the record, without those that follow from them."""
    columns = [one.name for one in dataclasses.fields(TABLES[table])]
    rows = [row for path in paths(output, table) for row in pq.ParquetFile(path).read(columns).to_pylist()]
    return sorted(rows, key=lambda row: row[columns[0]])


def as_row(record: Any) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in dataclasses.asdict(record).items()
    }


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("write") / "out"
    write(output, {**ROWS, "counts": [("inputs", 4), ("inputs", 6), ("failures.empty", 1)]})
    return output


@pytest.mark.parametrize("table", ROWS)
def test_rows_come_back_as_they_were(dataset: Path, table: str) -> None:
    assert rows_of(dataset, table) == [as_row(record) for record in ROWS[table]]


def test_files_lie_where_they_should(dataset: Path) -> None:
    (run_id,) = (path.stem for path in (dataset / "_dateline" / "runs").iterdir())
    record = json.loads((dataset / "_dateline" / "runs" / f"{run_id}.json").read_text())
    assert record["state"] == "committed"
    assert record["date"] == "2026-11-22"
    assert record["counts"] == {"inputs": 10, "failures.empty": 1}
    assert record["rows"] == {table: len(rows) for table, rows in ROWS.items()}
    names = [str(path.relative_to(dataset)) for path in paths(dataset)]
    assert names == record["files"]
    assert [name for name in names if name.startswith("articles")] == [
        f"articles/date=2026-11-22/{run_id}-0000{shard}-of-00002.parquet" for shard in range(2)
    ]
    assert not any(path.is_file() for path in (dataset / "_dateline" / "staging").rglob("*"))


def test_rows_are_sorted_within_a_file(dataset: Path) -> None:
    for path in paths(dataset, "articles"):
        ids = pq.ParquetFile(path).read(columns=["article_id"])["article_id"].to_pylist()
        assert ids == sorted(ids) != []


def test_files_are_zstd_with_documented_columns(dataset: Path) -> None:
    parquet = pq.ParquetFile(paths(dataset, "locations")[0])
    assert {parquet.metadata.row_group(0).column(i).compression for i in range(parquet.metadata.num_columns)} == {
        "ZSTD"
    }
    assert parquet.schema_arrow.field("latitude").metadata[b"description"] == b"Degrees north, WGS 84."
    assert all(b"description" in field.metadata for field in parquet.schema_arrow)


def test_duckdb_reads_every_table_with_its_partition(dataset: Path) -> None:
    for table, rows in ROWS.items():
        found = sql(f"select count(*), min(date) from read_parquet('{dataset}/{table}/**/*.parquet')")
        assert found == [(len(rows), datetime.date(2026, 11, 22))]
    found = sql(
        f"select l.surface, l.bbox.xmax, a.authors from read_parquet('{dataset}/locations/**/*.parquet') l"
        f" join read_parquet('{dataset}/articles/**/*.parquet') a using (article_id)"
        " where l.latitude between 50 and 60"
    )
    assert found == [("Moscow", 37.61556, ["A. Author", "Ω"])]


def test_duckdb_finds_the_documentation(dataset: Path) -> None:
    found = sql(
        f"select decode(value) from parquet_kv_metadata('{paths(dataset, 'locations')[0]}')"
        " where decode(key) = 'columns'"
    )
    assert json.loads(found[0][0])["longitude"] == "Degrees east, WGS 84."


def test_every_parquet_file_below_the_dataset_is_whole(dataset: Path) -> None:
    found = sql(f"select count(*) from parquet_file_metadata('{dataset}/**/*.parquet')")
    assert found == [(len(paths(dataset)),)]


def test_geopandas_recognises_geometry_and_crs(dataset: Path) -> None:
    frame = geopandas.read_parquet(dataset / "locations").sort_values("start")
    assert frame.crs == "OGC:CRS84"
    assert frame.active_geometry_name == "geometry"
    assert [(point.y, point.x) for point in frame.geometry] == [(row.latitude, row.longitude) for row in LOCATIONS]
    east = geopandas.read_parquet(dataset / "locations", bbox=(100, -90, 180, 90))
    assert east["location_id"].tolist() == ["l1"]


def test_articles_are_a_map_of_what_they_are_about(dataset: Path) -> None:
    frame = geopandas.read_parquet(dataset / "articles").set_index("article_id")
    assert frame.crs == "OGC:CRS84"
    assert frame.geometry.notna().sum() == 1
    assert (frame.geometry["a8"].x, frame.geometry["a8"].y) == (151.2, -33.9)
    assert geopandas.read_parquet(dataset / "articles", bbox=(100, -90, 180, 90))["article_id"].tolist() == ["a8"]


def test_each_file_knows_its_bounds(dataset: Path) -> None:
    for path in paths(dataset, "locations"):
        parquet = pq.ParquetFile(path)
        frame = geopandas.read_parquet(path)
        geo = json.loads(parquet.metadata.metadata[b"geo"])
        assert geo["columns"]["geometry"]["bbox"] == frame.total_bounds.tolist()


def test_the_same_rows_in_any_order_give_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    write(tmp_path, {table: rows[::-1] for table, rows in ROWS.items()})
    assert [path.read_bytes() for path in paths(tmp_path)] == [path.read_bytes() for path in paths(dataset)]


def test_written_again_with_other_shards_and_rows_nothing_old_is_left(tmp_path: Path) -> None:
    first = write(tmp_path, shards=3)
    again = write(tmp_path, {**ROWS, "articles": ARTICLES[:3]}, shards=1, now=NOON + datetime.timedelta(days=2))
    assert (again.run_id, again.started) == (first.run_id, first.started)
    assert [str(path.relative_to(tmp_path)) for path in paths(tmp_path)] == sorted(again.files)
    assert rows_of(tmp_path, "articles") == [as_row(record) for record in ARTICLES[:3]]


def test_two_runs_lie_side_by_side(tmp_path: Path) -> None:
    write(tmp_path, {**ROWS, "articles": ARTICLES[:2]})
    write(tmp_path, {"articles": ARTICLES[2:4]}, inputs=[("b.txt", 1, 1.0)], now=NOON + datetime.timedelta(days=1))
    assert [row["article_id"] for row in rows_of(tmp_path, "articles")] == ["a0", "a1", "a2", "a3"]
    assert {path.parent.name for path in paths(tmp_path, "articles")} == {"date=2026-11-22", "date=2026-11-23"}
    assert len(rows_of(tmp_path, "locations")) == 3


def test_tables_without_rows_can_still_be_read(tmp_path: Path) -> None:
    run = write(tmp_path, {table: [] for table in TABLES})
    assert run.counts == {}
    for table in TABLES:
        (path,) = paths(tmp_path, table)
        found = sql(f"select count(*) from read_parquet('{path}')")
        assert found == [(0,)]
    frame = geopandas.read_parquet(tmp_path / "locations")
    assert (len(frame), frame.crs) == (0, "OGC:CRS84")


def test_write_gives_the_committed_run(tmp_path: Path) -> None:
    run = begin_run(str(tmp_path), FILES, NOON)
    with beam.Pipeline(runner=RUNNER) as p:
        committed = {"articles": p | beam.Create(ARTICLES)} | Write(output=str(tmp_path), run=run, only=("articles",))
        assert_that(
            committed | beam.Map(lambda run: (run.run_id, run.state, run.rows)),
            equal_to([(run.run_id, "committed", {"articles": 9})]),
        )


@pytest.mark.parametrize("shards", [0, -1, 100_000, 2.0, True, "4"])
def test_shards_must_be_a_number_of_files(shards: Any) -> None:
    run = Run(run_id="r", listing="l", started=NOON)
    with pytest.raises(ValueError, match=r"write.shards: got .*; expected a whole number from 1 to 99999"):
        Write(output="out", run=run, shards=shards)


@pytest.mark.parametrize("names", [[], ["counts"], ["articles", "article"], ["articles", "entities", "failures"]])
def test_tables_that_are_unknown_or_forgotten_are_refused(names: list[str]) -> None:
    run = Run(run_id="r", listing="l", started=NOON)
    p = beam.Pipeline(runner=RUNNER)
    tables = {name: p | name >> beam.Create([]) for name in names}
    with pytest.raises(ValueError, match="expected articles, entities, locations, failures"):
        Write(output="out", run=run).expand(tables)


def test_an_output_that_is_a_pattern_is_refused() -> None:
    run = Run(run_id="r", listing="l", started=NOON)
    with pytest.raises(ValueError, match=r"output: got 'out/\*'; expected a folder"):
        Write(output="out/*", run=run)


def test_half_a_character_becomes_one_replacement_character() -> None:
    table = to_table("articles", [article(0, text="a\ud83cb", authors=("\udf0d",)), article(1)])
    assert table["text"].to_pylist() == ["a�b", ARTICLES[1].text]
    assert table["authors"].to_pylist() == [["�"], []]
    assert without_surrogates(None) is None


def test_a_value_of_the_wrong_type_is_no_row() -> None:
    with pytest.raises(pa.ArrowInvalid):
        to_table("articles", [article(0, word_count="many")])


def test_rows_come_out_of_blocks_as_they_went_in() -> None:
    rows = [location(1, 0, 0), location(0, 3, 9)]
    assert from_block(to_block("locations", rows)).equals(plain_table("locations", rows))


def test_a_bundle_makes_one_block_a_shard_and_full_ones_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 3)
    packer = ToBlocks("articles", shards=1)
    packer.start_bundle()
    early = [block for number in range(7) for block in packer.process(article(number))]
    late = [one.value for one in packer.finish_bundle()]
    assert [from_block(block).num_rows for _, block in early + late] == [3, 3, 1]
    assert list(packer.process(())) == []


@pytest.mark.parametrize("most_bytes", [shards.MAX_BYTES, 0])
def test_rows_are_gathered_from_all_parts_in_the_order_wanted(monkeypatch: pytest.MonkeyPatch, most_bytes: int) -> None:
    monkeypatch.setattr(shards, "MAX_BYTES", most_bytes)
    parts = [plain_table("articles", [*map(article, numbers)]) for numbers in ([0, 1, 2], [], [3], [4, 5])]
    found = shards.gather(parts, np.array([5, 0, 3, 2]))
    assert found["article_id"].to_pylist() == [article(number).article_id for number in (5, 0, 3, 2)]
    assert found.cast(parts[0].schema).equals(plain_table("articles", [article(number) for number in (5, 0, 3, 2)]))


@pytest.mark.parametrize("table", ["articles", "locations"])
def test_a_shard_is_the_same_bytes_however_its_rows_are_packed_and_however_much_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(shards, "ROW_GROUP_SIZE", 3)
    monkeypatch.setattr(shards, "TEXT_ROW_GROUP_SIZE", 3)
    made = [article(number) if table == "articles" else location(number, 0, 1) for number in range(20)]
    found = set()
    for held, packed in itertools.product((0, 4_000, 1 << 26), (1, 7, 20)):
        monkeypatch.setattr(shards, "HELD_BYTES", held)
        random.Random(held + packed).shuffle(made)
        groups = [to_block(table, made[first : first + packed]) for first in range(0, len(made), packed)]
        staged = shards.stage_tables(str(tmp_path), "r", table, 0, FromBlocks(groups))
        assert staged.rows == len(made)
        found.add((tmp_path / staged.path).read_bytes())
    assert len(found) == 1
    file = pq.ParquetFile(tmp_path / staged.path)
    assert [file.metadata.row_group(number).num_rows for number in range(7)] == [3] * 6 + [2]
    assert file.read().equals(to_table(table, sorted(made, key=lambda one: (one.article_id, getattr(one, "start", 0)))))


def test_texts_lie_in_smaller_row_groups() -> None:
    assert shards.row_group_size(table_schema("articles")) < shards.row_group_size(table_schema("entities"))


def test_parts_that_can_be_gone_through_only_once_are_an_error_and_no_loss(tmp_path: Path) -> None:
    with pytest.raises(pa.ArrowInvalid):
        shards.stage_tables(str(tmp_path), "r", "articles", 0, iter([plain_table("articles", ARTICLES)]))


def test_all_rows_of_an_article_are_in_one_shard_number() -> None:
    assert shard_of(article(1), 7) == shard_of(location(1, 0, 0), 7)
    assert {shard_of(article(number), 4) for number in range(50)} == set(range(4))
