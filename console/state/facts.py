"""What stands beside a list about its selected row: a title, facts, and the words themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All of it as plain words; foreign ones are made fit for the terminal where they are shown."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    """Labels and values; those without a value are left out."""
    text: str = ""
    """Somebody's own words, with their lines."""
    hint: str = ""
    """What one can do now, or why one can't."""


def moment(at: datetime, now: datetime) -> str:
    """Return a day and a time: `Sun 1 Mar 12:00`, with the year where it is another; in the zone of `now`."""
    at = at.astimezone(now.tzinfo)
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at:%a} {at.day} {at:%b}{year} {at:%H:%M}"
