"""docs/adding/format.md, followed in a copy: two files, and articles of a new format are rows."""

from pathlib import Path

import pyarrow.dataset as ds

from tests.helpers.adding import follow, run

NEWS = """TI  Flood in Beira
DT  2026-03-02
BEIRA, Mozambique - The river Pungwe rose on Monday and closed the road to Dondo.
%%
TI  Calm in Gaborone
DT  2026-03-03
GABORONE, Botswana - Nothing happened in the capital on Tuesday, the police said.
%%
"""


def test_a_new_format_takes_two_files(tmp_path: Path):
    assert follow("format", tmp_path) == ["transforms/formats/known.py", "transforms/formats/tagged_format.py"]
    (tmp_path / "news.tagged").write_text(NEWS, encoding="utf-8")
    shown = run(tmp_path, "-m", "pipeline", "run", "configs/sample.yaml", "--input", "news.tagged", "--output", "out")
    assert "= articles            2" in shown.stdout + shown.stderr
    rows = ds.dataset(tmp_path / "out" / "articles", partitioning="hive").to_table().to_pylist()
    columns = ("headline", "source_kind", "date_published_raw", "dateline")
    assert sorted(tuple(row[name] for name in columns) for row in rows) == [
        ("Calm in Gaborone", "tagged", "2026-03-03", "GABORONE, Botswana"),
        ("Flood in Beira", "tagged", "2026-03-02", "BEIRA, Mozambique"),
    ]


def test_what_is_not_the_format_fails_with_its_allowed_extensions(tmp_path: Path):
    follow("format", tmp_path)
    code = """
from transforms.formats.known import ALLOWED, kind_of_response
print(ALLOWED, kind_of_response("", "text/x-tagged", b""), kind_of_response("", "", b"TI  A"))
"""
    shown = run(tmp_path, "-c", code).stdout
    assert ".tagged" in shown
    assert shown.split()[-2:] == ["tagged", "tagged"]
