"""What a customer's page reads: pages of history, and the events of the stream."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import Unauthorized
from ..domain.model import ConversationEvent, Customer, Message, Session


@dataclass(frozen=True, kw_only=True)
class Page:
    """A stretch of a conversation, oldest first, of one snapshot with `last_event`."""

    messages: tuple[Message, ...]
    more: bool
    """There is more in the direction of reading."""
    last_event: int
    """A stream opened after this number misses nothing of what is not on the page."""


@dataclass(frozen=True, kw_only=True)
class EventPage:
    """Events of a stream, in order."""

    events: tuple[ConversationEvent, ...]
    ended: frozenset[str]
    """The sessions, of those asked about, that have ended meanwhile."""


class ConversationService:
    """Reads conversations. Each call is bound to the session's own customer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_page(self, session: Session, *, after: int | None, before: int | None, limit: int) -> Page:
        """Return messages after or before a `seq`, or the newest where neither is given."""
        async with self._database.snapshot() as tx:
            customer = await _customer(tx, session.customer_id)
            if after is not None:
                found = await tx.conversations.list_messages_after(customer.id, after, limit + 1)
                page = found[:limit]
            else:
                top = customer.last_seq + 1 if before is None else before
                found = await tx.conversations.list_messages_before(customer.id, top, limit + 1)
                page = found[-limit:]
        return Page(messages=tuple(page), more=len(found) > limit, last_event=customer.last_event)

    async def get_last_event(self, customer_id: str) -> int:
        """Return the number of the newest event."""
        async with self._database.snapshot() as tx:
            return (await _customer(tx, customer_id)).last_event

    async def read_events(
        self, customer_id: str, after: int, limit: int, session_ids: Collection[str]
    ) -> EventPage:
        """Return the events after a number, and which of the customer's sessions have ended meanwhile."""
        async with self._database.snapshot() as tx:
            return EventPage(
                events=tuple(await tx.conversations.list_events_after(customer_id, after, limit)),
                ended=frozenset(session_ids) - await tx.sessions.list_live(session_ids),
            )


async def _customer(tx: Transaction, customer_id: str) -> Customer:
    customer = await tx.sessions.get_customer(customer_id)
    if customer is None:
        raise Unauthorized
    return customer
