"""Was it delivered? What the bridge reports about the parts of a batch, and what follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Report = Literal["delivered", "retriable", "permanent"]
PartStatus = Literal["sent", "delivered", "retriable", "permanent"]
Verdict = Literal["unsent", "sent", "delivered", "again", "failed"]

# FAIL_RETRIABLE also marks what lasts, such as a group that the bot may not write to.
_PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)

SILENT_BATCHES = 3
"""So many batches in a row without a word mean that this bridge does not report."""

# As Telethon and as gotd, under the one and the other line of the bridge, put it.
_FLOOD_WAIT = re.compile(r"wait of (\d{1,6}) seconds|_WAIT \((\d{1,6})\)")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One post of a batch as it stands in the room."""

    attempt: int
    status: PartStatus


def judge(part_count: int, attempt: int, parts: Mapping[int, Part]) -> Verdict:
    """Say where a batch stands, by the newest post of each of its parts."""
    statuses = set()
    for number in range(part_count):
        part = parts.get(number)
        if part is None or (part.attempt < attempt and part.status != "delivered"):
            return "unsent"
        statuses.add(part.status)
    if "sent" in statuses:
        return "sent"
    if statuses == {"delivered"}:
        return "delivered"
    return "failed" if "permanent" in statuses or attempt > len(_PAUSES) else "again"


def pause_after(attempt: int, reason: str | None) -> timedelta:
    """Return how long to wait after a failed attempt; as long as Telegram says where it says so."""
    pause = _PAUSES[min(attempt, len(_PAUSES)) - 1]
    told = _FLOOD_WAIT.search(reason or "")
    return max(pause, timedelta(seconds=int(told[1] or told[2]) + 1)) if told else pause
