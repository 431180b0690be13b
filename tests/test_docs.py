"""Pages that lead somewhere: links, the index, and the English of everything that people read."""

import re
from pathlib import Path

import pytest

from tests.helpers import english

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path):
    links = [link.partition("#") for link in _LINK.findall(page.read_text(encoding="utf-8"))]
    dead = [path for path, _, _ in links if path and "://" not in path and not (page.parent / path).exists()]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_name_headings_that_are_there(page: Path):
    dead = []
    for path, _, anchor in (link.partition("#") for link in _LINK.findall(page.read_text(encoding="utf-8"))):
        target = page.parent / path if path else page
        if anchor and "://" not in path and target.suffix == ".md" and anchor not in anchors_of(target):
            dead.append(f"{path}#{anchor}")
    assert dead == []


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made on the web."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert {page for page in pages if f"({page})" not in index} == set()


@pytest.mark.parametrize("place", [*english.ROOMS, *english.PAGES])
def test_plain_english(place: str):
    assert [found for path in english.files_of([ROOT / place]) for found in english.offences(path)] == []
