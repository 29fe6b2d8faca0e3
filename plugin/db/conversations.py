"""Conversations: messages in their order, and the numbered events of each stream."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mautrix.util.async_db import Connection, Scheme

from ..domain.errors import Unavailable
from ..domain.model import Author, Channel, ConversationEvent, Customer, Message
from .arguments import Arguments
from .columns import Row, from_ms, from_ms_or_none, to_ms
from .search_index import SearchIndex
from .sessions import CUSTOMER, customer_from_row
from .team_events import TeamEventRepository, TeamEventType
from .tickets import TicketRepository
from .waiting import note_turn

# The customer's row is the lock of the conversation: numbers are given out in the order of commits,
# so that no reader of a stream can see a number before a lower one.
_ADVANCE = f"""
    UPDATE customer SET last_seq = last_seq + 1, last_event = last_event + 1
    WHERE id = $1 AND joined_to IS NULL AND erased_at IS NULL
    RETURNING {CUSTOMER}
"""

_ADVANCE_EVENT = """
    UPDATE customer SET last_event = last_event + 1 WHERE id = $1 AND joined_to IS NULL RETURNING last_event
"""
# On SQLite the transaction itself keeps others out.
_LOCK = "SELECT joined_to FROM customer WHERE id = $1 FOR NO KEY UPDATE"

_RETRY_AFTER = 1

_MESSAGE = (
    "id, customer_id, seq, ticket, channel, author_kind, author_id, author_name, author_verified, text,"
    " reply_to, client_id, created_at, edited_at, deleted_at, moderator_id"
)
_ADD_MESSAGE = f"""
    INSERT INTO message ({_MESSAGE})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, NULL, $14)
"""
_GET_BY_CLIENT_ID = f"SELECT {_MESSAGE} FROM message WHERE customer_id = $1 AND client_id = $2"
_LIST_AFTER = f"SELECT {_MESSAGE} FROM message WHERE customer_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
_LIST_BEFORE = (
    f"SELECT {_MESSAGE} FROM message WHERE customer_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
)

_LIST_OF_TICKET_AFTER = f"SELECT {_MESSAGE} FROM message WHERE ticket = $1 AND seq > $2 ORDER BY seq LIMIT $3"
_LIST_OF_TICKET_BEFORE = (
    f"SELECT {_MESSAGE} FROM message WHERE ticket = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
)
_DIRECT = f"SELECT {_MESSAGE} FROM message WHERE customer_id = $1 AND moderator_id = $2"
_LIST_DIRECT_AFTER = f"{_DIRECT} AND seq > $3 ORDER BY seq LIMIT $4"
_LIST_DIRECT_BEFORE = f"{_DIRECT} AND seq < $3 ORDER BY seq DESC LIMIT $4"

_GET = f"SELECT {_MESSAGE} FROM message WHERE id = $1"
_GET_SEVERAL = f"SELECT {_MESSAGE} FROM message WHERE id IN ({{}})"
_COUNT = "SELECT COUNT(*) FROM message WHERE customer_id = $1 AND channel = $2"
# A deleted one is not in the conversation any more; the newest of a long conversation will do.
_LIST_ANSWERS = """
    SELECT text FROM message WHERE customer_id = $1 AND author_kind = 'moderator' AND deleted_at IS NULL
    ORDER BY seq DESC LIMIT 1000
"""
_EDIT = "UPDATE message SET text = $2, edited_at = $3 WHERE id = $1"
_DELETE = "UPDATE message SET deleted_at = $2 WHERE id = $1"
_BLANK = "UPDATE message SET text = '', deleted_at = COALESCE(deleted_at, $2) WHERE id = $1"
_LIST_LAST_OWN = f"""
    SELECT {_MESSAGE} FROM message
    WHERE customer_id = $1 AND author_kind = 'customer' AND deleted_at IS NULL ORDER BY seq DESC LIMIT $2
"""

_ADD_EVENT = """
    INSERT INTO conversation_event (customer_id, number, type, message_id, ticket) VALUES ($1, $2, $3, $4, $5)
"""
_LIST_EVENTS = """
    SELECT number, type, message_id, ticket FROM conversation_event
    WHERE customer_id = $1 AND number > $2 ORDER BY number LIMIT $3
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
        moderator_id=row["moderator_id"],
    )


class ConversationRepository:
    """What was said, by customer."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events, self._search = conn, events, SearchIndex(conn)

    async def advance(self, customer_id: str) -> Customer | None:
        """Take the conversation's lock and its next `seq` and event number; None: there is none any more."""
        row = await self._conn.fetchrow(_ADVANCE, customer_id)
        return None if row is None else customer_from_row(row)

    async def lock(self, customer_id: str) -> None:
        """Keep a conversation from joining another one until the transaction ends.

        Raises:
            Unavailable: it has just joined one; what was read of it before does not hold any more.
        """
        if self._conn.scheme == Scheme.SQLITE:
            return
        if await self._conn.fetchval(_LOCK, customer_id) is not None:
            raise Unavailable("The conversation has just moved.", retry_after=_RETRY_AFTER)

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
            message.moderator_id,
        )
        await self._add_event(message.customer_id, event_number, "message.created", message.id, None)
        await note_turn(self._conn, message)
        await self._search.add_message(message)
        self._note("message.created", message)

    async def get_message(self, message_id: str) -> Message | None:
        """Return the message."""
        row = await self._conn.fetchrow(_GET, message_id)
        return None if row is None else _message_from_row(row)

    async def get_messages(self, ids: Collection[str]) -> dict[str, Message]:
        """Return messages by id."""
        if not ids:
            return {}
        arguments = Arguments()
        query = _GET_SEVERAL.format(arguments.add_all(list(ids)))
        rows = await self._conn.fetch(query, *arguments.values)
        return {row["id"]: _message_from_row(row) for row in rows}

    async def count_messages(self, customer_id: str, channel: Channel) -> int:
        """Return how many messages there are in one channel of a conversation."""
        return int(await self._conn.fetchval(_COUNT, customer_id, channel))

    async def list_answers(self, customer_id: str) -> list[str]:
        """Return what moderators said in a conversation, as it stands there now."""
        return [row["text"] for row in await self._conn.fetch(_LIST_ANSWERS, customer_id)]

    async def edit_message(self, message: Message, text: str, at: datetime) -> None:
        """Give a message another text."""
        await self._conn.execute(_EDIT, message.id, text, to_ms(at))
        await self._search.change_message(message, text)
        await self.add_event(message.customer_id, "message.edited", message_id=message.id)
        self._note("message.edited", message)

    async def delete_message(self, message: Message, at: datetime) -> None:
        """Mark a message as deleted; its text stays for the team."""
        await self._conn.execute(_DELETE, message.id, to_ms(at))
        await self._search.remove_message(message.id)
        await self.add_event(message.customer_id, "message.deleted", message_id=message.id)
        self._note("message.deleted", message)

    async def blank_message(self, message: Message, at: datetime) -> None:
        """Mark a message as deleted and forget its text."""
        await self._conn.execute(_BLANK, message.id, to_ms(at))
        await self._search.remove_message(message.id)
        self._note("message.deleted", message)
        if message.deleted_at is None:
            await self.add_event(message.customer_id, "message.deleted", message_id=message.id)

    async def list_last_own(self, customer_id: str, limit: int) -> list[Message]:
        """Return the last messages that the customer wrote and that stand, oldest first."""
        rows = await self._conn.fetch(_LIST_LAST_OWN, customer_id, limit)
        return [_message_from_row(row) for row in reversed(rows)]

    async def add_event(
        self, customer_id: str, event_type: str, *, message_id: str | None = None, ticket: int | None = None
    ) -> None:
        """Take the conversation's lock and its next event number for an event about a message or a ticket."""
        number = await self._conn.fetchval(_ADVANCE_EVENT, customer_id)
        if number is None:
            raise Unavailable("The conversation has just moved.", retry_after=_RETRY_AFTER)
        await self._add_event(customer_id, number, event_type, message_id, ticket)

    async def _add_event(
        self, customer_id: str, number: int, event_type: str, message_id: str | None, ticket: int | None
    ) -> None:
        await self._conn.execute(_ADD_EVENT, customer_id, number, event_type, message_id, ticket)

    def _note(self, event_type: TeamEventType, message: Message) -> None:
        """Tell the team of a message; of a direct one, the one moderator whose conversation it is."""
        self._events.note(
            event_type,
            ticket=message.ticket,
            message_id=message.id,
            moderator_id=message.moderator_id,
        )

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

    async def list_of_ticket_after(self, ticket: int, seq: int, limit: int) -> list[Message]:
        """Return a ticket's messages after `seq`, oldest first."""
        rows = await self._conn.fetch(_LIST_OF_TICKET_AFTER, ticket, seq, limit)
        return [_message_from_row(row) for row in rows]

    async def list_of_ticket_before(self, ticket: int, seq: int, limit: int) -> list[Message]:
        """Return a ticket's newest messages before `seq`, oldest first."""
        rows = await self._conn.fetch(_LIST_OF_TICKET_BEFORE, ticket, seq, limit)
        return [_message_from_row(row) for row in reversed(rows)]

    async def list_direct_after(
        self, customer_id: str, moderator_id: str, seq: int, limit: int
    ) -> list[Message]:
        """Return what a customer and a moderator said in private after `seq`, oldest first."""
        rows = await self._conn.fetch(_LIST_DIRECT_AFTER, customer_id, moderator_id, seq, limit)
        return [_message_from_row(row) for row in rows]

    async def list_direct_before(
        self, customer_id: str, moderator_id: str, seq: int, limit: int
    ) -> list[Message]:
        """Return the newest of what a customer and a moderator said in private before `seq`, oldest first."""
        rows = await self._conn.fetch(_LIST_DIRECT_BEFORE, customer_id, moderator_id, seq, limit)
        return [_message_from_row(row) for row in reversed(rows)]

    async def list_events_after(self, customer_id: str, number: int, limit: int) -> list[ConversationEvent]:
        """Return the events after a number, in order, each with what it is about as that is now."""
        rows = await self._conn.fetch(_LIST_EVENTS, customer_id, number, limit)
        # Not one by one: whoever comes back is told many.
        messages = await self.get_messages({row["message_id"] for row in rows if row["message_id"]})
        repository = TicketRepository(self._conn, self._events)
        numbers = {row["ticket"] for row in rows if row["ticket"]}
        tickets = {number: await repository.get_by_number(number) for number in numbers}
        return [
            ConversationEvent(
                number=row["number"],
                type=row["type"],
                message=messages.get(row["message_id"]),
                ticket=tickets.get(row["ticket"]),
            )
            for row in rows
        ]
