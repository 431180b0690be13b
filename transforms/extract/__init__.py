"""Article -> entities."""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.extract.extract import Extract
else:
    __getattr__ = on_demand(__name__)

__all__ = ["Extract"]
