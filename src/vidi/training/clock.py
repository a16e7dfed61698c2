"""How long a stopped run had trained."""

import json
from pathlib import Path


def spent(run: Path) -> float:
    """Seconds of training that the run's history records, over all its stages; 0 without a history."""
    path = run / "history.jsonl"
    if not path.exists():
        return 0.0
    seconds: dict[str, float] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # the line that was being written at the kill
            continue
        if "seconds" in entry:
            seconds[entry["stage"]] = max(seconds.get(entry["stage"], 0.0), float(entry["seconds"]))
    return sum(seconds.values())
