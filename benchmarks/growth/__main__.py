"""Print the growth table: each pattern and step with its worst input, at n and at ten times n.

python -m benchmarks.growth > growth.md
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.growth.clock import Measured, measure, seconds
from benchmarks.growth.patterns import all_patterns
from benchmarks.growth.steps import all_steps
from benchmarks.growth.triggers import Trigger, triggers

Make = Callable[[Trigger, int], Any]


def worst(
    call: Callable[[Any], object], make: Make, tried: Iterable[Trigger], longest: int
) -> tuple[Measured, Trigger, int]:
    """Return the measure of the trigger that takes the longest, with that trigger and how many were tried."""
    slowest, most, count = None, -1.0, 0
    for trigger in tried:
        count += 1
        taken = seconds(call, make(trigger, longest))
        if taken > most:
            slowest, most = trigger, taken
    if slowest is None:
        raise ValueError("triggers: got none; expected at least one")
    chosen = slowest
    return measure(call, lambda length: make(chosen, length), longest), chosen, count


def row(name: str, found: tuple[Measured, Trigger, int], longest: int) -> str:
    """Return one line of the table."""
    measured, trigger, count = found
    each = 1e6 / (measured.length * 10)
    unit = repr(trigger.unit)[1:-1][:24].replace("|", "&#124;").replace("`", "'")
    growth = f"{measured.growth:.1f}" if measured.long >= 0.02 else "-"
    times = f"{measured.short * each:.2f} | {measured.long * each:.2f}"
    return f"| {name} | {count} | `{unit}` | {longest:,} | {times} | {growth} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table as markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pattern-characters", type=int, default=100_000)
    parser.add_argument("--only", choices=("patterns", "steps"))
    options = parser.parse_args(arguments)
    print("| pattern or step | inputs | slowest repeat | n x 10 | us/char at n | at n x 10 | growth |")
    print("|---|---:|---|---:|---:|---:|---:|")
    if options.only != "steps":
        for pattern in all_patterns():
            longest = min(pattern.longest or options.pattern_characters, options.pattern_characters)
            name = f"`{pattern.name.removeprefix('transforms.')}`".replace("|", "&#124;")
            print(row(name, worst(pattern.call, pattern.text, triggers(pattern.pattern), longest), longest), flush=True)
    if options.only != "patterns":
        for step in all_steps():
            found = worst(step.call, Trigger.text, step.triggers(), step.longest)
            print(row(step.name.replace("|", "&#124;"), found, step.longest), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
