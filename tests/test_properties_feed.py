"""Properties of the feed cutter: no entry is lost, none is invented, whatever is in them."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.failures import BadRecord
from transforms.formats.feed.cut import cut_feed, runs

TEXT = st.text(st.characters(exclude_characters="<>&]", exclude_categories=("Cs", "Cc")), max_size=40)
ENTRY = st.builds(
    lambda title, raw: f"<item><title>{title}</title><description><![CDATA[{raw}]]></description></item>",
    TEXT,
    st.one_of(TEXT, st.just("<item>not one</item>"), st.just("</item>"), st.just("<!-- <item> -->")),
)
BETWEEN = st.sampled_from(["", "\n", "  \n", "<!-- <item>no</item> -->", "<link>https://a.test</link>"])


@given(st.lists(st.tuples(ENTRY, BETWEEN), max_size=12), TEXT)
def test_every_entry_is_cut_out_once_and_in_order(entries: list[tuple[str, str]], title: str):
    body = "".join(entry + between for entry, between in entries)
    cut = cut_feed(f"<?xml version='1.0'?><rss version='2.0'><channel><title>{title}</title>{body}</channel></rss>")
    assert len(cut.entries) == len(entries)
    assert all(found.startswith(entry) for found, (entry, _) in zip(cut.entries, entries, strict=True))


@given(st.lists(ENTRY, min_size=1, max_size=12), st.integers(1, 5))
def test_runs_of_entries_have_all_of_them(entries: list[str], size: int):
    cut = cut_feed(f"<rss><channel>{''.join(entries)}</channel></rss>")
    assert [entry for run, _ in runs(cut, size) for entry in run] == cut.entries


@given(st.text(max_size=300))
def test_any_text_is_cut_or_refused_with_a_reason(text: str):
    try:
        cut = cut_feed(text)
    except BadRecord:
        return
    assert sum(map(len, cut.entries)) <= len(text) * 2


@given(st.lists(ENTRY, min_size=1, max_size=6), st.data())
def test_a_feed_that_is_cut_short_keeps_the_entries_before(entries: list[str], data: st.DataObject):
    whole = f"<rss><channel>{''.join(entries)}"
    keep = data.draw(st.integers(0, len(entries)))
    short = whole[: len("<rss><channel>") + sum(map(len, entries[:keep]))]
    assert [found[: len(entry)] for found, entry in zip(cut_feed(short).entries, entries, strict=False)] == entries[
        :keep
    ]
