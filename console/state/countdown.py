"""When a block ends, as a moderator reads it, and when that text changes next."""

from __future__ import annotations

from datetime import datetime, timedelta

from .lengths import format_length

SOON = timedelta(hours=1)
"""A block that ends within it is shown to the second."""


def time_left(expires_at: datetime | None, lifted_at: datetime | None, now: datetime) -> str:
    """Return what is left of a block: `2d 4h`, `59m 12s`, `until lifted`, `ended`, `lifted`."""
    if lifted_at is not None and (expires_at is None or lifted_at < expires_at):
        return "lifted"
    if expires_at is None:
        return "until lifted"
    if expires_at <= now:
        return "ended"
    return format_length(expires_at - now)


def next_change(expires_at: datetime | None, now: datetime) -> timedelta | None:
    """Return how long `time_left` stays what it is, or None where it stays for good."""
    if expires_at is None or expires_at <= now:
        return None
    left = expires_at - now
    step = timedelta(seconds=1) if left <= SOON + timedelta(minutes=1) else timedelta(minutes=1)
    if left >= timedelta(days=1, hours=1):
        step = timedelta(hours=1)
    return left % step + timedelta(microseconds=1)
