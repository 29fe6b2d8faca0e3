"""Lengths of time: what a moderator types for a block, and how long something is, in few characters."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

EXAMPLES = "30m, 2h, 3d, 1w or 1d12h"

_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_SUM = re.compile(r"(?:\d{1,6}[smhdw])+", re.IGNORECASE | re.ASCII)
_TERM = re.compile(r"(\d+)([smhdw])", re.IGNORECASE | re.ASCII)


def parse_length(text: str) -> timedelta | None:
    """Return the length that `text` means, or None where it means none."""
    text = text.strip()
    if not _SUM.fullmatch(text):
        return None
    return timedelta(seconds=sum(int(count) * _SECONDS[unit.lower()] for count, unit in _TERM.findall(text)))


def format_length(length: timedelta, *, parts: int = 2) -> str:
    """Return a length in its `parts` largest units, cut off, not rounded: `2d 4h`, `59m 12s`."""
    seconds = max(0, int(length.total_seconds()))
    words: list[str] = []
    # Weeks are for typing; "17d" says more than "2w 3d".
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _SECONDS[unit])
        if count or (words and seconds):
            words.append(f"{count}{unit}")
        if words and len(words) == parts:
            break
    return " ".join(word for word in words if not word.startswith("0")) or "0s"


def end_after(now: datetime, length: timedelta) -> datetime | None:
    """Return when something of a length ends, or None past the end of the calendar."""
    try:
        return now + length
    except OverflowError:
        return None
