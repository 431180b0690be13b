"""Records -> Parquet, committed whole: the step `Write`."""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.write.write import Write
else:
    __getattr__ = on_demand(__name__)

__all__ = ["Write"]
