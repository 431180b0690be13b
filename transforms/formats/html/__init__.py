"""Article pages: body text, headline, authors, dates and metadata."""
