"""Files and feeds -> bytes with provenance."""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.read.read import Read
    from transforms.read.sources import Source, resolve_inputs
else:
    __getattr__ = on_demand(__name__)

__all__ = ["Read", "Source", "resolve_inputs"]
