"""A ticket's conversation at the console: what was said, how far it has got, and the team's notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...db.database import Database
from ...db.transaction import Transaction
from ...domain.desk import Delivery, TeamNote
from ...domain.model import Message
from .tickets import no_ticket

BEYOND = 2**53
"""After every `seq`."""


@dataclass(frozen=True, kw_only=True)
class MessagePage:
    """A stretch of a ticket's messages, oldest first."""

    messages: tuple[Message, ...]
    deliveries: Mapping[str, Delivery]
    more: bool
    """There is more in the direction of reading."""


@dataclass(frozen=True, kw_only=True)
class NotePage:
    """A stretch of a ticket's notes, oldest first."""

    notes: tuple[TeamNote, ...]
    more: bool


class ConversationDesk:
    """Reads conversations for moderators, each page of one snapshot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_messages(
        self, number: int, *, after: int | None, before: int | None, limit: int
    ) -> MessagePage:
        """Return messages after or before a `seq`, or the newest where neither is given.

        Raises:
            NotFound: there is no such ticket.
        """
        async with self._database.snapshot() as tx:
            await _check_ticket(tx, number)
            if after is not None:
                found = await tx.conversations.list_of_ticket_after(number, after, limit + 1)
                page = found[:limit]
            else:
                top = BEYOND if before is None else before
                found = await tx.conversations.list_of_ticket_before(number, top, limit + 1)
                page = found[-limit:]
            deliveries = await tx.listing.get_delivery([message.id for message in page])
        return MessagePage(messages=tuple(page), deliveries=deliveries, more=len(found) > limit)

    async def list_notes(self, number: int, *, after: str | None, limit: int) -> NotePage:
        """Return the notes after one of them.

        Raises:
            NotFound: there is no such ticket.
        """
        async with self._database.snapshot() as tx:
            await _check_ticket(tx, number)
            found = await tx.notes.list_of_ticket(number, after or "", limit + 1)
        return NotePage(notes=tuple(found[:limit]), more=len(found) > limit)


async def _check_ticket(tx: Transaction, number: int) -> None:
    if await tx.tickets.get_by_number(number) is None:
        raise no_ticket(number)
