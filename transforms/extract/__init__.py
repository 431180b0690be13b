"""Article -> entities."""

from transforms.extract.extract import Extract

__all__ = ["Extract"]
