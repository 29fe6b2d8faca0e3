"""Signing in: a session goes on as the customer that somebody has proven to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import Forbidden, Unauthorized
from ..domain.model import Customer, Session
from .accounts import hash_account
from .hub import Hub
from .ids import hash_token, new_token, new_ulid
from .joining import join
from .ports import Clock
from .sessions import SessionService, Visit


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What somebody has proven to be."""

    identity: Literal["wallet", "user"]
    account: str
    also: tuple[str, ...] = ()
    """Other accounts that the same key proves."""
    name: str | None = None
    email: str | None = None
    nonce: str | None = None
    """Of the challenge that was answered, to be used up."""


class IdentityService:
    """Gives a proven customer a session. Two proven identities are never made one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hub: Hub,
        sessions: SessionService,
        wake_relays: Callable[[], None],
    ) -> None:
        self._database, self._clock, self._hub = database, clock, hub
        self._sessions, self._wake_relays = sessions, wake_relays

    async def open_session(
        self, proof: Proof, locale: str | None, page_url: str | None, address: str
    ) -> tuple[str, Visit]:
        """Make a session for a proven customer; return its token, which is stored nowhere."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await tx.identities.lock()
            customer = await self._find(tx, proof) or await self._add(tx, proof, now)
            await self._complete(tx, proof, customer, now)
            token, session = await self._sessions.add(tx, customer.id, locale, page_url, address)
            visit = await self._get_visit(tx, session)
        return token, visit

    async def sign_in(self, session: Session, proof: Proof, *, join_conversation: bool) -> tuple[str, Visit]:
        """Let a browser go on as a proven customer, under a new token; the old one is void.

        With `join_conversation` what an anonymous customer has said goes on in the proven one's conversation.

        Raises:
            Forbidden: the proof was used before.
            Unauthorized: the session has ended.
        """
        now, token = self._clock.now(), new_token()
        async with self._database.transaction() as tx:
            await tx.identities.lock()
            found = await self._find(tx, proof)
            # Before the challenge and the session: erasing has the conversation's lock when it ends those.
            locked = await tx.joining.lock(session.customer_id, found.id if found else session.customer_id)
            if proof.nonce and not await tx.identities.use_challenge(proof.nonce, now):
                raise Forbidden("used: the text was used before", field="message", rule="used")
            former = locked.get(session.customer_id)
            if former is None or not await tx.sessions.end_session(session.id, now):
                raise Unauthorized
            proven = locked[found.id] if found else None
            if proven is not None and proven.account is None:
                proven = None  # erased while we waited for the lock
            customer_id = await self._become(tx, former, proven, proof, now, join_conversation)
            new = Session(id=new_ulid(now), customer_id=customer_id, created_at=now, ended_at=None)
            await tx.sessions.add_session_after(session, new, hash_token(token))
            visit = await self._get_visit(tx, new)
        self._hub.wake(session.customer_id)
        self._hub.wake(customer_id)
        self._wake_relays()
        return token, visit

    async def _become(
        self,
        tx: Transaction,
        former: Customer,
        found: Customer | None,
        proof: Proof,
        now: datetime,
        join_conversation: bool,
    ) -> str:
        """Return whom the session speaks for from now on; both are locked."""
        may_join = join_conversation and former.identity == "anonymous"
        if may_join:
            # Another browser that speaks for the same anonymous customer has proven nothing.
            await tx.sessions.end_sessions(former.id, now)
        if may_join and found is None:
            await tx.identities.identify(former.id, proof.identity, proof.account)
            customer = former
        # Where nothing was said there is nothing to append, and strangers must not fill the audit log.
        elif may_join and found is not None and former.last_seq:
            await join(tx, former, found, now)
            customer = found
        else:
            customer = found or await self._add(tx, proof, now)
            if customer.id != former.id:
                await tx.blocks.carry(former.id, customer.id, now, lambda: new_ulid(now))
        await self._complete(tx, proof, customer, now)
        return customer.id

    @staticmethod
    async def _find(tx: Transaction, proof: Proof) -> Customer | None:
        for account in (proof.account, *proof.also):
            customer = await tx.identities.find_customer(account)
            if customer is not None:
                return customer
        return None

    @staticmethod
    async def _add(tx: Transaction, proof: Proof, now: datetime) -> Customer:
        customer = Customer(
            id=new_ulid(now),
            identity=proof.identity,
            name=None,
            ticket=None,
            last_seq=0,
            last_event=0,
            created_at=now,
            account=proof.account,
        )
        await tx.sessions.add_customer(customer)
        return customer

    @staticmethod
    async def _complete(tx: Transaction, proof: Proof, customer: Customer, now: datetime) -> None:
        """Let the customer be called as the proof says, and be held by what held the account before."""
        if proof.name or proof.email:
            await tx.identities.describe(customer.id, proof.name, proof.email)
        for account in dict.fromkeys((proof.account, *proof.also)):
            await tx.blocks.adopt(await hash_account(tx, account), customer.id, now)

    @staticmethod
    async def _get_visit(tx: Transaction, session: Session) -> Visit:
        customer = await tx.sessions.get_customer(session.customer_id)
        assert customer is not None  # noqa: S101 - a foreign key says so
        ticket = customer.ticket and await tx.tickets.get_by_number(customer.ticket)
        return Visit(session=session, customer=customer, ticket=ticket or None)
