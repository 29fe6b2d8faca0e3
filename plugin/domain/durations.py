"""Lengths of time as people write them: `30m`, `2h`, `3d`, `1w`, and sums such as `1d12h`."""

from __future__ import annotations

import re
from datetime import timedelta

EXAMPLES = "30m, 2h, 3d, 1w or 1d12h"

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST_SECONDS = 100 * 365 * 86400
"""A hundred years; past that the calendar ends."""

_SUM = re.compile(r"(?:\d{1,6}[smhdw])+", re.IGNORECASE | re.ASCII)
_TERM = re.compile(r"(\d+)([smhdw])", re.IGNORECASE | re.ASCII)


def parse_duration(text: str) -> timedelta | None:
    """Return the length that `text` means, or None where it means none."""
    if not _SUM.fullmatch(text):
        return None
    seconds = sum(int(n) * _UNITS[unit.lower()] for n, unit in _TERM.findall(text))
    return timedelta(seconds=seconds) if seconds <= _LONGEST_SECONDS else None


def format_duration(length: timedelta) -> str:
    """Return `length` in the same notation, exact to the second: `1d12h`."""
    seconds, words = int(length.total_seconds()), []
    for unit in ("w", "d", "h", "m", "s"):
        count, seconds = divmod(seconds, _UNITS[unit])
        if count:
            words.append(f"{count}{unit}")
    return "".join(words) or "0s"
