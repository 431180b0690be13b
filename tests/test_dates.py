import datetime

import pytest

from transforms.text.dates import ParsedDate, month_numbers, parse_date


def utc(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=datetime.UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Wed, 28 Sep 2022 14:05:09 GMT", utc(2022, 9, 28, 14, 5, 9)),
        ("Wed, 28 Sep 2022 14:05:09 +0530", utc(2022, 9, 28, 8, 35, 9)),
        ("Wed, 28 Sep 2022 14:05:09 -0000", utc(2022, 9, 28, 14, 5, 9)),
        ("28 Sep 2022 14:05 GMT", utc(2022, 9, 28, 14, 5)),
        ("Wed, 02 Oct 02 13:00:00 EST", utc(2002, 10, 2, 18)),
        ("Thu, 1 Jan 98 00:00:00 UT", utc(1998, 1, 1)),
        ("Wed, 28 Sept 2022 23:30:00 PDT", utc(2022, 9, 29, 6, 30)),
        ("Wed Sep 28 14:05:09 UTC 2022", utc(2022, 9, 28, 14, 5, 9)),
        ("2022-09-28T14:05:09Z", utc(2022, 9, 28, 14, 5, 9)),
        ("2022-09-28T14:05:09.123456+02:00", utc(2022, 9, 28, 12, 5, 9)),
        ("2022-09-28T14:05:09.123+02:00[Europe/Paris]", utc(2022, 9, 28, 12, 5, 9)),
        ("2022-09-28t14:05z", utc(2022, 9, 28, 14, 5)),
        ("2022-09-28 14:05:09 +0000 UTC", utc(2022, 9, 28, 14, 5, 9)),
        ("2022-09-28 14:05:09", utc(2022, 9, 28, 14, 5, 9)),
        ("2022-09-28 02:05 PM", utc(2022, 9, 28, 14, 5)),
        ("2022/9/8 4:05", utc(2022, 9, 8, 4, 5)),
        ("20220928T140509Z", utc(2022, 9, 28, 14, 5, 9)),
        ("20220928140509", utc(2022, 9, 28, 14, 5, 9)),
        ("1664373909", utc(2022, 9, 28, 14, 5, 9)),
        ("1664373909000", utc(2022, 9, 28, 14, 5, 9)),
        ("September 28, 2022 2:05 p.m. ET".replace(" ET", " EDT"), utc(2022, 9, 28, 18, 5)),
        ("Published: Wednesday, September 28, 2022 at 2:05 pm CST", utc(2022, 9, 28, 20, 5)),
        ("28/09/2022 14:05", utc(2022, 9, 28, 14, 5)),
        ("28.09.2022, 14:05 Uhr", utc(2022, 9, 28, 14, 5)),
        ("28 septembre 2022 à 14h05", utc(2022, 9, 28, 14, 5)),
        ("2022年9月28日 14:05", utc(2022, 9, 28, 14, 5)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", utc(2016, 12, 31, 23, 59, 59)),
    ],
)
def test_a_date_with_a_time_of_day(raw: str, value: datetime.datetime) -> None:
    parsed = parse_date(raw)
    assert parsed is not None
    assert parsed.value.replace(microsecond=0) == value
    assert parsed.value.utcoffset() == datetime.timedelta(0)
    assert parsed.precision == "time"


@pytest.mark.parametrize(
    "raw",
    [
        "Wed, 28 Sep 2022",
        "September 28, 2022",
        "Sept. 28, 2022",
        "28th of September 2022",
        "28 September 2022",
        "2022-09-28",
        "2022/09/28",
        "20220928",
        "2022-W39-3",
        "9/28/2022",
        "28/9/2022",
        "28-09-2022",
        "28.9.2022",
        "mercredi 28 septembre 2022",
        "28 de septiembre de 2022",
        "28. September 2022",
        "28 settembre 2022",
        "28 września 2022",
        "28 сентября 2022 г.",
        "28 вересня 2022 року",
        "28 Eylül 2022",
        "28 سبتمبر 2022",
        "2022. szeptember 28.",
        "2022年9月28日",
        "\n Wed, 28 Sep 2022 ",
        "Wed, 28 Sep 2022 14:05 IST",  # India, Israel or Ireland: the hour cannot be told
    ],
)
def test_a_date_without_one(raw: str) -> None:
    assert parse_date(raw) == ParsedDate(utc(2022, 9, 28), "day")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "  ",
        "2022",
        "2022-09",
        "September 2022",
        "28 September",
        "14:05",
        "today",
        "yesterday at 14:05",
        "Monday",
        "03/04/2022",
        "03-04-2022",
        "31/02/2022",
        "2022-13-01",
        "2022-02-30",
        "0001-01-01T00:00:00Z",
        "1 Jan 1812",
        "Mon, 01 Jan 9999 00:00:00 GMT",
        "12",
        "99999999999999999999",
        "28 or 29 September 2022",
        "The war began on 28 September 2022",
        "Wed, 28 Sep 2022 25:61 GMT",
        "28 Sep 2022 " * 100,
        "-",
        "{{date}}",
        "null",
    ],
)
def test_nothing_is_invented(raw: str) -> None:
    assert parse_date(raw) is None


def test_both_meanings_of_equal_parts_are_one_day() -> None:
    assert parse_date("04/04/2022") == ParsedDate(utc(2022, 4, 4), "day")


def test_mar_is_a_weekday_before_a_month() -> None:
    assert parse_date("mar., 27 sept. 2022") == ParsedDate(utc(2022, 9, 27), "day")


def test_month_names_of_two_meanings_are_left_out() -> None:
    assert "listopad" not in month_numbers() or month_numbers()["listopad"] == 11
    assert parse_date("1 mars 2022") == ParsedDate(utc(2022, 3, 1), "day")
