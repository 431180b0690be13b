"""Imports every module of the package: the first import of a worker, before it takes work.

A worker unpickles its steps in several threads. Two threads that import
modules of one package at the same time can each wait for the other's lock;
Python then gives one of them a module that is imported in part:
`ImportError: cannot import name 'Run' from partially initialized module`.
What is imported already has no lock to wait for.

Our own workers import this themselves. Beam's worker imports it because the
option `beam_plugins` names it (`pipeline/config.py`).
"""

import importlib
import pkgutil

import transforms

LEFT_OUT = ("transforms.yaml", __name__)
"""Modules that need packages of an extra, which no worker of ours needs; and this module."""

for module in pkgutil.walk_packages(transforms.__path__, "transforms."):
    # `__main__` is a program, which would run.
    if not module.name.startswith(LEFT_OUT) and not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
