"""CPU and memory limits for the work on one article, enforced by the kernel in a child process.

No thread can interrupt compiled code that holds the interpreter's lock, as
spaCy's does. So the work on articles is done in child processes, and the kernel
ends a child that exceeds its limits. Only the article that caused it is lost,
and it becomes a failure row.
"""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.limits.budget import Budget
    from transforms.limits.guard import Guard, Task
else:
    __getattr__ = on_demand(__name__)

__all__ = ["Budget", "Guard", "Task"]
