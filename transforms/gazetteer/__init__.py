"""The gazetteer: look-up of place names, and candidates for a mention. `build/` makes it."""
