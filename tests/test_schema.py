import dataclasses
import datetime
import json
from typing import Any, Literal

import pyarrow as pa
import pytest

from transforms.dataset import geoparquet
from transforms.dataset.schema import arrow_type, record_fields, table_doc, table_schema
from transforms.records import SCHEMA_VERSION, TABLES, Location

STRINGS = pa.list_(pa.field("element", pa.string(), nullable=False))


@pytest.mark.parametrize(
    ("hint", "arrow", "nullable"),
    [
        (str, pa.string(), False),
        (int, pa.int64(), False),
        (float, pa.float64(), False),
        (bool, pa.bool_(), False),
        (bytes, pa.binary(), False),
        (datetime.datetime, pa.timestamp("us", tz="UTC"), False),
        (datetime.date, pa.date32(), False),
        (tuple[str, ...], STRINGS, False),
        (tuple[str, ...] | None, STRINGS, True),
        (str | None, pa.string(), True),
        (None | float, pa.float64(), True),
        (Literal["name", "demonym"], pa.string(), False),
    ],
)
def test_arrow_type(hint: Any, arrow: pa.DataType, nullable: bool) -> None:
    assert arrow_type(hint) == (arrow, nullable)


@pytest.mark.parametrize("hint", [dict[str, int], int | str, tuple[str, int], Any, complex])
def test_a_type_that_parquet_lacks_is_refused(hint: Any) -> None:
    with pytest.raises(TypeError, match="no Arrow type for"):
        arrow_type(hint)


def test_a_column_without_documentation_is_refused() -> None:
    @dataclasses.dataclass
    class Bare:
        name: str

    with pytest.raises(TypeError, match=r"Bare\.name has no documentation"):
        record_fields(Bare)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_in_the_schema_in_order_with_its_documentation(table: str) -> None:
    schema = table_schema(table)
    columns = dataclasses.fields(TABLES[table])
    assert schema.names[: len(columns)] == [one.name for one in columns]
    for one in columns:
        field = schema.field(one.name)
        assert field.metadata[b"description"].decode() == one.metadata["doc"]
        assert field.nullable == ("None" in str(one.type))


@pytest.mark.parametrize("table", TABLES)
def test_the_schema_says_what_it_is(table: str) -> None:
    metadata = table_schema(table).metadata
    assert metadata[b"dateline_table"].decode() == table
    assert metadata[b"dateline_schema"].decode() == SCHEMA_VERSION
    assert metadata[b"dateline_version"]
    assert metadata[b"description"].decode() == table_doc(TABLES[table]) != ""
    assert list(json.loads(metadata[b"columns"])) == table_schema(table).names


def test_only_a_table_with_coordinates_has_geometry() -> None:
    geographic = {table for table in TABLES if "geometry" in table_schema(table).names}
    assert geographic == {
        table
        for table, record in TABLES.items()
        if geoparquet.coordinates([one.name for one in dataclasses.fields(record)])
    }
    assert geographic == {"articles", "locations"}
    assert table_schema("articles").field("geometry").nullable
    assert not table_schema("locations").field("geometry").nullable


def test_table_doc_is_the_first_paragraph_on_one_line() -> None:
    class ReportedFailures:
        """One
        line.

        Another paragraph.
        """

    assert table_doc(ReportedFailures) == "One line."
    assert table_doc(Location).startswith("One mention of a place")


@pytest.mark.parametrize(
    ("where", "bounds"),
    [
        ([], None),
        ([None], None),
        ([(37.6, 55.7)], [37.6, 55.7, 37.6, 55.7]),
        ([(37.6, 55.7), None, (-98.6, 39.8), (151.2, -33.9)], [-98.6, -33.9, 151.2, 55.7]),
    ],
)
def test_geo_metadata_bounds(where: list[geoparquet.Point | None], bounds: list[float] | None) -> None:
    geo = json.loads(geoparquet.geo_metadata(where))
    assert geo["version"] == "1.1.0"
    assert geo["primary_column"] == "geometry"
    (column_metadata,) = geo["columns"].values()
    assert column_metadata.get("bbox") == bounds
    assert column_metadata["encoding"] == "WKB"
    assert column_metadata["geometry_types"] == ["Point"]
    assert column_metadata["covering"]["bbox"]["ymax"] == ["bbox", "ymax"]


def test_rows_without_coordinates_have_no_point() -> None:
    where = geoparquet.points([37.6, None, None], [55.7, 55.7, None])
    assert where == [(37.6, 55.7), None, None]
    assert geoparquet.geometry_column(where)[1:] == [None, None]
    assert geoparquet.bbox_column(where)[1:] == [None, None]
