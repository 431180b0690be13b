"""Text of any source: encoding, markup, URLs, dates, bylines, language, boilerplate and datelines."""
