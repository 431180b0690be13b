"""Builds the gazetteer from packages, our own tables, or a dump of GeoNames."""
