"""How a run is put together."""

from pipeline.processor import prefer_wide_vectors

# Here, because numpy is loaded by nearly everything that follows, and asks once.
prefer_wide_vectors()
