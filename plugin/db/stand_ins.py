"""Stand-ins: batches that go to the quiet room in the place of those that a block holds."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from mautrix.util.async_db import Connection

from ..domain.model import Batch
from .columns import from_ms

# A statement for every batch, so that one that is held costs no more; for the others nothing stands in.
_ADD = """
    INSERT INTO batch (id, lane, customer_id, room_id, parts, part_count, held, state, attempt, tries,
        device_id, first_tried_at, due_at, lease_owner, lease_until, fence, created_at, direct_id, stands_for)
    SELECT CAST($2 AS TEXT), lane, customer_id, CAST($3 AS TEXT), CAST($4 AS TEXT), part_count, 1, 'open', 1,
        0, device_id, first_tried_at, due_at, lease_owner, lease_until, fence, created_at, direct_id, id
    FROM batch WHERE id = $1 AND held = 1 AND CAST($3 AS TEXT) IS NOT NULL
    RETURNING 1
"""
# Crossed: SQLite would go through all posts to find those of the few batches.
_LIST_WAITING = """
    SELECT e.event_id, b.sent_at FROM batch b CROSS JOIN ticket_event e
    WHERE e.batch_id = b.id AND b.state = 'sent' AND b.stands_for IS NOT NULL AND e.status = 'sent'
    ORDER BY b.sent_at, b.id
"""
_LIST_DELAYS = """
    SELECT confirmed_at - sent_at AS delay FROM batch
    WHERE confirmed_at > 0 AND state = 'delivered' AND direct_id IS NULL AND stands_for IS NULL
    ORDER BY confirmed_at DESC LIMIT $1
"""


class StandInRepository:
    """They are batches like any other, but for where they go."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, batch: Batch, stand_in: Batch) -> bool:
        """Store what goes in the place of a batch that is held, under the same lease; False: nothing does."""
        parts = json.dumps(stand_in.parts)
        return await self._conn.fetchval(_ADD, batch.id, stand_in.id, stand_in.room_id, parts) is not None

    async def list_waiting(self) -> list[tuple[str, datetime]]:
        """Return the posts in the quiet room that wait for a word, each with when it got there."""
        return [(row["event_id"], from_ms(row["sent_at"])) for row in await self._conn.fetch(_LIST_WAITING)]

    async def list_report_delays(self, limit: int) -> list[timedelta]:
        """Return how long the bridge took for the last batches that it delivered."""
        rows = await self._conn.fetch(_LIST_DELAYS, limit)
        return [timedelta(milliseconds=row["delay"]) for row in rows]
