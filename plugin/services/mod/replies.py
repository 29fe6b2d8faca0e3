"""What moderators say at the console: to customers, and to each other as notes; each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ...db.database import Database
from ...db.transaction import Transaction
from ...domain.desk import Delivery, TeamNote
from ...domain.errors import Conflict, NotFound
from ...domain.model import Channel, HeldReply, Message, Moderator, Target, console_event, console_sender
from ...domain.text import checked_text
from ..answers import AnswerService
from ..audit import acting, place_of, write_down
from ..background import Worker
from ..firewall import why_held
from ..held import HeldReplyService
from ..hub import Hub
from ..ports import Clock
from ..ticket_acts import TicketActs
from .held import HeldDesk, HeldView
from .tickets import lock_ticket, refuse_erased

_FAILED = ("failed", "unconfirmed")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What became of a moderator's words: a message, or a reply that is held."""

    message: Message | None = None
    delivery: Delivery | None = None
    held: HeldView | None = None
    blocked: bool = False
    """So is the customer of what is held."""
    is_new: bool
    """False: it was said before, under the same id."""


class ReplyDesk:
    """Takes moderators' words. Their programs name each by an id, under which it is said once."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        answers: AnswerService,
        held: HeldReplyService,
        held_desk: HeldDesk,
        acts: TicketActs,
        hub: Hub,
        relays: Mapping[Channel, Worker],
    ) -> None:
        self._database, self._clock, self._answers = database, clock, answers
        self._held, self._held_desk, self._acts = held, held_desk, acts
        self._hub, self._relays = hub, relays

    async def answer(self, by: Moderator, number: int, client_id: str, text: str) -> Said:
        """Give a text to the customer of a ticket, and show it to the group; what asks for a secret is held.

        Raises:
            TextEmpty, TextTooLong, NotFound
            Conflict: the customer was erased, or the `client_id` stands for something else.
        """
        text = checked_text(text)
        async with self._database.transaction() as tx:
            ticket = await lock_ticket(tx, number)
            target = Target(customer_id=ticket.customer_id, ticket=number, message_id=None)
            said = await self.say(tx, by, target, client_id, text)
        self.wake(target)
        return said

    async def say(self, tx: Transaction, by: Moderator, target: Target, client_id: str, text: str) -> Said:
        """Say a text that was checked, under the lock of the conversation that it is for.

        Raises:
            Conflict: the customer was erased, or the `client_id` stands for something else.
        """
        found = await tx.console_acts.find(by.id, client_id)
        if found is not None:
            return await self._repeat(tx, by, target, found, text)
        await refuse_erased(tx, target.customer_id)
        why, now = why_held(text), self._clock.now()
        if why is not None:
            held = await self._held.hold(
                tx,
                event_id=console_event(by.id, client_id),
                sender=console_sender(by.id),
                sent_at=now,
                by=by,
                target=target,
                text=text,
                why=why,
            )
            await self._note(tx, by, client_id, held.id)
            return await self._show_held(tx, by, held, is_new=True)
        message = await self._answers.deliver(tx, by, target, text, from_console=True)
        await self._note(tx, by, client_id, message.id)
        place = place_of(target.direct_id, target.ticket)
        about = {"customer": target.customer_id, **place}
        await write_down(tx, now, acting(by), "reply.sent", about, {"message": message.id})
        return await self._show(tx, message, is_new=True)

    async def write_note(
        self, by: Moderator, number: int, client_id: str, text: str
    ) -> tuple[TeamNote, bool]:
        """Keep a note on a ticket; return it, and whether it is new.

        Raises:
            TextEmpty, TextTooLong, NotFound
            Conflict: the `client_id` stands for something else.
        """
        text = checked_text(text)
        async with self._database.transaction() as tx:
            ticket = await lock_ticket(tx, number)
            target = Target(customer_id=ticket.customer_id, ticket=number, message_id=None)
            return await self.note(tx, by, target, client_id, text)

    async def note(
        self, tx: Transaction, by: Moderator, target: Target, client_id: str, text: str
    ) -> tuple[TeamNote, bool]:
        """Keep a note whose text was checked, under the lock of the conversation that it is about.

        Raises:
            Conflict: the customer was erased, or the `client_id` stands for something else.
        """
        found = await tx.console_acts.find(by.id, client_id)
        if found is not None:
            note = await tx.notes.get(found)
            if note is None or not _is_of(note, target) or note.text not in (text, ""):
                raise _taken()
            return note, False
        await refuse_erased(tx, target.customer_id)
        note = await self._acts.write_note(tx, by, target, text)
        await self._note(tx, by, client_id, note.id)
        return note, True

    async def resend(self, by: Moderator, message_id: str) -> Said:
        """Send what did not get to the group, or to this moderator, once more.

        Raises:
            NotFound: there is no such message, or it is somebody else's private one.
            Conflict: there is nothing to send again.
        """
        async with self._database.transaction() as tx:
            message = await tx.conversations.get_message(message_id)
            if message is None or message.moderator_id not in (None, by.id):
                raise NotFound
            batch = await tx.batches.get_of_message(message_id)
            # Locked, so that the bridge's word does not come in between.
            if batch is None or await tx.batches.lock(batch.id) not in _FAILED:
                raise Conflict("There is nothing to send again.")
            now = self._clock.now()
            await tx.batches.send_again(batch.id, now, timedelta(), None)
            place = place_of(batch.direct_id, batch.ticket)
            about = {"customer": message.customer_id, **place}
            await write_down(tx, now, acting(by), "message.resent", about, {"message": message_id})
            said = await self._show(tx, message, is_new=False)
        self._relays[message.channel].wake()
        return said

    def wake(self, target: Target) -> None:
        """Let what was said be sent and shown, once it is stored."""
        self._hub.wake(target.customer_id)
        self._relays["direct" if target.direct_id else "team"].wake()

    async def _repeat(self, tx: Transaction, by: Moderator, target: Target, found: str, text: str) -> Said:
        message, held = await tx.conversations.get_message(found), await tx.held.get(found)
        said: Message | HeldReply | None = message or held
        # What was forgotten has no text to compare with.
        if said is None or not _is_of(said, target) or said.text not in (text, ""):
            raise _taken()
        if message is not None:
            return await self._show(tx, message, is_new=False)
        assert held is not None  # noqa: S101 - one of the two was found
        return await self._show_held(tx, by, held, is_new=False)

    async def _note(self, tx: Transaction, by: Moderator, client_id: str, object_id: str) -> None:
        if not await tx.console_acts.add(by.id, client_id, object_id, self._clock.now()):
            raise _taken()

    @staticmethod
    async def _show(tx: Transaction, message: Message, *, is_new: bool) -> Said:
        delivery = (await tx.listing.get_delivery([message.id]))[message.id]
        return Said(message=message, delivery=delivery, is_new=is_new)

    async def _show_held(self, tx: Transaction, by: Moderator, held: HeldReply, *, is_new: bool) -> Said:
        view = await self._held_desk.get(tx, held.id, by)
        blocked = held.customer_id in await tx.blocks.list_blocked(self._clock.now())
        return Said(held=view, blocked=blocked, is_new=is_new)


def _is_of(said: Message | HeldReply | TeamNote, target: Target) -> bool:
    """Tell whether it was said there; of what is private only the customer tells where."""
    return (said.customer_id, said.ticket) == (target.customer_id, target.ticket)


def _taken() -> Conflict:
    # To answer with what was said before would lose these words without a word.
    return Conflict("client_id was given to something else before.", field="client_id")
