"""The life of tickets: closed by the team, by the customer or by time, opened again, taken care of, rated."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from logging import Logger

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import Conflict, NotFound, Unauthorized
from ..domain.model import Customer, Session, Ticket
from ..domain.tickets import step_for_message
from .background import Worker
from .firewall import refuse_secret
from .hub import Hub
from .notices import tell_team_unless_blocked
from .ports import Clock, GetSettings

_MOST_AT_ONCE = 100
_LONGEST_PAUSE = 3600.0
LONGEST_COMMENT = 1000
"""Characters of what a customer says with a rating."""


class TicketService:
    """Moves tickets from one state to the next; each move is an event of the customer's stream."""

    def __init__(
        self, database: Database, clock: Clock, hub: Hub, settings: GetSettings, log: Logger
    ) -> None:
        self._database, self._clock, self._hub, self._settings = database, clock, hub, settings
        self.worker = Worker("closing of idle tickets", self._close_idle, log)

    async def get_for_message(self, tx: Transaction, customer: Customer, now: datetime) -> int:
        """Return the number of the ticket that a customer's new message belongs to."""
        current = customer.ticket and await tx.tickets.get_by_number(customer.ticket)
        step = step_for_message(current or None, self._settings().tickets, now)
        if not current or step == "new":
            return await self._open(tx, customer, now)
        if step == "reopen":
            await self.reopen(tx, current, now)
        else:
            await tx.tickets.update(replace(current, active_at=now))
        return current.number

    async def touch(self, tx: Transaction, number: int, now: datetime) -> None:
        """Note a message of the team."""
        ticket = await tx.tickets.get_by_number(number)
        if ticket is not None:
            await tx.tickets.update(replace(ticket, active_at=now))

    async def reopen(self, tx: Transaction, ticket: Ticket, now: datetime) -> None:
        """Open a closed ticket again."""
        await self._update(tx, replace(ticket, status="open", active_at=now, closed_at=None))

    async def close(self, tx: Transaction, ticket: Ticket, now: datetime) -> None:
        """Close an open ticket."""
        await self._update(tx, replace(ticket, status="closed", closed_at=now))

    async def close_by_customer(self, session: Session, number: int) -> Ticket:
        """Close the customer's own ticket; closed already, it stays as it is.

        Raises:
            NotFound: this customer has no such ticket.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            ticket = await self._get_own(tx, session, number)
            if ticket.status == "open":
                await self.close(tx, ticket, now)
                await _tell_team(tx, ticket, now, f"#{number} closed by the customer")
            ticket = await self._get_own(tx, session, number)
        self._hub.wake(session.customer_id)
        return ticket

    async def rate(self, session: Session, number: int, score: int, comment: str | None) -> Ticket:
        """Store what the customer thinks of a closed ticket; a second rating replaces the first.

        Raises:
            NotFound: this customer has no such ticket.
            Conflict: it is open.
            SecretRefused: there is a secret in the comment.
        """
        refuse_secret(comment or "")
        now = self._clock.now()
        async with self._database.transaction() as tx:
            ticket = await self._get_own(tx, session, number)
            if ticket.status != "closed":
                raise Conflict("An open ticket can't be rated.")
            if ticket.score is None:
                # Once: with every change of mind a visitor could fill the group's minute.
                await _tell_team(tx, ticket, now, f"#{number} rated {score} of 5 by the customer")
            ticket = replace(ticket, score=score)
            await self._update(tx, ticket)
            await tx.tickets.set_comment(number, comment)
        self._hub.wake(session.customer_id)
        return ticket

    @staticmethod
    async def _get_own(tx: Transaction, session: Session, number: int) -> Ticket:
        if not await tx.sessions.is_live(session.id):
            raise Unauthorized
        # Before the ticket is read: else what a moderator changes of it meanwhile would be written over.
        await tx.conversations.lock(session.customer_id)
        ticket = await tx.tickets.get_by_number(number)
        if ticket is None or ticket.customer_id != session.customer_id:
            raise NotFound
        return ticket

    async def _open(self, tx: Transaction, customer: Customer, now: datetime) -> int:
        number = await tx.tickets.take_number()
        ticket = Ticket(number=number, customer_id=customer.id, status="open", opened_at=now, active_at=now)
        await tx.tickets.add(ticket)
        return number

    @staticmethod
    async def _update(tx: Transaction, ticket: Ticket) -> None:
        # The customer's lock comes before the ticket's, as everywhere: nobody waits in a ring.
        await tx.conversations.add_event(ticket.customer_id, "ticket.updated", ticket=ticket.number)
        await tx.tickets.update(ticket)

    async def _close_idle(self) -> float:
        close_after = self._settings().tickets.close_after
        if not close_after:
            return _LONGEST_PAUSE
        now = self._clock.now()
        async with self._database.transaction() as tx:
            idle = await tx.tickets.list_idle(now - close_after, _MOST_AT_ONCE)
            for found in sorted(idle, key=lambda one: one.customer_id):
                await tx.conversations.lock(found.customer_id)
                # As it is under the lock: somebody may have written in it, or taken it, meanwhile.
                ticket = await tx.tickets.get_by_number(found.number) or found
                if ticket.status == "open" and ticket.active_at == found.active_at:
                    await self.close(tx, ticket, now)
            next_idle = await tx.tickets.get_next_idle()
        for found in idle:
            self._hub.wake(found.customer_id)
        if next_idle is None:
            return _LONGEST_PAUSE
        return min(max((next_idle + close_after - now).total_seconds(), 0.0), _LONGEST_PAUSE)


async def _tell_team(tx: Transaction, ticket: Ticket, now: datetime, text: str) -> None:
    await tell_team_unless_blocked(tx, now, text, customer_id=ticket.customer_id, ticket=ticket.number)
