"""What moderators do to tickets, from Telegram or from the console; each act is in the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..db.transaction import Transaction
from ..domain.desk import Person, TeamNote
from ..domain.model import Moderator, Target, Ticket
from .audit import acting, place_of, write_down
from .ids import new_ulid
from .ports import Clock
from .tickets import TicketService


class TicketActs:
    """Carries acts out in the caller's transaction, under the conversation's lock."""

    def __init__(self, clock: Clock, tickets: TicketService) -> None:
        self._clock, self._tickets = clock, tickets

    async def close(self, tx: Transaction, by: Moderator, ticket: Ticket) -> None:
        """Close an open ticket."""
        await self._tickets.close(tx, ticket, self._clock.now())
        await self._audit(tx, by, ticket, "ticket.closed")

    async def reopen(self, tx: Transaction, by: Moderator, ticket: Ticket) -> None:
        """Open a closed ticket again; who waited in it waits again."""
        await self._tickets.reopen(tx, ticket, self._clock.now())
        await tx.tickets.find_turn(ticket.number)
        await self._audit(tx, by, ticket, "ticket.reopened")

    async def assign(self, tx: Transaction, by: Moderator, ticket: Ticket, to: Moderator | None) -> None:
        """Let somebody take care of a ticket, or nobody."""
        await tx.tickets.update(replace(ticket, assignee=to.id if to else None))
        detail = {"assignee": {"id": to.id, "name": to.name} if to else None}
        await self._audit(tx, by, ticket, "ticket.assigned", detail)

    async def tag(self, tx: Transaction, by: Moderator, ticket: Ticket, tags: Sequence[str]) -> None:
        """Give a ticket other tags."""
        await tx.tickets.set_tags(ticket.number, tags)
        # How many, and not which: they may be words about the customer, and go when the customer does.
        await self._audit(tx, by, ticket, "ticket.tagged", {"tags": len(tags)})

    async def write_note(self, tx: Transaction, by: Moderator, target: Target, text: str) -> TeamNote:
        """Keep words for the team, or of a direct conversation for the moderator alone."""
        now = self._clock.now()
        note = TeamNote(
            id=new_ulid(now),
            customer_id=target.customer_id,
            ticket=target.ticket,
            by=Person(id=by.id, name=by.name),
            text=text,
            created_at=now,
        )
        await tx.notes.add(note)
        place = place_of(target.direct_id, target.ticket)
        about = {"customer": target.customer_id, **place}
        await write_down(tx, now, acting(by), "note.created", about, {"note": note.id})
        return note

    async def _audit(
        self,
        tx: Transaction,
        by: Moderator,
        ticket: Ticket,
        action: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        about = {"customer": ticket.customer_id, "ticket": ticket.number}
        await write_down(tx, self._clock.now(), acting(by), action, about, detail)
