"""How many posts the group may be sent now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)


def free_posts(per_minute: int, sent: Sequence[tuple[datetime, int]], under_way: int) -> int:
    """Return how many posts fit into the minute that ends now; `sent` are the times and sizes within it."""
    return max(per_minute - under_way - sum(count for _, count in sent), 0)


def next_free_at(sent: Sequence[tuple[datetime, int]]) -> datetime | None:
    """Return when the oldest post leaves the minute."""
    return sent[0][0] + WINDOW if sent else None
