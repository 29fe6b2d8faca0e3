"""What came in from the rooms: the sync cursor, the events, and which belong to a ticket."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.delivery import Report
from ..domain.model import Batch, Delivered, HeldReply, RoomEvent, Target, role_of
from .arguments import Arguments
from .columns import from_ms, to_ms

_MOST_ASKED = 500
"""Events in one question; the databases take a few thousand arguments."""

_GET_CURSOR = "SELECT next_batch FROM inbox_cursor WHERE id = 1"
_START = "INSERT INTO inbox_cursor (id, next_batch, position) VALUES (1, $1, 0) ON CONFLICT (id) DO NOTHING"
# Compare and set: of two hosts that read the same stretch only one stores it.
_MOVE = """
    UPDATE inbox_cursor SET next_batch = $2, position = position + $3 WHERE id = 1 AND next_batch = $1
    RETURNING position
"""
_ADD_EVENT = """
    INSERT INTO room_event (event_id, position, room_id, sender, type, content, sent_at, outcome)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (event_id) DO NOTHING
"""
_LIST_KNOWN_POSTS = """
    SELECT event_id FROM ticket_event WHERE batch_id IS NOT NULL AND event_id IN ({})
"""
_ADD_REPLACEMENT = """
    INSERT INTO room_replacement (room_id, replacement) VALUES ($1, $2) ON CONFLICT (room_id) DO NOTHING
"""
_GET_REPLACEMENT = "SELECT replacement FROM room_replacement WHERE room_id = $1"
_LIST_WAITING = """
    SELECT event_id, position, room_id, sender, type, content, sent_at FROM room_event
    WHERE outcome IS NULL ORDER BY position LIMIT $1
"""
# The content goes: what matters of it now stands where it belongs, and texts should not lie twice.
_FINISH = (
    "UPDATE room_event SET outcome = $2, content = NULL WHERE event_id = $1 AND outcome IS NULL RETURNING 1"
)
_SET_ASIDE = "UPDATE room_event SET outcome = $2 WHERE event_id = $1"

# Whose it is the batch's row knows: the conversation may have joined another one while it was sent.
_ADD_POST = """
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, sender, batch_id, part, attempt, status,
        direct_id, message_id)
    VALUES ($1, (SELECT customer_id FROM batch WHERE id = $2), $3, $4, $5, $2, $6, $7, 'sent', $8,
        (SELECT message_id FROM outbox WHERE batch_id = $2 AND CAST($4 AS TEXT) = 'reply'))
    ON CONFLICT (event_id) DO NOTHING
"""
_ADD_REPLY = """
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, sender, message_id, direct_id)
    VALUES ($1, $2, $3, 'reply', $4, $5, $6) ON CONFLICT (event_id) DO NOTHING
"""
_ADD_HELD = """
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, sender, direct_id, held_id)
    VALUES ($1, $2, $3, 'held', $4, $5, $6) ON CONFLICT (event_id) DO NOTHING
"""
_ADD_EDIT = """
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, sender, message_id, direct_id)
    SELECT CAST($1 AS TEXT), customer_id, ticket, 'edit', sender, message_id, direct_id
    FROM ticket_event WHERE event_id = $2 ON CONFLICT (event_id) DO NOTHING
"""
# No target: a Reply to a command or a note is talk in the team.
_ADD_TALK = """
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, sender, direct_id)
    VALUES ($1, $2, $3, 'talk', $4, $5) ON CONFLICT (event_id) DO NOTHING
"""
_BECOME_REPLY = (
    "UPDATE ticket_event SET role = 'reply', message_id = $2 WHERE event_id = $1 AND role = 'held'"
)
# A Reply to one of the bot's own answers is talk in the team, and one to an erased customer reaches nobody.
# One in the support room that names an event of a direct room, or the other way round, is about neither.
_GET_TARGET = """
    SELECT e.customer_id, e.ticket, e.message_id, e.batch_id, e.direct_id, e.held_id FROM ticket_event e
    JOIN customer c ON c.id = e.customer_id
    WHERE e.event_id = $1 AND e.role IN ('post', 'reply', 'held') AND COALESCE(e.direct_id, '') = $2
    AND c.erased_at IS NULL
"""
_GET_REPLY = """
    SELECT sender, message_id, direct_id, batch_id FROM ticket_event WHERE event_id = $1 AND role = 'reply'
"""
# What was delivered stays so; a status may come twice, and late.
_REPORT = """
    UPDATE ticket_event SET status = $2, reason = $3, reported_at = $4
    WHERE event_id = $1 AND batch_id IS NOT NULL AND status <> 'delivered' RETURNING batch_id
"""


class InboxRepository:
    """The rooms' events in room order, each handled once."""

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

    async def add_events(self, events: Sequence[RoomEvent], handled: Mapping[str, str]) -> None:
        """Store events to be handled, but those whose outcome is known; a second time they are nothing."""
        rows = [
            (
                event.event_id,
                event.position,
                event.room_id,
                event.sender,
                event.type,
                None if event.event_id in handled else json.dumps(event.content),
                to_ms(event.sent_at),
                handled.get(event.event_id),
            )
            for event in events
        ]
        if rows:
            await self._conn.executemany(_ADD_EVENT, rows)

    async def list_known_posts(self, event_ids: Sequence[str]) -> list[str]:
        """Return which of some events are posts that are known here."""
        known: list[str] = []
        for at in range(0, len(event_ids), _MOST_ASKED):
            arguments = Arguments()
            query = _LIST_KNOWN_POSTS.format(arguments.add_all(event_ids[at : at + _MOST_ASKED]))
            known += [row["event_id"] for row in await self._conn.fetch(query, *arguments.values)]
        return known

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

    async def add_replacement(self, room_id: str, replacement: str) -> None:
        """Remember the room that goes on where this one ended."""
        await self._conn.execute(_ADD_REPLACEMENT, room_id, replacement)

    async def get_replacement(self, room_id: str) -> str | None:
        """Return the room that goes on where this one ended; None for one that lives."""
        replacement: str | None = await self._conn.fetchval(_GET_REPLACEMENT, room_id)
        return replacement

    async def add_post(self, event_id: str, sender: str, batch: Batch, part: int, attempt: int) -> None:
        """Remember that a room event is a part of a batch, so that a reply to it finds the way."""
        await self._conn.execute(
            _ADD_POST,
            event_id,
            batch.id,
            batch.ticket,
            role_of(batch),
            sender,
            part,
            attempt,
            batch.direct_id,
        )

    async def add_reply(self, event_id: str, sender: str, target: Target, message_id: str) -> None:
        """Remember that a room event was delivered to a customer, so that a reply to it goes there too."""
        await self._conn.execute(
            _ADD_REPLY,
            event_id,
            target.customer_id,
            target.ticket,
            sender,
            message_id,
            target.direct_id,
        )

    async def add_held(self, held: HeldReply) -> None:
        """Remember that a room event is held, so that a reply to it finds its ticket."""
        await self._conn.execute(
            _ADD_HELD, held.event_id, held.customer_id, held.ticket, held.sender, held.direct_id, held.id
        )

    async def add_talk(self, event_id: str, sender: str, target: Target) -> None:
        """Remember that a room event is about a ticket and for the team only: a command, or a note."""
        await self._conn.execute(
            _ADD_TALK, event_id, target.customer_id, target.ticket, sender, target.direct_id
        )

    async def add_edit(self, event_id: str, replaces: str) -> None:
        """Remember that a room event repeats a delivered one in other words."""
        await self._conn.execute(_ADD_EDIT, event_id, replaces)

    async def become_reply(self, event_id: str, message_id: str) -> None:
        """Note that what was held is delivered now."""
        await self._conn.execute(_BECOME_REPLY, event_id, message_id)

    async def get_target(self, event_id: str, direct_id: str | None = None) -> Target | None:
        """Return what a reply to this event is about, in the support room or in a direct conversation."""
        row = await self._conn.fetchrow(_GET_TARGET, event_id, direct_id or "")
        if row is None:
            return None
        return Target(
            customer_id=row["customer_id"],
            ticket=row["ticket"],
            message_id=row["message_id"],
            batch_id=row["batch_id"],
            direct_id=row["direct_id"],
            held_id=row["held_id"],
        )

    async def get_reply(self, event_id: str) -> Delivered | None:
        """Return what a delivered reply became."""
        row = await self._conn.fetchrow(_GET_REPLY, event_id)
        if row is None:
            return None
        return Delivered(
            sender=row["sender"],
            message_id=row["message_id"],
            direct_id=row["direct_id"],
            is_copy=row["batch_id"] is not None,
        )

    async def report(self, event_id: str, status: Report, reason: str | None, at: datetime) -> str | None:
        """Note what the bridge says of a post; return its batch, None where there is nothing to note."""
        batch_id: str | None = await self._conn.fetchval(_REPORT, event_id, status, reason, to_ms(at))
        return batch_id
