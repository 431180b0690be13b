"""Files of a run beside its tables, committed with them."""

import dataclasses
import uuid

from transforms.write import files, layout


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
    def write(cls, output: str, run_id: str, target: str, content: bytes) -> "StagedExtra":
        """Writes the content aside."""
        path = f"{layout.staging_folder(run_id)}/extra-{uuid.uuid4().hex}.staged"
        files.write_file(files.join(output, path), lambda handle: handle.write(content))
        return cls(path=path, target=target, size=len(content))
