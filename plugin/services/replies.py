"""From the room to the customer: a stored event is understood and carried out, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.model import RoomEvent, Target
from ..domain.replies import Answer, Correction, Ignored, Note, Order, ReplyEvent, interpret
from ..domain.roster import Roster
from .answers import AnswerService
from .changes import ChangeService
from .delivery import DeliveryService
from .firewall import why_held
from .held import HeldReplyService
from .hub import Hub
from .ids import new_ulid
from .orders import OrderService
from .ports import EventReader, GetSettings


class _HandledElsewhere(Exception):
    """Another host was first; leaving the transaction by it undoes ours."""


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """The word under which an event is kept, and whom it concerns."""

    word: str
    customer_id: str | None = None
    """Whose streams may have moved on."""
    has_work: bool = False
    """There may be something to send, or to redact."""


class ReplyService:
    """Handles the events of the support room."""

    def __init__(
        self,
        *,
        database: Database,
        reader: EventReader,
        answers: AnswerService,
        orders: OrderService,
        changes: ChangeService,
        held: HeldReplyService,
        delivery: DeliveryService,
        hub: Hub,
        settings: GetSettings,
        own_mxid: str,
        wake_senders: Callable[[], None],
        wake_room: Callable[[], None],
    ) -> None:
        self._database, self._reader, self._answers = database, reader, answers
        self._orders, self._changes, self._held, self._delivery = orders, changes, held, delivery
        self._hub, self._settings = hub, settings
        self._own_mxid, self._wake_senders, self._wake_room = own_mxid, wake_senders, wake_room

    async def handle(self, event: RoomEvent) -> None:
        """Carry out what an event means, in one transaction with the mark that it is handled."""
        try:
            async with self._database.transaction() as tx:
                outcome = await self._carry_out(tx, event, await self._get_roster(tx))
                if not await tx.inbox.finish(event.event_id, outcome.word):
                    raise _HandledElsewhere
        except _HandledElsewhere:
            return
        if outcome.customer_id is not None:
            self._hub.wake(outcome.customer_id)
        if outcome.has_work:
            self._wake_senders()
        if outcome.word == "tombstone":
            self._wake_room()

    async def _get_roster(self, tx: Transaction) -> Roster:
        settings = self._settings()
        return Roster(
            await tx.moderators.list_active(),
            bridge_bot=settings.bridge_bot,
            ghost_template=settings.ghost_template,
            own_mxid=self._own_mxid,
        )

    async def _carry_out(self, tx: Transaction, event: RoomEvent, roster: Roster) -> _Outcome:
        report = self._reader.read_report(event)
        if report is not None:
            # Anybody in the room can send such an event; only the bridge knows.
            known = event.sender == roster.bridge_bot and await self._delivery.note_report(
                tx, report, event.sent_at
            )
            return _Outcome(word="report" if known else "foreign_report", has_work=known)
        redacted = self._reader.read_redacted(event)
        if redacted is not None and event.sender == roster.own_mxid:
            return _Outcome(word="own")
        if redacted is not None:
            customer_id = await self._changes.take_back(tx, event, redacted, roster)
            return _Outcome(word="deletion", customer_id=customer_id)
        replacement = self._reader.read_replacement(event)
        if replacement is not None:
            await tx.inbox.add_replacement(event.room_id, replacement)
            return _Outcome(word="tombstone")
        return await self._carry_out_words(tx, event, roster)

    async def _carry_out_words(self, tx: Transaction, event: RoomEvent, roster: Roster) -> _Outcome:
        reply = self._reader.read_reply(event)
        target = await tx.inbox.get_target(reply.reply_to) if reply.reply_to else None
        meaning = interpret(reply, roster, target)
        if isinstance(meaning, Answer):
            word = await self._answer(tx, event, meaning)
            await self._changes.apply_early(tx, event.event_id, roster)
            return _Outcome(word=word, customer_id=meaning.target.customer_id, has_work=True)
        if isinstance(meaning, Correction):
            customer_id = await self._changes.correct(tx, event, meaning)
            return _Outcome(word="edit", customer_id=customer_id, has_work=True)
        if isinstance(meaning, Order):
            await self._orders.carry_out(tx, meaning, event)
            if meaning.target is not None:
                await tx.inbox.add_talk(event.event_id, event.sender, meaning.target)
            customer_id = meaning.target.customer_id if meaning.target else None
            return _Outcome(word="command", customer_id=customer_id, has_work=True)
        if isinstance(meaning, Note):
            await self._orders.keep_note(tx, meaning)
            await tx.inbox.add_talk(event.event_id, event.sender, meaning.target)
            return _Outcome(word="note")
        return await self._pass_over(tx, event, reply, meaning)

    async def _answer(self, tx: Transaction, event: RoomEvent, answer: Answer) -> str:
        why = why_held(answer.text)
        if why is not None:
            await self._held.hold(
                tx,
                event_id=event.event_id,
                sender=event.sender,
                sent_at=event.sent_at,
                by=answer.moderator,
                target=answer.target,
                text=answer.text,
                why=why,
            )
            return "held"
        message = await self._answers.deliver(tx, answer.moderator, answer.target, answer.text)
        await tx.inbox.add_reply(event.event_id, event.sender, answer.target, message.id)
        return "answer"

    async def _pass_over(
        self, tx: Transaction, event: RoomEvent, reply: ReplyEvent, meaning: Ignored
    ) -> _Outcome:
        if meaning.reason == "own":
            mark = self._reader.read_mark(event)
            taken_back = mark is not None and await self._delivery.note_post(
                tx, event.event_id, event.sender, mark
            )
            return _Outcome(word="own", has_work=taken_back)
        if meaning.target is not None and meaning.reason in ("stranger", "anonymous", "foreign_author"):
            await self._note_stranger(tx, event, reply, meaning.target)
            if meaning.reason == "anonymous":
                await self._orders.hint_to_anonymous(tx, event.sender, meaning.target)
        return _Outcome(word=meaning.reason, has_work=meaning.reason == "anonymous")

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
