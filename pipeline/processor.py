"""What the processor can do, told to numpy before it is loaded.

OpenBLAS, which multiplies numpy's matrices, chooses its code by the name of the
processor and takes the code of 2013 for one that it has not heard of, such as
AMD's of 2024 under a hypervisor. The model is a quarter slower then. What the
processor can do is written in its flags, so that is what is gone by. This
module imports nothing that imports numpy.
"""

import contextlib
import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
WIDE = frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})
"""All that OpenBLAS's code for AVX-512 uses."""
VARIABLE = "OPENBLAS_CORETYPE"


def prefer_wide_vectors(cpuinfo: Path = CPUINFO) -> None:
    """Has OpenBLAS use AVX-512 where the processor has it, unless the environment says what it is to use."""
    if platform.machine() == "x86_64" and flags(cpuinfo) >= WIDE:
        os.environ.setdefault(VARIABLE, "SKYLAKEX")


def flags(cpuinfo: Path) -> frozenset[str]:
    """The flags of the first processor, as Linux lists them; none where it does not."""
    with contextlib.suppress(OSError), cpuinfo.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("flags"):
                return frozenset(line.partition(":")[2].split())
    return frozenset()
