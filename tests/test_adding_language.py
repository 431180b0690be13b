"""docs/adding/language.md, followed in a copy: two files, more places in that language, the same rows in English."""

from pathlib import Path

import pyarrow.dataset as ds

from tests.helpers.adding import ROOT, copy_product, follow, run

PORTUGUESE = (
    "O rio Mondego subiu durante a noite e a estrada foi cortada em Coimbra, disse na segunda-feira o presidente da"
    " câmara. Os bombeiros retiraram vinte pessoas das suas casas perto de Leiria, mas ninguém ficou ferido."
    " As escolas vão continuar fechadas até quarta-feira, segundo a proteção civil.\n"
)
ENGLISH = "The river rose in Coimbra on Monday, the mayor said. Nobody was hurt near Leiria, and schools stay closed.\n"


def places(folder: Path) -> dict[str, list[str]]:
    """Surfaces of the places of each article, by its file."""
    for name, text in (("pt.txt", PORTUGUESE), ("en.txt", ENGLISH)):
        (folder / name).write_text(text, encoding="utf-8")
    command = ("-m", "pipeline", "run", "configs/sample.yaml", "--input", "pt.txt", "en.txt", "--output", "out")
    run(folder, *command)
    articles = ds.dataset(folder / "out" / "articles").to_table(["article_id", "source_uri", "language"]).to_pylist()
    assert {row["source_uri"]: row["language"] for row in articles} == {"pt.txt": "pt", "en.txt": "en"}
    rows = ds.dataset(folder / "out" / "locations").to_table(["article_id", "surface"]).to_pylist()
    return {
        row["source_uri"]: sorted(one["surface"] for one in rows if one["article_id"] == row["article_id"])
        for row in articles
    }


def test_a_new_language_takes_two_files(tmp_path: Path):
    (before, after) = (tmp_path / "before", tmp_path / "after")
    before.mkdir()
    after.mkdir()
    copy_product(before)
    assert follow("language", after) == ["transforms/languages/known.py", "transforms/languages/pt.py"]
    old, new = places(before), places(after)
    assert {"Coimbra", "Leiria"} <= set(new["pt.txt"]) - set(old["pt.txt"])
    assert new["en.txt"] == old["en.txt"] != []


def test_the_growth_of_its_patterns_is_measured(tmp_path: Path):
    follow("language", tmp_path)
    for name in ("benchmarks", "tests/helpers"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "tests" / "__init__.py").touch()
    code = "from benchmarks.growth.patterns import all_patterns; print(*(one.name for one in all_patterns()))"
    assert "LANGUAGES[2].context.locative" in run(tmp_path, "-c", code).stdout  # after English and `mul`
