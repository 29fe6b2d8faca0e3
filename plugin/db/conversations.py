"""Conversations: tickets, messages in their order, and the numbered events of each stream."""

from __future__ import annotations

from mautrix.util.async_db import Connection

from ..domain.model import Author, ConversationEvent, Customer, Message, Ticket
from .columns import Row, from_ms, from_ms_or_none, to_ms
from .sessions import customer_from_row

# The customer's row is the lock of the conversation: numbers are given out in the order of commits,
# so that no reader of a stream can see a number before a lower one.
_ADVANCE = """
    UPDATE customer SET last_seq = last_seq + 1, last_event = last_event + 1 WHERE id = $1
    RETURNING id, identity, name, ticket, last_seq, last_event, created_at
"""

_NEXT_TICKET = "UPDATE counter SET value = value + 1 WHERE name = 'ticket' RETURNING value"
_TICKET = "number, customer_id, status, opened_at"
_ADD_TICKET = f"INSERT INTO ticket ({_TICKET}) VALUES ($1, $2, $3, $4)"
_SET_CURRENT_TICKET = "UPDATE customer SET ticket = $2 WHERE id = $1"
_GET_TICKET = f"SELECT {_TICKET} FROM ticket WHERE number = $1"

_MESSAGE = (
    "id, customer_id, seq, ticket, channel, author_kind, author_id, author_name, author_verified, text,"
    " reply_to, client_id, created_at, edited_at, deleted_at"
)
_ADD_MESSAGE = f"""
    INSERT INTO message ({_MESSAGE})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, NULL)
"""
_GET_BY_CLIENT_ID = f"SELECT {_MESSAGE} FROM message WHERE customer_id = $1 AND client_id = $2"
_LIST_AFTER = f"SELECT {_MESSAGE} FROM message WHERE customer_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
_LIST_BEFORE = (
    f"SELECT {_MESSAGE} FROM message WHERE customer_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
)

_ADD_EVENT = "INSERT INTO conversation_event (customer_id, number, type, message_id) VALUES ($1, $2, $3, $4)"
_LIST_EVENTS = f"""
    SELECT number, type, {", ".join(f"m.{column.strip()}" for column in _MESSAGE.split(","))}
    FROM conversation_event e JOIN message m ON m.id = e.message_id
    WHERE e.customer_id = $1 AND e.number > $2 ORDER BY e.number LIMIT $3
"""


def _message_from_row(row: Row) -> Message:
    return Message(
        id=row["id"],
        customer_id=row["customer_id"],
        seq=row["seq"],
        ticket=row["ticket"],
        channel=row["channel"],
        author=Author(
            kind=row["author_kind"],
            id=row["author_id"],
            name=row["author_name"],
            verified=bool(row["author_verified"]),
        ),
        text=row["text"],
        reply_to=row["reply_to"],
        client_id=row["client_id"],
        created_at=from_ms(row["created_at"]),
        edited_at=from_ms_or_none(row["edited_at"]),
        deleted_at=from_ms_or_none(row["deleted_at"]),
    )


class ConversationRepository:
    """What was said, by customer."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def advance(self, customer_id: str) -> Customer | None:
        """Take the conversation's lock and its next `seq` and event number; None: no such customer."""
        row = await self._conn.fetchrow(_ADVANCE, customer_id)
        return None if row is None else customer_from_row(row)

    async def next_ticket_number(self) -> int:
        """Take the next ticket number; with its transaction undone it is given out again."""
        return int(await self._conn.fetchval(_NEXT_TICKET))

    async def add_ticket(self, ticket: Ticket) -> None:
        """Store a ticket as its customer's current one."""
        await self._conn.execute(
            _ADD_TICKET, ticket.number, ticket.customer_id, ticket.status, to_ms(ticket.opened_at)
        )
        await self._conn.execute(_SET_CURRENT_TICKET, ticket.customer_id, ticket.number)

    async def get_ticket_by_number(self, number: int) -> Ticket | None:
        """Return the ticket."""
        row = await self._conn.fetchrow(_GET_TICKET, number)
        return (
            None
            if row is None
            else Ticket(
                number=row["number"],
                customer_id=row["customer_id"],
                status=row["status"],
                opened_at=from_ms(row["opened_at"]),
            )
        )

    async def add_message(self, message: Message, event_number: int) -> None:
        """Store a message and the `message.created` event of its conversation."""
        author = message.author
        await self._conn.execute(
            _ADD_MESSAGE,
            message.id,
            message.customer_id,
            message.seq,
            message.ticket,
            message.channel,
            author.kind,
            author.id,
            author.name,
            int(author.verified),
            message.text,
            message.reply_to,
            message.client_id,
            to_ms(message.created_at),
        )
        await self._conn.execute(_ADD_EVENT, message.customer_id, event_number, "message.created", message.id)

    async def get_message_by_client_id(self, customer_id: str, client_id: str) -> Message | None:
        """Return the message that the customer's page gave this id."""
        row = await self._conn.fetchrow(_GET_BY_CLIENT_ID, customer_id, client_id)
        return None if row is None else _message_from_row(row)

    async def list_messages_after(self, customer_id: str, seq: int, limit: int) -> list[Message]:
        """Return the messages after `seq`, oldest first."""
        return [
            _message_from_row(row) for row in await self._conn.fetch(_LIST_AFTER, customer_id, seq, limit)
        ]

    async def list_messages_before(self, customer_id: str, seq: int, limit: int) -> list[Message]:
        """Return the newest messages before `seq`, oldest first."""
        rows = await self._conn.fetch(_LIST_BEFORE, customer_id, seq, limit)
        return [_message_from_row(row) for row in reversed(rows)]

    async def list_events_after(self, customer_id: str, number: int, limit: int) -> list[ConversationEvent]:
        """Return the conversation's events after `number`, in order."""
        rows = await self._conn.fetch(_LIST_EVENTS, customer_id, number, limit)
        return [
            ConversationEvent(number=row["number"], type=row["type"], message=_message_from_row(row))
            for row in rows
        ]
