"""A customer's message comes in: checked, given its ticket, stored, and put on its way."""

from __future__ import annotations

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import Conflict, TextEmpty, TextTooLong, Unauthorized
from ..domain.model import Author, Message
from ..domain.text import MAX_TEXT, normalise
from .background import Worker
from .hub import Hub
from .ids import new_ulid
from .ports import Clock
from .tickets import TicketService


class _Repeated(Exception):
    """This `client_id` is stored already; leaving the transaction by it gives back the numbers taken."""

    def __init__(self, message: Message) -> None:
        self.message = message


class Intake:
    """Takes customers' messages. It does not look whether one is blocked, so that it can't show."""

    def __init__(
        self, database: Database, clock: Clock, hub: Hub, relay: Worker, tickets: TicketService
    ) -> None:
        self._database, self._clock, self._hub, self._relay = database, clock, hub, relay
        self._tickets = tickets

    async def take_message(self, customer_id: str, client_id: str, text: str) -> tuple[Message, bool]:
        """Store a message; return it, and whether it is new: the same `client_id` again is the same message.

        Raises:
            TextEmpty, TextTooLong: nothing is stored.
            Conflict: the `client_id` stands for another text.
            Unavailable: the database can't take it now.
        """
        text = self._check(text)
        try:
            async with self._database.transaction() as tx:
                message = await self._store(tx, customer_id, client_id, text)
        except _Repeated as repeated:
            return repeated.message, False
        self._hub.wake(customer_id)
        self._relay.wake()
        return message, True

    @staticmethod
    def _check(text: str) -> str:
        text = normalise(text)
        if not text:
            raise TextEmpty
        if len(text) > MAX_TEXT:
            raise TextTooLong(f"The text has {len(text)} characters, {MAX_TEXT} are allowed.", limit=MAX_TEXT)
        return text

    async def _store(self, tx: Transaction, customer_id: str, client_id: str, text: str) -> Message:
        # The lock comes first: of two requests with one client_id the second then sees the first's row.
        customer = await tx.conversations.advance(customer_id)
        if customer is None:
            raise Unauthorized
        repeated = await tx.conversations.get_message_by_client_id(customer_id, client_id)
        if repeated is not None:
            if repeated.text != text:
                # To answer with the old message would lose the new text without a word.
                raise Conflict("client_id was given to another text before.", field="client_id")
            raise _Repeated(repeated)
        now = self._clock.now()
        message = Message(
            id=new_ulid(now),
            customer_id=customer_id,
            seq=customer.last_seq,
            ticket=await self._tickets.get_for_message(tx, customer, now),
            channel="team",
            author=Author(kind="customer", id=customer_id, name=customer.name),
            text=text,
            reply_to=None,
            client_id=client_id,
            created_at=now,
        )
        await tx.conversations.add_message(message, customer.last_event)
        await tx.outbox.add_message(message)
        return message
