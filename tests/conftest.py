"""Settings of all tests: the fast ones by mark, and hypothesis without deadlines and chance."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

SLOW = frozenset((Path(__file__).with_name("slow.txt")).read_text(encoding="utf-8").split())
"""Test files, and tests as FILE::NAME, that take more than a few seconds: whole runs, engines, servers, corpora."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that slow.txt names, or whose file it names; `make test-fast` leaves them out."""
    for item in items:
        test = f"{item.path.name}::{item.name.partition('[')[0]}"
        if not SLOW.isdisjoint((item.path.name, test)):
            item.add_marker(pytest.mark.slow)
