"""Tickets at the console: lists, one with its customer, and what is changed of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ...db.blocks import BlockEntry
from ...db.database import Database
from ...db.transaction import Transaction
from ...domain.desk import CustomerParticulars, Sort, TicketFilter, TicketItem, TicketPlace
from ...domain.errors import Conflict, Invalid, NotFound
from ...domain.model import Moderator, Ticket
from ..hub import Hub
from ..ports import Clock
from ..ticket_acts import TicketActs

_MOST_BLOCKS = 20


@dataclass(frozen=True, kw_only=True)
class TicketPage:
    """A stretch of a list of tickets."""

    items: tuple[TicketItem, ...]
    next: TicketPlace | None


@dataclass(frozen=True, kw_only=True)
class CustomerCard:
    """A customer as a moderator looks at one."""

    particulars: CustomerParticulars
    blocks: tuple[BlockEntry, ...]


@dataclass(frozen=True, kw_only=True)
class TicketCard:
    """One ticket with its customer."""

    item: TicketItem
    customer: CustomerCard


@dataclass(frozen=True, kw_only=True)
class TicketChange:
    """What a moderator wishes of a ticket; None leaves it as it is."""

    status: Literal["open", "closed"] | None = None
    assignee: str | None = None
    """Id of one on the allow-list."""
    unassign: bool = False
    tags: tuple[str, ...] | None = None


class TicketDesk:
    """Reads and changes tickets for moderators."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        acts: TicketActs,
        hub: Hub,
    ) -> None:
        self._database, self._clock, self._acts, self._hub = database, clock, acts, hub

    async def list_page(
        self, wanted: TicketFilter, sort: Sort, after: TicketPlace | None, limit: int
    ) -> TicketPage:
        """Return the next tickets of a list."""
        now = self._clock.now()
        async with self._database.snapshot() as tx:
            places = await tx.listing.list_places(wanted, sort, after=after, limit=limit + 1, now=now)
            items = await tx.listing.list_items([place.number for place in places[:limit]], now)
        following = places[limit - 1] if len(places) > limit else None
        return TicketPage(items=tuple(items), next=following)

    async def get(self, number: int, viewer: Moderator) -> TicketCard:
        """Return a ticket with its customer.

        Raises:
            NotFound: there is no such ticket.
        """
        now = self._clock.now()
        async with self._database.snapshot() as tx:
            items = await tx.listing.list_items([number], now)
            if not items:
                raise no_ticket(number)
            card = await get_customer_card(tx, items[0].customer.id, viewer, now)
        return TicketCard(item=items[0], customer=card)

    async def change(self, number: int, by: Moderator, wish: TicketChange) -> TicketItem:
        """Change what is wished and not so already; the customer sees it open or closed.

        Raises:
            NotFound: there is no such ticket.
            Conflict: its customer was erased.
            Invalid: the assignee is not on the allow-list.
        """
        async with self._database.transaction() as tx:
            ticket = await lock_ticket(tx, number)
            await refuse_erased(tx, ticket.customer_id)
            if wish.unassign or wish.assignee is not None:
                await self._assign(tx, by, ticket, wish.assignee)
            if wish.tags is not None:
                (item,) = await tx.listing.list_items([number], self._clock.now())
                if item.tags != wish.tags:
                    await self._acts.tag(tx, by, ticket, wish.tags)
            # Of the ticket as it is after the changes above.
            ticket = await lock_ticket(tx, number)
            if wish.status == "closed" and ticket.status == "open":
                await self._acts.close(tx, by, ticket)
            elif wish.status == "open" and ticket.status == "closed":
                await self._acts.reopen(tx, by, ticket)
            (item,) = await tx.listing.list_items([number], self._clock.now())
        self._hub.wake(ticket.customer_id)
        return item

    async def _assign(self, tx: Transaction, by: Moderator, ticket: Ticket, assignee: str | None) -> None:
        if ticket.assignee == assignee:
            return
        team = {moderator.id: moderator for moderator in await tx.moderators.list_active()}
        if assignee is not None and assignee not in team:
            raise Invalid("assignee must be somebody on the allow-list, me or null.", field="assignee")
        await self._acts.assign(tx, by, ticket, None if assignee is None else team[assignee])


def no_ticket(number: int) -> NotFound:
    """Return what to raise where a ticket's number is nobody's."""
    return NotFound(f"There is no ticket #{number}.")


async def lock_ticket(tx: Transaction, number: int) -> Ticket:
    """Take the lock of a ticket's conversation, and return the ticket as it is then.

    Raises:
        NotFound: there is no such ticket.
        Unavailable: its conversation has just joined another one.
    """
    ticket = await tx.tickets.get_by_number(number)
    if ticket is None:
        raise no_ticket(number)
    await tx.conversations.lock(ticket.customer_id)
    return await tx.tickets.get_by_number(number) or ticket


async def refuse_erased(tx: Transaction, customer_id: str) -> None:
    """Raise Conflict where nobody is left to whom anything could be done, under the conversation's lock."""
    if await tx.sessions.is_erased(customer_id):
        raise Conflict("This customer was erased.")


async def get_customer_card(
    tx: Transaction, customer_id: str, viewer: Moderator, now: datetime
) -> CustomerCard:
    """Return a customer as a moderator looks at one."""
    particulars = await tx.listing.get_customer(customer_id, now)
    if particulars is None:
        raise NotFound
    blocks = await tx.blocks.list_of_customer(customer_id, viewer.id, _MOST_BLOCKS)
    return CustomerCard(particulars=particulars, blocks=tuple(blocks))
