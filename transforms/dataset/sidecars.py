"""Sidecars: files of a run that are committed with its tables."""

import dataclasses
import uuid
from collections.abc import Iterable

from transforms.dataset import files, layout


@dataclasses.dataclass(frozen=True, kw_only=True)
class StagedExtra:
    """A file that has been written but not committed."""

    path: str
    """Relative to the dataset."""
    target: str
    """Where it belongs, relative to the dataset."""
    size: int
    """Bytes."""

    @classmethod
    def write(cls, output: str, run_id: str, target: str, parts: Iterable[bytes]) -> "StagedExtra":
        """Write the content aside, a part after the other."""
        path = f"{layout.staging_folder(run_id)}/extra-{uuid.uuid4().hex}.staged"
        whole = files.join(output, path)
        files.write_file(whole, lambda handle: handle.writelines(parts))
        return cls(path=path, target=target, size=files.size_of(whole) or 0)
