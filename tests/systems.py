"""The configuration under which whole systems are tested, wherever their tests lie."""

from __future__ import annotations

from typing import Any

UNPACED: dict[str, Any] = {
    "relay": {"per_minute": 0, "join_within": "0s"},
    "limits": {"messages_per_minute": 10_000, "sessions_per_hour": 10_000},
}
"""No pacing and no limits in the way of a burst; what they do is tested where the clock is pinned."""
