"""Languages: words and patterns for places, datelines, bylines, dates and boilerplate; one file per language."""
