"""What a customer may ask for at any time: what is kept of the conversation, or that it is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import NotFound, Unauthorized
from ..domain.model import Customer, Message, Session, Ticket
from .accounts import hash_account
from .hub import Hub
from .ids import new_ulid
from .notices import tell_team_unless_blocked
from .ports import Clock
from .recall import recall

_PAGE = 200


@dataclass(frozen=True, kw_only=True)
class Export:
    """What a customer wrote and got; without blocks, notes, audit and delivery."""

    customer: Customer
    particulars: Mapping[str, Any]
    """identity, name, account, email."""
    tickets: list[tuple[Ticket, str | None]]
    """Each with what the customer said with the rating."""
    messages: AsyncIterator[Message]
    """The conversation, read in pages as it is asked for."""


class PrivacyService:
    """Exports and erases one customer."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        hub: Hub,
        wake_redactions: Callable[[], None],
        wake_relays: Callable[[], None],
    ) -> None:
        self._database, self._clock, self._hub = database, clock, hub
        self._wake_redactions, self._wake_relays = wake_redactions, wake_relays

    async def export(self, session: Session) -> Export:
        """Return all that is kept of the session's customer and is theirs."""
        async with self._database.snapshot() as tx:
            customer = await tx.sessions.get_customer(session.customer_id)
            if customer is None:
                raise Unauthorized
            return Export(
                customer=customer,
                particulars=await tx.erasure.get_particulars(customer.id),
                tickets=await tx.erasure.list_tickets(customer.id),
                messages=self._read_messages(customer),
            )

    async def _read_messages(self, customer: Customer) -> AsyncIterator[Message]:
        seq = 0
        while seq < customer.last_seq:
            async with self._database.snapshot() as tx:
                page = await tx.conversations.list_messages_after(customer.id, seq, _PAGE)
            for message in page:
                yield message
            seq = page[-1].seq if page else customer.last_seq

    async def take_back(self, session: Session, message_id: str) -> None:
        """Forget the text of one of the customer's own messages, here and in the rooms; twice is once.

        Raises:
            NotFound: this customer has written no such message.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await tx.conversations.lock(session.customer_id)
            message = await tx.conversations.get_message(message_id)
            is_own = message is not None and message.customer_id == session.customer_id
            if message is None or not is_own or message.author.kind != "customer":
                raise NotFound
            if message.deleted_at:
                return
            for ticket, knows in (await recall(tx, [message], now)).items():
                text = f"#{ticket}: the customer took a message back"
                await tell_team_unless_blocked(
                    tx, now, text, customer_id=message.customer_id, ticket=ticket, knows=knows
                )
        self._wake(session.customer_id)

    async def erase(self, session: Session) -> None:
        """Forget the session's customer: every text, name and address, here and in the rooms.

        What stays is numbers, ids and times, and of a running block what recognises the account.

        Raises:
            Unauthorized: it was done before.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            customer = await tx.sessions.get_customer(session.customer_id)
            account = (await tx.erasure.get_particulars(session.customer_id))["account"]
            if customer is None or not await tx.erasure.erase_customer(customer.id, now):
                raise Unauthorized
            await tx.batches.wait_for_making()
            await tx.erasure.redact_all(customer.id, now)
            await tx.erasure.blank_all(customer.id, now)
            if customer.ticket is not None:
                text = f"#{customer.ticket} was erased, as the customer asked"
                await tell_team_unless_blocked(tx, now, text, customer_id=customer.id, ticket=customer.ticket)
            await tx.blocks.detach(customer.id, account and await hash_account(tx, account), now)
            await self._audit(tx, customer)
            tx.team_events.note("customer.erased", object_id=customer.id)
        self._wake(customer.id)

    def _wake(self, customer_id: str) -> None:
        self._hub.wake(customer_id)
        self._wake_redactions()
        self._wake_relays()

    async def _audit(self, tx: Transaction, customer: Customer) -> None:
        now = self._clock.now()
        await tx.records.add_audit(
            new_ulid(now),
            at=now,
            actor_id=customer.id,
            actor_name="customer",
            action="customer.erased",
            target={"customer": customer.id, "ticket": customer.ticket},
            detail={},
        )
