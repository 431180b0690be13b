"""A file in the dataset asks a stream to stop: its source sees it on any engine and file system."""

from transforms.write import files, layout

NAME = f"{layout.OWN}/stop"


def ask_to_stop(output: str) -> None:
    """Asks the stream that writes into this dataset to read nothing more, commit what it has, and end."""
    path = files.join(output, NAME)
    files.make_folder_of(path)
    files.write_file(path, lambda handle: handle.write(b"stop\n"))


def is_asked_to_stop(output: str) -> bool:
    """Whether somebody has asked."""
    return files.size_of(files.join(output, NAME)) is not None


def forget_to_stop(output: str) -> None:
    """Takes the file away, before a stream begins and when it has ended."""
    files.remove([files.join(output, NAME)])
