"""The real time of day."""

from __future__ import annotations

from datetime import datetime, timezone


class SystemClock:
    """The clock of this machine, cut to the milliseconds that are stored."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        now = datetime.now(timezone.utc)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
