"""The columns page says what is true now."""

from pathlib import Path

from pipeline.commands.columns import columns_page


def test_the_page_is_up_to_date():
    page = Path(__file__).parents[1] / "docs" / "columns.md"
    assert page.read_text(encoding="utf-8") == columns_page(), "run `make docs`"
