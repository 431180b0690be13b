"""The whole graph of a run, and that of a stream, each on one page."""
