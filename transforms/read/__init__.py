"""Files and feeds -> bytes with provenance."""

from transforms.read.read import Read
from transforms.read.sources import Source, resolve_inputs

__all__ = ["Read", "Source", "resolve_inputs"]
