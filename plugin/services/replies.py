"""From the room to the customer: a stored event is understood and carried out, once."""

from __future__ import annotations

from collections.abc import Callable

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.model import Author, Message, RoomEvent, Target
from ..domain.replies import Answer, Meaning, Order, ReplyEvent, interpret
from ..domain.roster import Roster
from .hub import Hub
from .ids import new_ulid
from .moderation import ModerationService
from .ports import Clock, EventReader, GetSettings


class _HandledElsewhere(Exception):
    """Another host was first; leaving the transaction by it undoes ours."""


class ReplyService:
    """Handles the events of the support room."""

    def __init__(
        self,
        *,
        database: Database,
        reader: EventReader,
        moderation: ModerationService,
        clock: Clock,
        hub: Hub,
        settings: GetSettings,
        own_mxid: str,
        wake_relay: Callable[[], None],
    ) -> None:
        self._database, self._reader, self._moderation = database, reader, moderation
        self._clock, self._hub, self._settings = clock, hub, settings
        self._own_mxid, self._wake_relay = own_mxid, wake_relay

    async def handle(self, event: RoomEvent) -> None:
        """Carry out what an event means, in one transaction with the mark that it is handled."""
        try:
            async with self._database.transaction() as tx:
                reply = self._reader.read_reply(event)
                target = await tx.inbox.get_target(reply.reply_to) if reply.reply_to else None
                meaning = interpret(reply, await self._get_roster(tx), target)
                outcome = await self._carry_out(tx, event, reply, meaning)
                if not await tx.inbox.finish(event.event_id, outcome):
                    raise _HandledElsewhere
        except _HandledElsewhere:
            return
        if isinstance(meaning, Answer):
            self._hub.wake(meaning.target.customer_id)
        elif isinstance(meaning, Order):
            self._wake_relay()

    async def _get_roster(self, tx: Transaction) -> Roster:
        settings = self._settings()
        return Roster(
            await tx.moderators.list_active(),
            bridge_bot=settings.bridge_bot,
            ghost_template=settings.ghost_template,
            own_mxid=self._own_mxid,
        )

    async def _carry_out(self, tx: Transaction, event: RoomEvent, reply: ReplyEvent, meaning: Meaning) -> str:
        """Do it, and return the word under which the event is kept."""
        if isinstance(meaning, Answer):
            await self._deliver(tx, event, meaning)
            return "answer"
        if isinstance(meaning, Order):
            await self._moderation.carry_out(tx, meaning, at=event.sent_at)
            return "command"
        if meaning.reason == "own":
            await self._note_own_post(tx, event)
        elif meaning.target is not None and meaning.reason in ("stranger", "foreign_author"):
            await self._note_stranger(tx, event, reply, meaning.target)
        return meaning.reason

    async def _deliver(self, tx: Transaction, event: RoomEvent, answer: Answer) -> None:
        customer = await tx.conversations.advance(answer.target.customer_id)
        assert customer is not None  # noqa: S101 - a foreign key says so
        now, moderator = self._clock.now(), answer.moderator
        message = Message(
            id=new_ulid(now),
            customer_id=customer.id,
            seq=customer.last_seq,
            ticket=answer.target.ticket,
            channel="team",
            author=Author(kind="moderator", id=moderator.id, name=moderator.name, verified=True),
            text=answer.text,
            reply_to=answer.target.message_id,
            client_id=None,
            created_at=now,
        )
        await tx.conversations.add_message(message, customer.last_event)
        await tx.inbox.add_reply(event.event_id, answer.target, message.id)

    async def _note_own_post(self, tx: Transaction, event: RoomEvent) -> None:
        """Learn from the room itself that a post is there, before any reply to it can be read.

        The relay may have died between the homeserver's answer and its own commit.
        """
        mark = self._reader.read_mark(event)
        batch = mark and await tx.outbox.get_batch(mark.batch_id)
        if mark and batch:
            await tx.inbox.add_post(event.event_id, batch, mark.part)
            await tx.outbox.confirm_sent(batch.id, self._clock.now())

    @staticmethod
    async def _note_stranger(tx: Transaction, event: RoomEvent, reply: ReplyEvent, target: Target) -> None:
        await tx.records.add_stranger_reply(
            new_ulid(event.sent_at),
            event_id=event.event_id,
            sender=event.sender,
            ticket=target.ticket,
            text=reply.text,
            sent_at=event.sent_at,
        )
