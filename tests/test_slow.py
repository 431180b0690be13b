"""The list of slow tests names only what is there, so that a rename does not make `make test-fast` slow."""

from pathlib import Path

import pytest

from tests.conftest import SLOW

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", sorted(SLOW))
def test_a_slow_test_is_there(name: str):
    file, _, test = name.partition("::")
    assert f"def {test}" in (HERE / file).read_text(encoding="utf-8")
