"""Input formats: bytes -> entries or the fields of an article."""
