"""What came in from the support room: the sync cursor, the events, and which belong to a ticket."""

from __future__ import annotations

import json

from mautrix.util.async_db import Connection

from ..domain.model import ANSWERS, Batch, RoomEvent, Target
from .columns import from_ms, to_ms

_GET_CURSOR = "SELECT next_batch FROM inbox_cursor WHERE id = 1"
_START = "INSERT INTO inbox_cursor (id, next_batch, position) VALUES (1, $1, 0) ON CONFLICT (id) DO NOTHING"
# Compare and set: of two hosts that read the same stretch only one stores it.
_MOVE = """
    UPDATE inbox_cursor SET next_batch = $2, position = position + $3 WHERE id = 1 AND next_batch = $1
    RETURNING position
"""
_ADD_EVENT = """
    INSERT INTO room_event (event_id, position, room_id, sender, type, content, sent_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_id) DO NOTHING
"""
_LIST_WAITING = """
    SELECT event_id, position, room_id, sender, type, content, sent_at FROM room_event
    WHERE outcome IS NULL ORDER BY position LIMIT $1
"""
# The content goes: what matters of it now stands where it belongs, and texts should not lie twice.
_FINISH = (
    "UPDATE room_event SET outcome = $2, content = NULL WHERE event_id = $1 AND outcome IS NULL RETURNING 1"
)
_SET_ASIDE = "UPDATE room_event SET outcome = $2 WHERE event_id = $1"

_ADD_TICKET_EVENT = """
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, batch_id, part, message_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_id) DO NOTHING
"""
# A Reply to one of the bot's own answers is talk in the team.
_GET_TARGET = (
    "SELECT customer_id, ticket, message_id FROM ticket_event WHERE event_id = $1 AND role <> 'answer'"
)
_LIST_PARTS = "SELECT part FROM ticket_event WHERE batch_id = $1"


class InboxRepository:
    """The room's events in room order, each handled once."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def get_cursor(self) -> str | None:
        """Return the sync token up to which everything is stored; None before the first start."""
        token: str | None = await self._conn.fetchval(_GET_CURSOR)
        return token

    async def start_at(self, next_batch: str) -> None:
        """Begin at a sync token."""
        await self._conn.execute(_START, next_batch)

    async def move_cursor(self, since: str, next_batch: str, events: int) -> int | None:
        """Move on from `since`; return the position before the first event, None if it moved already."""
        position = await self._conn.fetchval(_MOVE, since, next_batch, events)
        return None if position is None else int(position) - events

    async def add_event(self, event: RoomEvent) -> None:
        """Store an event to be handled; a second time it is nothing."""
        await self._conn.execute(
            _ADD_EVENT,
            event.event_id,
            event.position,
            event.room_id,
            event.sender,
            event.type,
            json.dumps(event.content),
            to_ms(event.sent_at),
        )

    async def list_waiting(self, limit: int) -> list[RoomEvent]:
        """Return the events that are not handled yet, in room order."""
        return [
            RoomEvent(
                position=row["position"],
                event_id=row["event_id"],
                room_id=row["room_id"],
                sender=row["sender"],
                type=row["type"],
                content=json.loads(row["content"]),
                sent_at=from_ms(row["sent_at"]),
            )
            for row in await self._conn.fetch(_LIST_WAITING, limit)
        ]

    async def finish(self, event_id: str, outcome: str) -> bool:
        """Mark an event as handled; False where another host was first."""
        return await self._conn.fetchval(_FINISH, event_id, outcome) is not None

    async def set_aside(self, event_id: str, outcome: str) -> None:
        """Mark an event as one that can't be handled, and keep its content."""
        await self._conn.execute(_SET_ASIDE, event_id, outcome)

    async def add_post(self, event_id: str, batch: Batch, part: int) -> None:
        """Remember that a room event is a part of a batch, so that a reply to it finds the way."""
        role = "answer" if batch.lane == ANSWERS else "post"
        await self._conn.execute(
            _ADD_TICKET_EVENT, event_id, batch.customer_id, batch.ticket, role, batch.id, part, None
        )

    async def add_reply(self, event_id: str, target: Target, message_id: str) -> None:
        """Remember that a room event was delivered to a customer, so that a reply to it goes there too."""
        await self._conn.execute(
            _ADD_TICKET_EVENT, event_id, target.customer_id, target.ticket, "reply", None, None, message_id
        )

    async def list_parts(self, batch_id: str) -> set[int]:
        """Return which parts of a batch are known to be in the room."""
        return {row["part"] for row in await self._conn.fetch(_LIST_PARTS, batch_id)}

    async def get_target(self, event_id: str) -> Target | None:
        """Return what a reply to this event is about."""
        row = await self._conn.fetchrow(_GET_TARGET, event_id)
        return (
            None
            if row is None
            else Target(customer_id=row["customer_id"], ticket=row["ticket"], message_id=row["message_id"])
        )
