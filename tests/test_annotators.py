"""The list of annotators: order, requirements, and what an article without docs gets."""

import pytest

from tests.helpers.records import article
from transforms.annotators.base import Annotator, Found, Reading
from transforms.annotators.known import ANNOTATORS, in_order, needs_syntax
from transforms.records import FACT_TABLES, AnnotatedArticle


def kind(name: str, *requires: str) -> type[Annotator]:
    return type(name.title(), (Annotator,), {"table": name, "requires": frozenset(requires)})


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ([kind("a", "b"), kind("b")], "ba"),
        ([kind("a", "language"), kind("b", "syntax", "a")], "ab"),
        ([kind("c", "a", "b"), kind("b", "a"), kind("a")], "abc"),
    ],
)
def test_each_comes_after_what_it_requires(given, order, monkeypatch):
    monkeypatch.setattr("transforms.annotators.known.FACT_TABLES", dict.fromkeys(order, ""))
    assert "".join(one.table for one in in_order(given)) == order


@pytest.mark.parametrize(
    ("given", "tables", "said"),
    [
        ([kind("a", "b"), kind("b", "a")], "ab", "A requires b; B requires a"),
        ([kind("a", "quotes")], "a", "A requires quotes"),
        ([kind("a")], "ab", "got 0 for the table 'b'"),
        ([kind("a"), kind("a")], "a", "got 2 for the table 'a'"),
        ([kind("a")], "", "expected a record with @fact_table('a')"),
    ],
)
def test_what_cannot_be_met_is_refused(given, tables, said, monkeypatch):
    monkeypatch.setattr("transforms.annotators.known.FACT_TABLES", dict.fromkeys(tables, ""))
    with pytest.raises(ValueError, match="annotators: got") as caught:
        in_order(given)
    assert said in str(caught.value)


def test_the_shipped_list_fills_every_table_of_facts():
    assert [one.table for one in in_order(ANNOTATORS)] == list(FACT_TABLES) == ["entities", "locations"]
    assert not needs_syntax()
    assert needs_syntax([kind("a", "syntax")])


class Shouts(Annotator):
    table = "shouts"
    requires = frozenset({"language"})

    def annotate(self, reading: Reading) -> Found:
        return Found([reading.article.text.upper()], {"publisher": "BBC"})


def test_rows_and_columns_are_added():
    (after,) = Shouts().apply(Reading(AnnotatedArticle(article=article("Rain.")), model="m"))
    assert (after.annotated.rows("shouts"), after.article.publisher) == (("RAIN.",), "BBC")


def test_without_docs_what_needs_them_is_skipped():
    (after,) = Shouts().apply(Reading(AnnotatedArticle(article=article("Rain."))))
    assert (after.annotated.facts, after.article.publisher) == ({"shouts": ()}, None)
