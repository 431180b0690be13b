"""Control files in the dataset: stop requests, ownership and heartbeats of a stream.

The launcher and the job share nothing but the dataset, on any engine and file system.
"""

from transforms.dataset import files, layout

NAME = f"{layout.OWN}/stop"
OWNER = f"{layout.OWN}/stream"
DRAINED = f"{layout.OWN}/drained_"
ALIVE = f"{layout.OWN}/alive_"
MAX_BYTES = 64
"""Maximum size of such a file."""


def request_stop(output: str) -> None:
    """Request that the stream of this dataset drains: it reads nothing more, commits what it has, and ends."""
    _write(files.join(output, NAME), b"stop\n")


def is_stop_requested(output: str) -> bool:
    """Return True if a stop was requested."""
    return files.size_of(files.join(output, NAME)) is not None


def clear_control_files(output: str) -> None:
    """Remove the stop request, heartbeats and drain marks, before a stream starts and after it has ended."""
    marks = [path for name in (DRAINED, ALIVE) for path in files.list_files(files.join(output, f"{name}*"))]
    files.remove([files.join(output, NAME), *marks])


def take_over(output: str, job_id: str) -> None:
    """Make this job the owner of the dataset; an earlier job stops writing."""
    aside = files.join(output, layout.staging_folder(f"stream_{job_id}"))
    files.make_folder_of(files.join(aside, "owner"))
    files.write_whole(files.join(output, OWNER), job_id.encode(), aside=aside)


def owner_of(output: str) -> str:
    """Return the id of the job that started last; empty if there is none."""
    return _read(files.join(output, OWNER))


def is_taken_over(output: str, job_id: str) -> bool:
    """Return True if a later job owns the dataset: a cluster may go on with a job whose launcher was killed."""
    return owner_of(output) not in ("", job_id)


def mark_drained(output: str, job_id: str) -> None:
    """Mark the job as drained (all it read is committed): the launcher ends it where the engine never does."""
    _write(files.join(output, f"{DRAINED}{job_id}"), b"drained\n")


def is_drained(output: str, job_id: str) -> bool:
    """Return True if the job is marked as drained."""
    return files.size_of(files.join(output, f"{DRAINED}{job_id}")) is not None


def write_heartbeat(output: str, job_id: str, polls: int) -> None:
    """Write a heartbeat (number of polls) so that the launcher can detect a hung job."""
    _write(files.join(output, f"{ALIVE}{job_id}"), f"{polls}\n".encode())


def read_heartbeat(output: str, job_id: str) -> int:
    """Return the number of polls in the last heartbeat; 0 if there is none, or it is being written."""
    text = _read(files.join(output, f"{ALIVE}{job_id}")).strip()
    return int(text) if text.isdecimal() else 0


def _read(path: str) -> str:
    """Return the text of a control file, at most `MAX_BYTES`; empty if there is no file."""
    if not files.size_of(path):
        return ""
    with files.open_file(path) as handle:
        return handle.read(MAX_BYTES).decode("ascii", "replace")


def _write(path: str, content: bytes) -> None:
    files.make_folder_of(path)
    files.write_file(path, lambda handle: handle.write(content))


def may_end(output: str, job: str, *, has_topics: bool) -> bool:
    """Return True if the job may be cancelled: all is committed, or a stop is requested and topics have no end."""
    return is_drained(output, job) or (has_topics and is_stop_requested(output))
