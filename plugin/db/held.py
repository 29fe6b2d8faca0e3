"""What moderators wrote and what was not sent, because it asks for a secret or holds one."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from mautrix.util.async_db import Connection

from ..domain.model import HeldReply
from .columns import Row, from_ms, to_ms
from .team_events import TeamEventRepository, TeamEventType

_HELD = (
    "id, event_id, sender, moderator_id, customer_id, ticket, direct_id, reply_to, edits, text, state,"
    " created_at"
)
_ADD = f"""
    INSERT INTO held_reply ({_HELD}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_GET = f"SELECT {_HELD} FROM held_reply WHERE id = $1"
_GET_BY_EVENT = f"SELECT {_HELD} FROM held_reply WHERE event_id = $1"
_GET_LAST_EDIT_OF = f"SELECT {_HELD} FROM held_reply WHERE edits = $1 ORDER BY id DESC LIMIT 1"
_SET_TEXT = "UPDATE held_reply SET text = $2, created_at = $3 WHERE id = $1 AND state = 'held'"
_DECIDE = """
    UPDATE held_reply SET state = $2, decided_by = $3, decided_at = $4
    WHERE id = $1 AND state = 'held' RETURNING 1
"""


def _from_row(row: Row) -> HeldReply:
    return HeldReply(
        id=row["id"],
        event_id=row["event_id"],
        sender=row["sender"],
        moderator_id=row["moderator_id"],
        customer_id=row["customer_id"],
        ticket=row["ticket"],
        direct_id=row["direct_id"],
        reply_to=row["reply_to"],
        edits=row["edits"],
        text=row["text"],
        state=row["state"],
        written_at=from_ms(row["created_at"]),
    )


class HeldReplyRepository:
    """States: `held`, then `released` or `dropped`."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def add(self, held: HeldReply) -> None:
        """Store a reply, or an edit of one, that is not to be sent as it is."""
        await self._conn.execute(
            _ADD,
            held.id,
            held.event_id,
            held.sender,
            held.moderator_id,
            held.customer_id,
            held.ticket,
            held.direct_id,
            held.reply_to,
            held.edits,
            held.text,
            held.state,
            to_ms(held.written_at),
        )
        self._note("reply.held", held)

    async def get(self, held_id: str) -> HeldReply | None:
        """Return the held reply, decided or not."""
        row = await self._conn.fetchrow(_GET, held_id)
        return None if row is None else _from_row(row)

    async def get_by_event(self, event_id: str) -> HeldReply | None:
        """Return what an event of the room said, decided or not."""
        row = await self._conn.fetchrow(_GET_BY_EVENT, event_id)
        return None if row is None else _from_row(row)

    async def get_last_edit_of(self, message_id: str) -> HeldReply | None:
        """Return the newest edit of a delivered message that is held or was."""
        row = await self._conn.fetchrow(_GET_LAST_EDIT_OF, message_id)
        return None if row is None else _from_row(row)

    async def set_text(self, held: HeldReply, text: str, at: datetime) -> None:
        """Give a held reply another text."""
        await self._conn.execute(_SET_TEXT, held.id, text, to_ms(at))
        self._note("reply.held", held)

    async def decide(
        self, held: HeldReply, state: Literal["released", "dropped"], by_id: str, at: datetime
    ) -> bool:
        """Let it be `released` or `dropped`; False where that is decided already."""
        decided = await self._conn.fetchval(_DECIDE, held.id, state, by_id, to_ms(at)) is not None
        if decided:
            self._note("reply.released" if state == "released" else "reply.dropped", held)
        return decided

    def _note(self, event_type: TeamEventType, held: HeldReply) -> None:
        """Tell the team; of what was said in private, the one who said it."""
        self._events.note(
            event_type,
            ticket=held.ticket,
            object_id=held.id,
            moderator_id=held.moderator_id if held.direct_id else None,
        )
