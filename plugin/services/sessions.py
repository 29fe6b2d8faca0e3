"""Sessions: a browser gets a token, and with it the conversation of one customer."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import Unauthorized
from ..domain.model import Customer, Session, Ticket
from .firewall import without_secret
from .hub import Hub
from .ids import hash_token, new_token, new_ulid
from .ports import Clock, GetSettings


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A session with its customer and the ticket that is open, if there is one."""

    session: Session
    customer: Customer
    ticket: Ticket | None


class SessionService:
    """Opens, finds and ends sessions."""

    def __init__(self, database: Database, clock: Clock, hub: Hub, settings: GetSettings) -> None:
        self._database, self._clock, self._hub, self._settings = database, clock, hub, settings

    async def open_session(self, locale: str | None, page_url: str | None, address: str) -> tuple[str, Visit]:
        """Make a session for a new anonymous customer; return its token, which is stored nowhere.

        Of the address a keyed hash is stored, and only where blocks are to cover addresses.
        """
        now = self._clock.now()
        customer = Customer(
            id=new_ulid(now),
            identity="anonymous",
            name=None,
            ticket=None,
            last_seq=0,
            last_event=0,
            created_at=now,
        )
        async with self._database.transaction() as tx:
            await tx.sessions.add_customer(customer)
            token, session = await self.add(tx, customer.id, locale, page_url, address)
        return token, Visit(session=session, customer=customer, ticket=None)

    async def add(
        self, tx: Transaction, customer_id: str, locale: str | None, page_url: str | None, address: str
    ) -> tuple[str, Session]:
        """Store a session of a customer; return its token, which is stored nowhere, too."""
        now, token = self._clock.now(), new_token()
        session = Session(id=new_ulid(now), customer_id=customer_id, created_at=now, ended_at=None)
        covered = address and self._settings().block_habits.cover_address
        address_hash = await self._hash_address(tx, address) if covered else None
        await tx.sessions.add_session(
            session, hash_token(token), locale, without_secret(page_url), address_hash
        )
        return token, session

    @staticmethod
    async def _hash_address(tx: Transaction, address: str) -> str:
        key = await tx.sessions.get_secret("address", new_token())
        return hmac.new(key.encode(), address.encode(), hashlib.sha256).hexdigest()

    async def find_session(self, token: str) -> Session:
        """Return the session of a token.

        Raises:
            Unauthorized: there is none, or it is ended.
        """
        async with self._database.snapshot() as tx:
            # The lookup compares hashes of 256 random bits: its timing says nothing about a token.
            session = await tx.sessions.get_session_by_token_hash(hash_token(token))
        if session is None:
            raise Unauthorized
        return session

    async def get_visit(self, session: Session) -> Visit:
        """Return what the session's page needs to know at its start."""
        async with self._database.snapshot() as tx:
            customer = await tx.sessions.get_customer(session.customer_id)
            if customer is None:
                raise Unauthorized
            ticket = customer.ticket and await tx.tickets.get_by_number(customer.ticket)
        return Visit(session=session, customer=customer, ticket=ticket or None)

    async def end_session(self, session: Session) -> None:
        """Void the session's token and let its streams end."""
        async with self._database.transaction() as tx:
            await tx.sessions.end_session(session.id, self._clock.now())
        self._hub.wake(session.customer_id)
