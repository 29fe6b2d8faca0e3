"""A moderator's words go to the customer."""

from __future__ import annotations

from ..db.transaction import Transaction
from ..domain.errors import Unavailable
from ..domain.model import Author, Message, Moderator, Target
from .ids import new_ulid
from .marks import ask_for_mark
from .notices import say_to_team
from .ports import Clock
from .tickets import TicketService


class AnswerService:
    """Stores answers, and lets the team see that they were."""

    def __init__(self, clock: Clock, tickets: TicketService) -> None:
        self._clock, self._tickets = clock, tickets

    async def deliver(
        self, tx: Transaction, by: Moderator, target: Target, text: str, *, from_console: bool = False
    ) -> Message:
        """Store a moderator's text in the customer's conversation and return the message.

        The group is shown what comes from the console; all else that concerns it was said there. So it is
        with the private room of a moderator who is in Matrix.

        Raises:
            Unavailable: the target is one no longer, as a second look will tell.
        """
        customer = await tx.conversations.advance(target.customer_id)
        if customer is None:
            raise Unavailable("The conversation has just moved, or was erased.", retry_after=1)
        now = self._clock.now()
        message = Message(
            id=new_ulid(now),
            customer_id=customer.id,
            seq=customer.last_seq,
            ticket=target.ticket,
            channel="team" if target.direct_id is None else "direct",
            author=Author(kind="moderator", id=by.id, name=by.name, verified=True),
            text=text,
            reply_to=target.message_id,
            client_id=None,
            created_at=now,
            moderator_id=None if target.direct_id is None else by.id,
        )
        await tx.conversations.add_message(message, customer.last_event)
        if from_console and target.ticket is not None:
            await tx.outbox.add_copy(message)
        if target.ticket is not None:
            await self._tickets.touch(tx, target.ticket, now)
            await ask_for_mark(tx, now, target.customer_id, target.ticket)
        if target.direct_id is not None:
            await tx.directs.touch(target.direct_id, now)
            if from_console and by.mxid is not None:
                await say_to_team(
                    tx,
                    now,
                    f"You, in the console: {text}",
                    customer_id=target.customer_id,
                    direct_id=target.direct_id,
                )
        return message
