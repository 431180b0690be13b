"""A page of docs/adding/, followed to the letter in a copy of the product.

A page shows its steps as fenced blocks. Each names the file that it changes:

    ```python transforms/annotators/weekdays.py     a new file: the block is all of it
    ```diff transforms/annotators/__init__.py       lines of a file: ` ` stays, `-` goes, `+` comes

Other blocks (`sh`, `yaml` without a path) are examples, and are passed over.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COPIED = ("pipeline", "transforms", "configs", "seeds", "docs", "setup.py", "README.md")
LINKED = ("transforms/extract/model", "transforms/gazetteer/gazetteer.sqlite")
"""Large files that no step changes."""

_BLOCK = re.compile(r"^```(\w+) +(\S*/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """One fenced block that changes a file."""

    kind: str
    """`diff`, or the language of a new file."""
    path: str
    """Relative to the repository."""
    body: str


def steps_of(page: str) -> list[Step]:
    """Return the steps of a page in their order.

    >>> steps_of("Write it:\\n\\n```python a/b.py\\nX = 1\\n```\\n")
    [Step(kind='python', path='a/b.py', body='X = 1\\n')]
    """
    return [Step(*match) for match in _BLOCK.findall(page)]


def follow(page: str, folder: Path) -> list[str]:
    """Copy the product into `folder`, and do there what a page says.

    Args:
        page: name of a file in docs/adding, without its extension.
        folder: an empty folder.

    Returns:
        The files that the page touches, each once.

    Raises:
        AssertionError: the page has no step, or a step does not fit the code.
    """
    copy_product(folder)
    steps = steps_of((ROOT / "docs" / "adding" / f"{page}.md").read_text(encoding="utf-8"))
    assert steps, f"docs/adding/{page}.md has no step"
    for step in steps:
        target = folder / step.path
        if step.kind == "diff":
            target.write_text(patched(target.read_text(encoding="utf-8"), step), encoding="utf-8")
        else:
            assert not target.exists(), f"{step.path} is there already"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step.body, encoding="utf-8")
    return sorted({step.path for step in steps})


def copy_product(folder: Path) -> None:
    """Copy what a run needs, and link what is large."""
    left_out = shutil.ignore_patterns("__pycache__", *(Path(path).name for path in LINKED))
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=left_out)
        else:
            shutil.copy2(source, target)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)


def patched(text: str, step: Step) -> str:
    """Return a file's text with the lines of a diff block changed."""
    lines = [line if line else " " for line in step.body.rstrip("\n").split("\n")]
    before = "\n".join(line[1:] for line in lines if line[0] in " -")
    after = "\n".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(before) == 1, f"{step.path}: the step fits {text.count(before)} places; expected 1:\n{before}"
    return text.replace(before, after)


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python ...` in the copy, which hides the installed product; raises if it fails."""
    own = {**os.environ, "PYTHONPATH": str(folder), **environment}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
