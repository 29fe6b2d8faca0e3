"""One conversation goes on as a part of another one, with all that belongs to it."""

from __future__ import annotations

from mautrix.util.async_db import Connection, Scheme

from ..domain.model import Customer
from .columns import Row
from .sessions import CUSTOMER, customer_from_row
from .team_events import TeamEventRepository

# In the order of their ids, as everybody takes two of these locks: nobody waits in a ring.
_LOCK = f"SELECT {CUSTOMER} FROM customer WHERE id IN ($1, $2) AND joined_to IS NULL ORDER BY id"

_LIST_TICKETS = "SELECT number FROM ticket WHERE customer_id = $1 ORDER BY number"

# $1 is the conversation that joins, $2 the one that it joins.
# The batches first: whoever notes a post has its batch's lock, and is done before the rest is looked at.
_MOVE_BATCHES = """
    UPDATE batch SET lane = CASE WHEN lane = $1 THEN $2 ELSE lane END, customer_id = $2
    WHERE customer_id = $1
"""
_MOVE = (
    "UPDATE session SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE ticket SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE direct SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE ticket_event SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE held_reply SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE note SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE block SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE search_entry SET customer_id = $2 WHERE customer_id = $1 AND message_id IS NOT NULL",
    "UPDATE outbox SET customer_id = $2 WHERE customer_id = $1 AND lane <> $1",
    "UPDATE customer SET joined_to = $2, ticket = NULL, last_seq = 0, last_event = 0 WHERE id = $1",
)
# Seen by nobody any more: what happened is told anew, in the other stream.
_FORGET_EVENTS = "DELETE FROM conversation_event WHERE customer_id = $1"
# $3 is how many messages the other conversation has. A client id that both gave is kept where it was first.
_MOVE_MESSAGES = """
    UPDATE message SET customer_id = $2, seq = seq + $3,
        author_id = CASE WHEN author_kind = 'customer' THEN $2 ELSE author_id END,
        client_id = CASE WHEN EXISTS (
            SELECT 1 FROM message o WHERE o.customer_id = $2 AND o.client_id = message.client_id
        ) THEN NULL ELSE client_id END
    WHERE customer_id = $1
"""
# The place in a customer's lane is the message's `seq`.
_MOVE_LANE = "UPDATE outbox SET lane = $2, customer_id = $2, place = place + $3 WHERE lane = $1"
_TELL = """
    INSERT INTO conversation_event (customer_id, number, type, message_id)
    SELECT customer_id, seq - $2 + $3, 'message.created', id FROM message WHERE customer_id = $1 AND seq > $2
"""
_GROW = """
    UPDATE customer SET last_seq = last_seq + $2, last_event = last_event + $2,
        ticket = COALESCE(ticket, $3)
    WHERE id = $1
"""


class JoinRepository:
    """Moves everything that belongs to one customer over to another one."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def lock(self, customer_id: str, other_id: str) -> dict[str, Customer]:
        """Take the locks of two conversations and return both, as they are now, by id."""
        suffix = "" if self._conn.scheme == Scheme.SQLITE else " FOR NO KEY UPDATE"
        rows: list[Row] = await self._conn.fetch(_LOCK + suffix, customer_id, other_id)
        return {row["id"]: customer_from_row(row) for row in rows}

    async def list_tickets(self, customer_id: str) -> list[int]:
        """Return the numbers of a customer's tickets."""
        return [row["number"] for row in await self._conn.fetch(_LIST_TICKETS, customer_id)]

    async def join(self, joining: Customer, other: Customer) -> None:
        """Append a conversation to another one, both locked, and leave the former empty.

        The other one's own ticket stays its current one. To be done while no batch is made.
        """
        pair = (joining.id, other.id)
        for number in await self.list_tickets(joining.id):
            self._events.note("ticket.updated", ticket=number)
        await self._conn.execute(_MOVE_BATCHES, *pair)
        await self._conn.execute(_FORGET_EVENTS, joining.id)
        await self._conn.execute(_MOVE_MESSAGES, *pair, other.last_seq)
        await self._conn.execute(_MOVE_LANE, *pair, other.last_seq)
        for statement in _MOVE:
            await self._conn.execute(statement, *pair)
        await self._conn.execute(_TELL, other.id, other.last_seq, other.last_event)
        await self._conn.execute(_GROW, other.id, joining.last_seq, joining.ticket)
