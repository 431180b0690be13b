"""Annotators: one file for each kind of fact, and the list of them (`known`)."""
