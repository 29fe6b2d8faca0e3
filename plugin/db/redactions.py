"""Events that are to be taken out of their rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mautrix.util.async_db import Connection

from .columns import from_ms_or_none, to_ms

_ADD = """
    INSERT INTO redaction (event_id, room_id, round, tries, due_at, created_at) VALUES ($1, $2, 1, 0, $3, $3)
    ON CONFLICT (event_id) DO NOTHING
"""
_ADVANCE = """
    INSERT INTO redaction (event_id, room_id, round, tries, due_at, created_at) VALUES ($1, $2, 1, 0, $3, $3)
    ON CONFLICT (event_id) DO UPDATE SET due_at = excluded.due_at
    WHERE redaction.due_at > excluded.due_at
"""
# A direct batch has no room of its own, but for a stand-in; the inbox has seen in which one its post is.
ROOM = "COALESCE(r.room_id, CASE WHEN b.stands_for IS NULL THEN d.room_id END, NULLIF(b.room_id, ''))"
_ADD_BATCH = f"""
    INSERT INTO redaction (event_id, room_id, round, tries, due_at, created_at)
    SELECT e.event_id, {ROOM}, 1, 0, CAST($2 AS BIGINT), CAST($2 AS BIGINT)
    FROM ticket_event e JOIN batch b ON b.id = e.batch_id LEFT JOIN direct d ON d.id = e.direct_id
    LEFT JOIN room_event r ON r.event_id = e.event_id
    WHERE e.batch_id IN (SELECT s.id FROM batch s WHERE s.id = $1 OR s.stands_for = $1)
    AND {ROOM} IS NOT NULL
    ON CONFLICT (event_id) DO NOTHING
"""
_LIST_DUE = """
    SELECT event_id, room_id, round, tries FROM redaction
    WHERE done_at IS NULL AND due_at <= $1 ORDER BY due_at, created_at LIMIT $2
"""
_NEXT_DUE = "SELECT MIN(due_at) FROM redaction WHERE done_at IS NULL"
# With its round: one that became due again while it was carried out stays so.
_FINISH = "UPDATE redaction SET done_at = $3, error = $4 WHERE event_id = $1 AND round = $2"
_PUT_OFF = """
    UPDATE redaction SET due_at = $3, tries = tries + $5, error = $4 WHERE event_id = $1 AND round = $2
"""
_REPEAT = """
    UPDATE redaction SET round = round + 1, tries = 0, due_at = $2, done_at = NULL
    WHERE event_id = $1 RETURNING 1
"""
_COUNT = """
    SELECT (SELECT COUNT(*) FROM redaction WHERE done_at IS NULL) AS waiting,
        (SELECT COUNT(*) FROM redaction WHERE done_at IS NOT NULL AND error IS NOT NULL) AS refused
"""


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """An event to be taken out of its room."""

    event_id: str
    room_id: str
    round: int
    """Rises when it has to be done once more; a part of the transaction id."""
    tries: int
    """How often the homeserver has refused it in this round."""


class RedactionRepository:
    """What is to be redacted, and what became of it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, event_id: str, room_id: str, at: datetime) -> None:
        """Let an event be redacted; a second time it is nothing."""
        await self._conn.execute(_ADD, event_id, room_id, to_ms(at))

    async def advance(self, event_id: str, room_id: str, at: datetime) -> None:
        """Let an event be redacted at a time, which may be earlier than was said before."""
        await self._conn.execute(_ADVANCE, event_id, room_id, to_ms(at))

    async def add_batch(self, batch_id: str, at: datetime) -> None:
        """Let all that is known to be in the room of a batch be redacted."""
        await self._conn.execute(_ADD_BATCH, batch_id, to_ms(at))

    async def list_due(self, now: datetime, limit: int) -> list[Redaction]:
        """Return what is to be done now."""
        return [
            Redaction(
                event_id=row["event_id"], room_id=row["room_id"], round=row["round"], tries=row["tries"]
            )
            for row in await self._conn.fetch(_LIST_DUE, to_ms(now), limit)
        ]

    async def get_next_due(self) -> datetime | None:
        """Return when there is something to be done next."""
        return from_ms_or_none(await self._conn.fetchval(_NEXT_DUE))

    async def finish(self, redaction: Redaction, at: datetime, error: str | None = None) -> None:
        """Note that it is done, or with an `error` that it is given up."""
        await self._conn.execute(_FINISH, redaction.event_id, redaction.round, to_ms(at), error)

    async def put_off(self, redaction: Redaction, until: datetime, error: str, *, refused: bool) -> None:
        """Note that it was refused, or that nobody answered, to be tried again at `until`."""
        await self._conn.execute(
            _PUT_OFF, redaction.event_id, redaction.round, to_ms(until), error, int(refused)
        )

    async def repeat(self, event_id: str, at: datetime) -> bool:
        """Let a redaction be done once more; False where this event has none."""
        return await self._conn.fetchval(_REPEAT, event_id, to_ms(at)) is not None

    async def count(self) -> tuple[int, int]:
        """Return how many wait, and how many were given up."""
        (row,) = await self._conn.fetch(_COUNT)
        return int(row["waiting"]), int(row["refused"])
