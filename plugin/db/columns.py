"""Rows and times as the database has them: milliseconds since the epoch."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

Row = Any
"""sqlite3.Row or asyncpg.Record: all they share is `row["column"]`."""

AFTER_ALL_IDS = "z"
"""Where a list begins whose newest ids come first."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_ms(at: datetime) -> int:
    """Return `at`, an aware time, in milliseconds since the epoch."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """Return the time that is `ms` milliseconds after the epoch, in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def from_ms_or_none(ms: int | None) -> datetime | None:
    """Return the time for a column that may be empty."""
    return None if ms is None else from_ms(ms)
