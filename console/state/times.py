"""Times in few characters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

Warmth = Literal["fresh", "warm", "hot"]

WARM = timedelta(minutes=15)
HOT = timedelta(hours=1)

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def length(span: timedelta) -> str:
    """Return a length in its largest unit, such as `45 min`, `3 h` or `12 d`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now"


def warmth(since: datetime, now: datetime) -> Warmth:
    """Return how urgent somebody's waiting has become."""
    waited = now - since
    if waited >= HOT:
        return "hot"
    return "warm" if waited >= WARM else "fresh"


def moment(at: datetime, now: datetime) -> str:
    """Return when something was: the time of today, else the day; in the time zone of `now`."""
    at = at.astimezone(now.tzinfo)
    if at.date() == now.date():
        return at.strftime("%H:%M")
    if at.year == now.year:
        return f"{at.day} {at.strftime('%b')}"
    return at.strftime("%b %Y")


def day(at: datetime, now: datetime) -> str:
    """Return a day as a line between messages names it."""
    at = at.astimezone(now.tzinfo)
    days = (now.date() - at.date()).days
    name = f"{at.strftime('%A')}, {at.day} {at.strftime('%B %Y')}"
    return {0: f"Today, {name}", 1: f"Yesterday, {name}"}.get(days, name)
