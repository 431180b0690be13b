"""Datelines: `MOSCOW, Feb 3 (Reuters) -` at the head of an article."""
