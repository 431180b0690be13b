"""The launchers: they run a graph on an engine, watch it, and print its totals."""
