"""The example of Beam YAML runs as its first lines say, and rows keep their schema."""

import dataclasses
import datetime
import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import apache_beam as beam
import pytest
import yaml
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.typehints.schemas import named_fields_from_element_type

from tests.helpers.records import RUNNER
from transforms.records import TABLES
from transforms.yaml import AnnotateArticles
from transforms.yaml.rows import row_type, to_item

ROOT = Path(__file__).parent.parent
NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
NEEDED = ("jinja2", "jsonschema", "clonevirtualenv", "docstring_parser")


def test_every_table_has_a_schema_that_other_languages_read() -> None:
    for name, record in TABLES.items():
        fields = named_fields_from_element_type(row_type(record))
        assert [field for field, _ in fields] == [field.name for field in dataclasses.fields(record)], name
        beam.coders.registry.get_coder(row_type(record))


@pytest.mark.parametrize(
    ("row", "content"),
    [
        (beam.Row(text="a", url="u", other=1), {"text": "a", "url": "u"}),
        (beam.Row(text="a", date=datetime.date(2026, 1, 2)), {"text": "a", "date": "2026-01-02"}),
        ({"html": "<p>a", "headline": None}, {"html": "<p>a"}),
    ],
)
def test_a_row_is_read_as_a_json_line(row: object, content: dict[str, str]) -> None:
    assert json.loads(to_item(row, NOW).content) == content


def test_rows_in_rows_out_and_failures_beside() -> None:
    with beam.Pipeline(runner=RUNNER) as p:
        rows = p | beam.Create(
            [
                beam.Row(text="The mayor of Nairobi met Ann Lee on Monday.", url="https://a.example/1"),
                beam.Row(text=" ", url="u"),
            ]
        )
        found = rows | AnnotateArticles()
        assert_that(
            found["locations"] | "Places" >> beam.Map(lambda row: (row.surface, row.country, row.start)),
            equal_to([("Nairobi", "KEN", 13)]),
            label="locations",
        )
        assert_that(
            found["failures"] | "Reasons" >> beam.Map(lambda row: (row.stage, row.reason, row.source)),
            equal_to([("parse", "no_text", "u")]),
            label="failures",
        )
        assert_that(
            found["articles"] | "Urls" >> beam.Map(lambda row: (row.url, row.date_fetched[-6:])),
            equal_to([("https://a.example/1", "+00:00")]),
            label="articles",
        )


def test_the_provider_file_names_what_there_is() -> None:
    (provider,) = yaml.safe_load((ROOT / "configs/yaml/providers.yaml").read_text())
    for path in provider["transforms"].values():
        module, _, name = path.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), name), beam.PTransform)


def test_the_example_runs_as_it_says(tmp_path: Path) -> None:
    missing = [name for name in NEEDED if not importlib.util.find_spec(name)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: pip install '.[yaml]'")
    variables = {"articles": "configs/yaml/articles.csv", "output": str(tmp_path)}
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "apache_beam.yaml.main", "--yaml_pipeline_file=configs/yaml/places.yaml"),
            f"--jinja_variables={json.dumps(variables)}",
            f"--runner={RUNNER}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    places = [json.loads(line) for path in tmp_path.glob("places*") for line in path.read_text().splitlines()]
    found = {(place["name"], place["country"]) for place in places}
    assert {("Valparaíso", "CHL"), ("Kisumu", "KEN"), ("Nairobi", "KEN"), ("Kampala", "UGA")} <= found
    assert {"name", "country", "latitude", "longitude", "in_text"} == places[0].keys()
    failures = [json.loads(line) for path in tmp_path.glob("failures*") for line in path.read_text().splitlines()]
    assert [failure["reason"] for failure in failures] == ["no_text"]
