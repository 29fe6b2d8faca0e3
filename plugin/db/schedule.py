"""What is planned for a time, over all tables, and what time it was when somebody last looked."""

from __future__ import annotations

from datetime import datetime, timedelta

from mautrix.util.async_db import Connection

from .columns import from_ms_or_none, to_ms

_GET_SEEN = "SELECT value FROM counter WHERE name = $1"
_NOTE_SEEN = """
    INSERT INTO counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
# The age of a transaction id is not known any more: at its next try the room is asked first.
_SET_BACK = (
    "UPDATE batch SET due_at = due_at - $2 WHERE state = 'open' AND due_at > $1",
    "UPDATE batch SET lease_until = lease_until - $2 WHERE state = 'open' AND lease_until > $1",
    "UPDATE batch SET first_tried_at = 0 WHERE state = 'open' AND first_tried_at > $1 AND $2 > 0",
    "UPDATE batch SET sent_at = sent_at - $2 WHERE state = 'sent' AND sent_at > $1",
    "UPDATE redaction SET due_at = due_at - $2 WHERE done_at IS NULL AND due_at > $1",
)


class ScheduleRepository:
    """The times that something waits for; what was, and when a block ends, is no plan."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def get_seen(self, host: str) -> datetime | None:
        """Return what time it was by a host's clock when it looked last."""
        return from_ms_or_none(await self._conn.fetchval(_GET_SEEN, _counter(host)))

    async def note_seen(self, host: str, now: datetime) -> None:
        """Note what time it is by a host's clock."""
        await self._conn.execute(_NOTE_SEEN, _counter(host), to_ms(now))

    async def set_back(self, now: datetime, by: timedelta) -> None:
        """Plan all that is to come earlier by what the clock was set back."""
        for statement in _SET_BACK:
            await self._conn.execute(statement, to_ms(now), by // timedelta(milliseconds=1))


def _counter(host: str) -> str:
    return f"clock of {host}"
