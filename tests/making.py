"""Small records for tests."""

import datetime

from transforms.records import Article, stable_id

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


def article(text: str, language: str | None = "en") -> Article:
    return Article(
        article_id=stable_id(text),
        source_uri="a.txt",
        source_kind="text",
        date_fetched=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        language=language,
        text=text,
        text_basis="file",
        text_sha256=stable_id(text),
        word_count=len(text.split()),
    )
