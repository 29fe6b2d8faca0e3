"""A moderator's own private conversations, at the console; they are nobody else's."""

from __future__ import annotations

from dataclasses import dataclass

from ...db.database import Database
from ...db.directs import DirectEntry, DirectPlace
from ...db.transaction import Transaction
from ...domain.desk import TeamNote
from ...domain.errors import NotFound
from ...domain.model import Moderator, Target
from ...domain.text import checked_text
from ..ports import Clock
from .conversation import BEYOND, MessagePage, NotePage
from .replies import ReplyDesk, Said
from .tickets import CustomerCard, get_customer_card


@dataclass(frozen=True, kw_only=True)
class DirectView:
    """A private conversation with its customer."""

    entry: DirectEntry
    customer: CustomerCard


@dataclass(frozen=True, kw_only=True)
class DirectPage:
    """Private conversations, used last first."""

    items: tuple[DirectView, ...]
    next: DirectPlace | None


class DirectDesk:
    """Each call is bound to the moderator who makes it: others' conversations are not there for it."""

    def __init__(self, database: Database, clock: Clock, replies: ReplyDesk) -> None:
        self._database, self._clock, self._replies = database, clock, replies

    async def list_page(self, viewer: Moderator, after: DirectPlace | None, limit: int) -> DirectPage:
        """Return the moderator's conversations."""
        async with self._database.snapshot() as tx:
            found = await tx.directs.list_page(viewer.id, after, limit + 1)
        items = []
        for entry in found[:limit]:
            # Each by itself: on SQLite nobody else gets on while a snapshot is open.
            async with self._database.snapshot() as tx:
                card = await get_customer_card(tx, entry.customer_id, viewer, self._clock.now())
            items.append(DirectView(entry=entry, customer=card))
        return DirectPage(items=tuple(items), next=found[limit - 1].place if len(found) > limit else None)

    async def list_messages(
        self, viewer: Moderator, customer_id: str, *, after: int | None, before: int | None, limit: int
    ) -> MessagePage:
        """Return messages after or before a `seq`, or the newest where neither is given.

        Raises:
            NotFound: the two have never spoken in private.
        """
        async with self._database.snapshot() as tx:
            await _find(tx, customer_id, viewer)
            if after is not None:
                found = await tx.conversations.list_direct_after(customer_id, viewer.id, after, limit + 1)
                page = found[:limit]
            else:
                top = BEYOND if before is None else before
                found = await tx.conversations.list_direct_before(customer_id, viewer.id, top, limit + 1)
                page = found[-limit:]
            deliveries = await tx.listing.get_delivery([message.id for message in page])
        return MessagePage(messages=tuple(page), deliveries=deliveries, more=len(found) > limit)

    async def list_notes(
        self, viewer: Moderator, customer_id: str, *, after: str | None, limit: int
    ) -> NotePage:
        """Return what the moderator has noted for themselves, after one of the notes.

        Raises:
            NotFound: the two have never spoken in private.
        """
        async with self._database.snapshot() as tx:
            await _find(tx, customer_id, viewer)
            found = await tx.notes.list_private(customer_id, viewer.id, after or "", limit + 1)
        return NotePage(notes=tuple(found[:limit]), more=len(found) > limit)

    async def answer(self, by: Moderator, customer_id: str, client_id: str, text: str) -> Said:
        """Say a text to the customer in private; what asks for a secret is held.

        Raises:
            TextEmpty, TextTooLong
            NotFound: the two have never spoken in private.
            Conflict: the customer was erased, or the `client_id` stands for something else.
        """
        text = checked_text(text)
        async with self._database.transaction() as tx:
            target = await _lock(tx, customer_id, by)
            said = await self._replies.say(tx, by, target, client_id, text)
        self._replies.wake(target)
        return said

    async def write_note(
        self, by: Moderator, customer_id: str, client_id: str, text: str
    ) -> tuple[TeamNote, bool]:
        """Keep a note that nobody else sees; return it, and whether it is new.

        Raises:
            TextEmpty, TextTooLong
            NotFound: the two have never spoken in private.
            Conflict: the customer was erased, or the `client_id` stands for something else.
        """
        text = checked_text(text)
        async with self._database.transaction() as tx:
            target = await _lock(tx, customer_id, by)
            return await self._replies.note(tx, by, target, client_id, text)


async def _find(tx: Transaction, customer_id: str, moderator: Moderator) -> str:
    direct = await tx.directs.find(customer_id, moderator.id)
    if direct is None:
        raise NotFound
    return direct.id


async def _lock(tx: Transaction, customer_id: str, by: Moderator) -> Target:
    """Take the conversation's lock, which joining another one would wait for."""
    # Looked for first: the locks of conversations that are not the caller's are no matter of theirs.
    direct_id = await _find(tx, customer_id, by)
    await tx.conversations.lock(customer_id)
    return Target(customer_id=customer_id, ticket=None, message_id=None, direct_id=direct_id)
