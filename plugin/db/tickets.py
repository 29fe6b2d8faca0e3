"""Tickets, by number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.model import Ticket
from .columns import Row, from_ms, from_ms_or_none, to_ms
from .team_events import TeamEventRepository
from .waiting import find_turn

TICKET = "number, customer_id, status, opened_at, active_at, closed_at, assignee, score"

_NEXT_NUMBER = "UPDATE counter SET value = value + 1 WHERE name = 'ticket' RETURNING value"
_ADD = f"INSERT INTO ticket ({TICKET}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
_SET_CURRENT = "UPDATE customer SET ticket = $2 WHERE id = $1"
_GET = f"SELECT {TICKET} FROM ticket WHERE number = $1"
# Nobody waits in a closed ticket.
_UPDATE = """
    UPDATE ticket SET status = $2, active_at = $3, closed_at = $4, assignee = $5, score = $6,
        waiting = CASE CAST($2 AS TEXT) WHEN 'open' THEN waiting END,
        waiting_since = CASE CAST($2 AS TEXT) WHEN 'open' THEN waiting_since END
    WHERE number = $1
"""
_SET_COMMENT = "UPDATE ticket SET comment = $2 WHERE number = $1"
_SET_MARKED = "UPDATE ticket SET marked = $2 WHERE number = $1"
_GET_MARKED = "SELECT marked FROM ticket WHERE number = $1"
_LIST_IDLE = (
    f"SELECT {TICKET} FROM ticket WHERE status = 'open' AND active_at <= $1 ORDER BY active_at LIMIT $2"
)
_NEXT_IDLE = "SELECT MIN(active_at) FROM ticket WHERE status = 'open'"
_LIST_OPEN = f"SELECT {TICKET} FROM ticket WHERE status = 'open' ORDER BY active_at DESC LIMIT $1"
_COUNT_OPEN = "SELECT COUNT(*) FROM ticket WHERE status = 'open'"
_LIST_ANSWERERS = """
    SELECT author_name, MIN(seq) AS first FROM message
    WHERE ticket = $1 AND author_kind = 'moderator' AND deleted_at IS NULL AND seq > (
        SELECT COALESCE(MAX(m.seq), 0) FROM outbox o JOIN message m ON m.id = o.message_id
        WHERE o.batch_id = $2
    )
    GROUP BY author_name ORDER BY first
"""
_SET_TAGS = "UPDATE ticket SET tags = $2 WHERE number = $1"


def ticket_from_row(row: Row) -> Ticket:
    """Read a row of the columns of `TICKET`."""
    return Ticket(
        number=row["number"],
        customer_id=row["customer_id"],
        status=row["status"],
        opened_at=from_ms(row["opened_at"]),
        active_at=from_ms(row["active_at"]),
        closed_at=from_ms_or_none(row["closed_at"]),
        assignee=row["assignee"],
        score=row["score"],
    )


class TicketRepository:
    """Cases, by number."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def take_number(self) -> int:
        """Take the next number; with its transaction undone it is given out again, never twice."""
        return int(await self._conn.fetchval(_NEXT_NUMBER))

    async def add(self, ticket: Ticket) -> None:
        """Store a ticket as its customer's current one."""
        await self._conn.execute(
            _ADD,
            ticket.number,
            ticket.customer_id,
            ticket.status,
            to_ms(ticket.opened_at),
            to_ms(ticket.active_at),
            None,
            ticket.assignee,
            ticket.score,
        )
        await self._conn.execute(_SET_CURRENT, ticket.customer_id, ticket.number)
        self._events.note("ticket.created", ticket=ticket.number)

    async def get_by_number(self, number: int) -> Ticket | None:
        """Return the ticket."""
        row = await self._conn.fetchrow(_GET, number)
        return None if row is None else ticket_from_row(row)

    async def update(self, ticket: Ticket) -> None:
        """Store what may change of a ticket."""
        closed_at = None if ticket.closed_at is None else to_ms(ticket.closed_at)
        await self._conn.execute(
            _UPDATE,
            ticket.number,
            ticket.status,
            to_ms(ticket.active_at),
            closed_at,
            ticket.assignee,
            ticket.score,
        )
        self._events.note("ticket.updated", ticket=ticket.number)

    async def set_comment(self, number: int, comment: str | None) -> None:
        """Store what the customer said with the rating."""
        await self._conn.execute(_SET_COMMENT, number, comment)
        self._events.note("ticket.updated", ticket=number)

    async def set_marked(self, number: int, mark: str) -> None:
        """Remember the delivered mark that was sent last."""
        await self._conn.execute(_SET_MARKED, number, mark)

    async def get_marked(self, number: int) -> str | None:
        """Return the delivered mark that was sent last."""
        mark: str | None = await self._conn.fetchval(_GET_MARKED, number)
        return mark

    async def list_idle(self, since: datetime, limit: int) -> list[Ticket]:
        """Return open tickets without a message since then, the longest idle first."""
        return [ticket_from_row(row) for row in await self._conn.fetch(_LIST_IDLE, to_ms(since), limit)]

    async def get_next_idle(self) -> datetime | None:
        """Return the last activity of the open ticket that has been idle longest."""
        return from_ms_or_none(await self._conn.fetchval(_NEXT_IDLE))

    async def list_open(self, limit: int) -> list[Ticket]:
        """Return open tickets, the last active first."""
        return [ticket_from_row(row) for row in await self._conn.fetch(_LIST_OPEN, limit)]

    async def count_open(self) -> int:
        """Return how many tickets are open."""
        return int(await self._conn.fetchval(_COUNT_OPEN))

    async def list_answerers(self, ticket: int, batch_id: str) -> list[str]:
        """Return who answered in the ticket after the messages of a batch, in order."""
        rows = await self._conn.fetch(_LIST_ANSWERERS, ticket, batch_id)
        return [row["author_name"] for row in rows]

    async def set_tags(self, number: int, tags: Sequence[str]) -> None:
        """Store a ticket's tags."""
        await self._conn.execute(_SET_TAGS, number, json.dumps(tags))
        self._events.note("ticket.updated", ticket=number)

    async def find_turn(self, number: int) -> None:
        """Find out from its messages whose turn it is in an open ticket."""
        await find_turn(self._conn, number)
