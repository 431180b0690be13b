"""What has been reached and must not be lost: `floors.json`. Raise a floor when a figure rises; lower one never."""

import json
from pathlib import Path

FLOORS: dict[str, float] = json.loads(Path(__file__).with_name("floors.json").read_text())


def check_floor(name: str, measured: float) -> None:
    """Fails if a figure has fallen below its floor."""
    assert measured >= FLOORS[name], f"{name}: {measured:.4f} is below its floor {FLOORS[name]}"
