"""Files in the dataset by which a stream, and who started it, say when to end, on any engine and file system."""

from transforms.dataset import files, layout

NAME = f"{layout.OWN}/stop"
OWNER = f"{layout.OWN}/stream"
DRAINED = f"{layout.OWN}/drained_"
ALIVE = f"{layout.OWN}/alive_"
MAX_BYTES = 64
"""Maximum size of such a file."""


def ask_to_stop(output: str) -> None:
    """Ask the stream that writes into this dataset to read nothing more, commit what it has, and end."""
    _write(files.join(output, NAME), b"stop\n")


def is_asked_to_stop(output: str) -> bool:
    """Return True if somebody has asked."""
    return files.size_of(files.join(output, NAME)) is not None


def forget_to_stop(output: str) -> None:
    """Take the file away, before a stream begins and when it has ended, and what earlier streams have said."""
    said = [path for name in (DRAINED, ALIVE) for path in files.list_files(files.join(output, f"{name}*"))]
    files.remove([files.join(output, NAME), *said])


def take_over(output: str, job_id: str) -> None:
    """From now on this job writes into the dataset, and no other."""
    aside = files.join(output, layout.staging_folder(f"stream_{job_id}"))
    files.make_folder_of(files.join(aside, "owner"))
    files.write_whole(files.join(output, OWNER), job_id.encode(), aside=aside)


def owner_of(output: str) -> str:
    """Return the job that has begun last; empty where none has."""
    return _read(files.join(output, OWNER))


def is_taken_over(output: str, job_id: str) -> bool:
    """Return True if a later job writes into the dataset: a cluster may go on with one whose launcher was killed."""
    return owner_of(output) not in ("", job_id)


def say_drained(output: str, job_id: str) -> None:
    """Say that all that the job has read is committed, for who waits for an engine that never ends a job."""
    _write(files.join(output, f"{DRAINED}{job_id}"), b"drained\n")


def is_drained(output: str, job_id: str) -> bool:
    """Return True if the job has said so."""
    return files.size_of(files.join(output, f"{DRAINED}{job_id}")) is not None


def say_alive(output: str, job_id: str, looks: int) -> None:
    """Say how often the job's source has looked at what it follows, for who waits for a job that may hang."""
    _write(files.join(output, f"{ALIVE}{job_id}"), f"{looks}\n".encode())


def looks_of(output: str, job_id: str) -> int:
    """What the job has said last; 0 if it has not, or says so just now."""
    said = _read(files.join(output, f"{ALIVE}{job_id}")).strip()
    return int(said) if said.isdecimal() else 0


def _read(path: str) -> str:
    """Return the few words of such a file; none if it is not there, and no more than any of ours has."""
    if not files.size_of(path):
        return ""
    with files.open_file(path) as handle:
        return handle.read(MAX_BYTES).decode("ascii", "replace")


def _write(path: str, content: bytes) -> None:
    files.make_folder_of(path)
    files.write_file(path, lambda handle: handle.write(content))
