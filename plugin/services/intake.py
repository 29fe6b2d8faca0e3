"""A customer's message comes in: checked, given its ticket, stored, and put on its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import Conflict, Unauthorized
from ..domain.model import Author, Channel, Customer, Message
from ..domain.text import checked_text
from .background import Worker
from .directs import DirectService
from .firewall import MOVE_FUNDS, Completed, Derives, examine
from .hub import Hub
from .ids import new_ulid
from .notices import tell_team_unless_blocked
from .ports import Clock
from .recall import recall
from .tickets import TicketService

TAKEN_BACK = "taken_back"
"""Id of the author of the notice that messages were taken back; a page may show it in its own language."""


class _Repeated(Exception):
    """This `client_id` is stored already; leaving the transaction by it gives back the numbers taken."""

    def __init__(self, message: Message) -> None:
        self.message = message


class Intake:
    """Takes customers' messages. It does not look whether one is blocked, so that it can't show."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        hub: Hub,
        relays: Mapping[Channel, Worker],
        wake_redactions: Callable[[], None],
        tickets: TicketService,
        directs: DirectService,
        derives: Derives | None = None,
    ) -> None:
        self._database, self._clock, self._hub, self._relays = database, clock, hub, relays
        self._wake_redactions, self._derives = wake_redactions, derives
        self._tickets, self._directs = tickets, directs

    async def take_message(
        self,
        customer_id: str,
        client_id: str,
        text: str,
        *,
        moderator_id: str | None = None,
        confirmed: bool = False,
    ) -> tuple[Message, bool]:
        """Store a message; return it, and whether it is new: the same `client_id` again is the same message.

        With a moderator it is a direct one, for nobody else. `confirmed`: the customer says that what looks
        like a secret is none.

        Raises:
            TextEmpty, TextTooLong, SecretRefused, SecretSuspected: nothing of it is stored.
            Invalid: this moderator can't be written to.
            Conflict: the `client_id` stands for another text, or for a message to somebody else.
            Unavailable: the database can't take it now.
        """
        text = checked_text(text)
        try:
            async with self._database.transaction() as tx:
                stored = await self._store(
                    tx, customer_id, client_id, text, moderator_id=moderator_id, confirmed=confirmed
                )
        except _Repeated as repeated:
            return repeated.message, False
        self._hub.wake(customer_id)
        if isinstance(stored, Completed):
            # What was joined with the parts that were taken back goes out again, in either channel.
            for relay in self._relays.values():
                relay.wake()
            self._wake_redactions()
            raise stored.refusal()
        self._relays[stored.channel].wake()
        return stored, True

    async def _store(
        self,
        tx: Transaction,
        customer_id: str,
        client_id: str,
        text: str,
        *,
        moderator_id: str | None,
        confirmed: bool,
    ) -> Message | Completed:
        # The lock comes first: of two requests with one client_id the second then sees the first's row.
        customer = await tx.conversations.advance(customer_id)
        if customer is None:
            raise Unauthorized
        repeated = await tx.conversations.get_message_by_client_id(customer_id, client_id)
        if repeated is not None:
            if repeated.text != text and not repeated.deleted_at:
                # To answer with the old message would lose the new text without a word.
                raise Conflict("client_id was given to another text before.", field="client_id")
            if repeated.moderator_id != moderator_id:
                raise Conflict("client_id was given to a message to somebody else.", field="client_id")
            raise _Repeated(repeated)
        # Not before the lock: two parts that come at once would not see each other.
        completed = await examine(tx, customer, text, confirmed=confirmed, derives=self._derives)
        if completed is not None:
            await self._take_back(tx, customer, completed)
            return completed
        now = self._clock.now()
        direct = moderator_id and await self._directs.open(tx, customer_id, moderator_id, now)
        message = Message(
            id=new_ulid(now),
            customer_id=customer_id,
            seq=customer.last_seq,
            ticket=None if direct else await self._tickets.get_for_message(tx, customer, now),
            channel="direct" if direct else "team",
            author=Author(kind="customer", id=customer_id, name=customer.name),
            text=text,
            reply_to=None,
            client_id=client_id,
            created_at=now,
            moderator_id=moderator_id,
        )
        await tx.conversations.add_message(message, customer.last_event)
        if direct:
            await tx.outbox.add_direct_message(message, direct.id)
        else:
            await tx.outbox.add_message(message)
        return message

    async def _take_back(self, tx: Transaction, customer: Customer, completed: Completed) -> None:
        """Take the former parts of a secret back, and say so in the conversation, for all its tabs."""
        now, last = self._clock.now(), completed.parts[-1]
        notice = replace(
            last,
            id=new_ulid(now),
            seq=customer.last_seq,
            author=Author(kind="system", id=TAKEN_BACK, name=None),
            text=MOVE_FUNDS,
            reply_to=None,
            client_id=None,
            created_at=now,
            edited_at=None,
        )
        await tx.conversations.add_message(notice, customer.last_event)
        for ticket, knows in (await recall(tx, completed.parts, now)).items():
            text = f"#{ticket}: parts of messages were taken back, as they belonged to a secret"
            await tell_team_unless_blocked(tx, now, text, customer_id=customer.id, ticket=ticket, knows=knows)
