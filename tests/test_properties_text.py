"""Properties of dates, datelines and addresses."""

import datetime
import email.utils

from hypothesis import assume, example, given
from hypothesis import strategies as st

from transforms.text.dateline.parse import parse_dateline
from transforms.text.dates import FIRST_YEAR, LAST_YEAR, parse_date
from transforms.text.urls import address_key, canonical

MOMENTS = st.datetimes(
    datetime.datetime(FIRST_YEAR + 1, 1, 1),
    datetime.datetime(LAST_YEAR - 1, 1, 1),
    timezones=st.timezones().map(lambda _: datetime.UTC),
).map(lambda moment: moment.replace(microsecond=0))
OFFSETS = st.integers(-12 * 4, 14 * 4).map(
    lambda quarters: datetime.timezone(datetime.timedelta(minutes=15 * quarters))
)


@given(MOMENTS, OFFSETS)
def test_iso_and_rfc_822_dates_come_back_to_the_second(moment: datetime.datetime, zone: datetime.timezone):
    local = moment.astimezone(zone)
    for printed in (local.isoformat(), local.isoformat(" "), email.utils.format_datetime(local)):
        parsed = parse_date(printed)
        assert parsed is not None, printed
        assert (parsed.value, parsed.precision) == (moment, "time"), printed


@given(MOMENTS)
def test_a_day_in_any_printed_form_is_that_day(moment: datetime.datetime):
    forms = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%B %d, %Y", "%d %B %Y", "%A, %B %d, %Y", "%d. %B %Y", "%b %d, %Y")
    for form in forms:
        parsed = parse_date(moment.strftime(form))
        assert parsed is not None, moment.strftime(form)
        assert (parsed.value.date(), parsed.precision) == (moment.date(), "day"), moment.strftime(form)


@given(st.text(max_size=120))
@example("31.02.2024")
@example("99:99")
def test_any_text_is_a_date_within_bounds_or_none(text: str):
    parsed = parse_date(text)
    assert parsed is None or FIRST_YEAR - 1 <= parsed.value.year <= LAST_YEAR + 1


PLACES = ("MOSCOW", "Geneva", "Port Louis", "KUALA LUMPUR", "San José", "St. Paul")
AGENCIES = ("Reuters", "AP", "AFP", "Xinhua")


@given(
    st.sampled_from(PLACES),
    st.sampled_from(["", ", March 3", ", 3 March"]),
    st.sampled_from(["", *(f" ({agency})" for agency in AGENCIES)]),
    st.sampled_from([" - ", " — ", " – "]),
    st.sampled_from(["The river rose on Monday.", "Ann Lee said talks would go on.", '"It rains," he said.']),
)
def test_a_dateline_is_found_and_its_offsets_are_its_place(place: str, date: str, agency: str, dash: str, body: str):
    assume(date or agency or place.isupper())  # else a dash alone is no evidence
    text = f"{place}{date}{agency}{dash}{body}"
    found = parse_dateline(text, lambda name: name.casefold() in {one.casefold() for one in PLACES})
    assert found is not None, text
    assert found.place == text[found.start : found.end] == place
    assert text[found.body_start :] == body
    assert (found.agency or "") == agency.strip(" ()")


@given(st.text(max_size=200), st.booleans())
def test_a_dateline_of_any_text_lies_in_it(text: str, known: bool):
    found = parse_dateline(text, lambda _: known)
    if found is not None:
        assert 0 <= found.body_start <= len(text)
        if found.place is not None:
            assert text[found.start : found.end] == found.place


PATH = st.text(st.characters(codec="utf-8", exclude_characters="\\", exclude_categories=("Cs", "Cc")), max_size=30)
ADDRESSES = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/{path}{query}",
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(["a.test", "www.A.test", "m.news.test", "news.test:443", "münchen.test"]),
    PATH,
    st.sampled_from(["", "?id=3", "?utm_source=x&id=3", "?b=2&a=1", "#top"]),
)


@given(ADDRESSES)
def test_a_canonical_address_is_its_own(address: str):
    once = canonical(address)
    assert once is None or canonical(once) == once


@given(ADDRESSES)
def test_tracking_and_fragments_name_no_other_page(address: str):
    plain = address.partition("#")[0]
    joined = f"{plain}{'&' if '?' in plain else '?'}utm_medium=mail&fbclid=x#comments"
    assert address_key(joined) == address_key(plain)


@given(st.text(max_size=200))
def test_any_text_has_a_key_or_none(text: str):
    key = address_key(text)
    assert key is None or isinstance(key, str)
