"""numpy is told of wide vectors where the processor has them, and only there."""

import os
import subprocess
import sys

import pytest

from pipeline import processor

WIDE = "fpu sse2 avx2 avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("flags", "given", "told"),
    [
        (WIDE, None, "SKYLAKEX"),
        (WIDE, "HASWELL", "HASWELL"),
        ("fpu sse2 avx2 avx512f", None, None),
        (None, None, None),
    ],
)
def test_what_numpy_is_told(tmp_path, monkeypatch, flags, given, told):
    monkeypatch.setattr(processor.platform, "machine", lambda: "x86_64")
    monkeypatch.delenv(processor.VARIABLE, raising=False)
    if given:
        monkeypatch.setenv(processor.VARIABLE, given)
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:
        cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\nprocessor\t: 1\nflags\t\t: other\n")
    processor.prefer_wide_vectors(cpuinfo)
    assert os.environ.get(processor.VARIABLE) == told


def test_it_is_said_before_numpy_is_loaded():
    code = "import sys, pipeline.processor; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
