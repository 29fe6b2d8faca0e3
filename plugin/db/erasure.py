"""All that belongs to one customer: given out, and erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mautrix.util.async_db import Connection

from ..domain.model import Ticket
from .columns import to_ms
from .redactions import ROOM
from .search_index import SearchIndex
from .team_events import TeamEventRepository
from .tickets import TICKET, ticket_from_row

_GET_PARTICULARS = "SELECT identity, name, account, email FROM customer WHERE id = $1"
_LIST_TICKETS = f"SELECT {TICKET}, comment FROM ticket WHERE customer_id = $1 ORDER BY number"

_MARK = """
    UPDATE customer SET erased_at = $2, name = NULL, account = NULL, email = NULL
    WHERE id = $1 AND erased_at IS NULL RETURNING 1
"""

# What the bot said to the team: about this customer, or in a list that names the customer's ticket.
_ANSWERS = """
    SELECT o.id FROM outbox o WHERE o.lane = 'answers' AND (o.customer_id = $1 OR EXISTS (
        SELECT 1 FROM ticket t
        WHERE t.customer_id = $1 AND o.customer_id IS NULL AND o.text LIKE '%#' || t.number || ' %'
    ))
    UNION SELECT o.id FROM direct d JOIN outbox o ON o.lane = 'direct answers:' || d.id
    WHERE d.customer_id = $1
"""
_BATCHES = f"""
    SELECT o.batch_id FROM outbox o JOIN message m ON m.id = o.message_id WHERE m.customer_id = $1
    UNION SELECT o.batch_id FROM outbox o WHERE o.id IN ({_ANSWERS})
    UNION SELECT e.batch_id FROM ticket_event e WHERE e.customer_id = $1
    UNION SELECT b.id FROM ticket t JOIN batch b ON b.lane = 'mark:' || t.number WHERE t.customer_id = $1
"""
# A reply of the team's stands where the posts of its ticket do.
_ROOM_OF_TICKET = "(SELECT l.room_id FROM batch l WHERE l.ticket = {0}.ticket ORDER BY l.id DESC LIMIT 1)"
_REDACT = f"""
    INSERT INTO redaction (event_id, room_id, round, tries, due_at, created_at)
    SELECT event_id, room_id, 1, 0, CAST($2 AS BIGINT), CAST($2 AS BIGINT) FROM (
        SELECT e.event_id, {ROOM} AS room_id
        FROM ticket_event e JOIN batch b ON b.id = e.batch_id LEFT JOIN direct d ON d.id = e.direct_id
        LEFT JOIN room_event r ON r.event_id = e.event_id
        WHERE e.batch_id IN ({_BATCHES})
        UNION
        SELECT e.event_id, COALESCE(d.room_id, r.room_id, {_ROOM_OF_TICKET.format("e")})
        FROM ticket_event e LEFT JOIN direct d ON d.id = e.direct_id
        LEFT JOIN room_event r ON r.event_id = e.event_id
        WHERE e.customer_id = $1 AND e.batch_id IS NULL
        UNION
        SELECT s.event_id, COALESCE(r.room_id, {_ROOM_OF_TICKET.format("s")})
        FROM ticket t JOIN stranger_reply s ON s.ticket = t.number
        LEFT JOIN room_event r ON r.event_id = s.event_id
        WHERE t.customer_id = $1
        UNION
        SELECT c.event_id, COALESCE(r.room_id, {_ROOM_OF_TICKET.format("e")})
        FROM ticket_event e JOIN early_change c ON c.target = e.event_id
        LEFT JOIN room_event r ON r.event_id = c.event_id
        WHERE e.customer_id = $1 AND c.text IS NOT NULL
    ) AS theirs
    WHERE room_id IS NOT NULL ON CONFLICT (event_id) DO NOTHING
"""
_OWN_EVENTS = "SELECT event_id FROM ticket_event WHERE customer_id = $1"

# In this order: the batches are found by the rows that are emptied after them. $2 is the time.
_BLANK = (
    f"""UPDATE batch SET state = 'dropped', parts = '[]', heading = NULL, error = NULL, fence = fence + 1,
            lease_until = 0
        WHERE id IN ({_BATCHES})""",
    f"DELETE FROM outbox WHERE batch_id IS NULL AND (customer_id = $1 OR id IN ({_ANSWERS}))",
    f"UPDATE outbox SET text = '' WHERE id IN ({_ANSWERS})",
    f"DELETE FROM early_change WHERE target IN ({_OWN_EVENTS})",
    f"""UPDATE room_event SET content = NULL
        WHERE content IS NOT NULL AND outcome IS NOT NULL AND event_id IN ({_OWN_EVENTS})""",
    """UPDATE stranger_reply SET text = ''
       WHERE ticket IN (SELECT number FROM ticket WHERE customer_id = $1)""",
    "UPDATE note SET text = '' WHERE customer_id = $1",
    "UPDATE held_reply SET text = '' WHERE customer_id = $1",
    "DELETE FROM challenge WHERE session_id IN (SELECT id FROM session WHERE customer_id = $1)",
)
_BLANK_AT = (
    """UPDATE message SET text = '', deleted_at = COALESCE(deleted_at, $2),
           author_name = CASE WHEN author_kind = 'customer' THEN NULL ELSE author_name END
       WHERE customer_id = $1""",
    """UPDATE ticket SET comment = NULL, status = 'closed', closed_at = COALESCE(closed_at, $2),
           waiting = NULL, waiting_since = NULL, tags = '[]'
       WHERE customer_id = $1""",
    """UPDATE session SET ended_at = COALESCE(ended_at, $2), page_url = NULL, locale = NULL,
           address_hash = NULL
       WHERE customer_id = $1""",
)

_DROP_HELD = """
    UPDATE held_reply SET state = 'dropped', decided_at = $2 WHERE customer_id = $1 AND state = 'held'
    RETURNING id, ticket, direct_id, moderator_id
"""


class ErasureRepository:
    """What a customer may have, and may have forgotten."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def get_particulars(self, customer_id: str) -> Mapping[str, Any]:
        """Return what is known of the customer beside the conversation: identity, name, account, email."""
        (row,) = await self._conn.fetch(_GET_PARTICULARS, customer_id)
        return {name: row[name] for name in ("identity", "name", "account", "email")}

    async def list_tickets(self, customer_id: str) -> list[tuple[Ticket, str | None]]:
        """Return the customer's tickets, each with what was said with its rating."""
        return [
            (ticket_from_row(row), row["comment"])
            for row in await self._conn.fetch(_LIST_TICKETS, customer_id)
        ]

    async def erase_customer(self, customer_id: str, at: datetime) -> bool:
        """Forget who the customer is, and free the identity; False where that was done before."""
        return await self._conn.fetchval(_MARK, customer_id, to_ms(at)) is not None

    async def redact_all(self, customer_id: str, at: datetime) -> None:
        """Let everything in the rooms be redacted that is by the customer or was said to them."""
        await self._conn.execute(_REDACT, customer_id, to_ms(at))

    async def blank_all(self, customer_id: str, at: datetime) -> None:
        """Forget every text by, to and about the customer, and end the sessions.

        The rows stay with their ids and times: numbers are not given out twice, and the audit log names them.
        """
        for statement in _BLANK:
            await self._conn.execute(statement, customer_id)
        for statement in _BLANK_AT:
            await self._conn.execute(statement, customer_id, to_ms(at))
        await SearchIndex(self._conn).remove_customer(customer_id)
        for row in await self._conn.fetch(_DROP_HELD, customer_id, to_ms(at)):
            self._events.note(
                "reply.dropped",
                ticket=row["ticket"],
                object_id=row["id"],
                moderator_id=row["moderator_id"] if row["direct_id"] else None,
            )
        for row in await self._conn.fetch(_LIST_TICKETS, customer_id):
            self._events.note("ticket.updated", ticket=row["number"])
