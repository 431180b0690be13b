"""Packages that import their modules on demand, so that threads can import from them at the same time.

A thread that imports `transforms.dataset.runs` holds the lock of that module
while it waits for the package's. If the package itself imports `runs`, a
second thread that imports the package waits the other way round. Python ends
that by giving one of them a module that is imported in part, or by
`_DeadlockError` (CPython 3.11, `importlib._bootstrap._ModuleLock`).
"""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Callable
from typing import Any


def on_demand(package: str) -> Callable[[str], Any]:
    """Return `__getattr__` for a package.

    Args:
        package: its name. What it imports under `if TYPE_CHECKING:` is what it has.
    """
    homes = names(pkgutil.get_data(package, "__init__.py") or b"")

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(homes[name]), name)
        vars(sys.modules[package])[name] = found
        return found

    return find


def names(source: bytes) -> dict[str, str]:
    """Return the names that a source imports under `if`, with their modules.

    >>> names(b"if TYPE_CHECKING:\\n    from a.b import c, d")
    {'c': 'a.b', 'd': 'a.b'}
    """
    blocks = [node.body for node in ast.parse(source).body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(one.module) for one in imports for alias in one.names}
