"""From the room to the customer: a stored event is understood and carried out, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.model import Channel, Direct, RoomEvent, Target
from ..domain.replies import Answer, Correction, Ignored, Note, Order, Reason, ReplyEvent, interpret
from ..domain.roster import Roster
from .answers import AnswerService
from .background import Worker
from .changes import ChangeService
from .delivery import DeliveryService
from .direct_orders import DirectOrderService
from .firewall import why_held
from .held import HeldReplyService
from .hub import Hub
from .ids import new_ulid
from .orders import OrderService
from .ports import EventReader, GetSettings
from .quiet_room import QuietRoom

_STRANGERS: tuple[Reason, ...] = ("stranger", "anonymous", "foreign_author")
"""Why a reply to a ticket may be somebody's whom the team does not know."""


class _HandledElsewhere(Exception):
    """Another host was first; leaving the transaction by it undoes ours."""


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """The word under which an event is kept, and whom it concerns."""

    word: str
    customer_id: str | None = None
    """Whose streams may have moved on."""
    work: Channel | None = None
    """Where there may be something to send, or to redact."""


class ReplyService:
    """Handles the events of the support room and of the direct rooms."""

    def __init__(
        self,
        *,
        database: Database,
        reader: EventReader,
        answers: AnswerService,
        orders: OrderService,
        direct_orders: DirectOrderService,
        changes: ChangeService,
        held: HeldReplyService,
        delivery: DeliveryService,
        hub: Hub,
        settings: GetSettings,
        own_mxid: str,
        relays: Mapping[Channel, Worker],
        wake_redactions: Callable[[], None],
        wake_room: Callable[[], None],
        wake_names: Callable[[], None],
        quiet_room: QuietRoom,
    ) -> None:
        self._database, self._reader, self._answers = database, reader, answers
        self._orders, self._direct_orders = orders, direct_orders
        self._changes, self._held, self._delivery = changes, held, delivery
        self._hub, self._settings, self._own_mxid = hub, settings, own_mxid
        self._relays, self._wake_redactions, self._wake_room = relays, wake_redactions, wake_room
        self._wake_names = wake_names
        self._quiet_room = quiet_room

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
        if outcome.work is not None:
            self._relays[outcome.work].wake()
            self._wake_redactions()
        if outcome.word in _STRANGERS:
            self._wake_names()
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
        direct = await tx.directs.get_by_room(event.room_id)
        if direct is not None:
            unheard = await self._keep_out(tx, event, roster, direct)
            if unheard is not None:
                return unheard
        is_quiet = event.room_id == self._quiet_room.room_id
        if is_quiet and event.sender != roster.own_mxid:
            return _Outcome(word="stranger")
        report = self._reader.read_report(event)
        if report is not None:
            # Anybody in the room can send such an event; only the bridge knows.
            knows = is_quiet or event.sender == roster.bridge_bot
            known = knows and await self._delivery.note_report(
                tx, report, event.sent_at, by_bridge=not is_quiet
            )
            return _Outcome(word="report" if known else "foreign_report", work="team" if known else None)
        replacement = self._reader.read_replacement(event) if direct is None else None
        if replacement is not None:
            await tx.inbox.add_replacement(event.room_id, replacement)
            return _Outcome(word="tombstone")
        if event.sender == roster.own_mxid:
            return await self._note_own(tx, event)
        redacted = self._reader.read_redacted(event)
        if redacted is not None:
            customer_id = await self._changes.take_back(tx, event, redacted, roster)
            return _Outcome(word="deletion", customer_id=customer_id)
        if direct is not None and self._reader.is_encrypted(event):
            await self._direct_orders.hint_at_encryption(tx, direct, event.sender)
            return _Outcome(word="encrypted", work="direct")
        return await self._carry_out_words(tx, event, roster, direct)

    async def _keep_out(
        self, tx: Transaction, event: RoomEvent, roster: Roster, direct: Direct
    ) -> _Outcome | None:
        """Return what becomes of an event in a direct room that is not its moderator's to a customer."""
        if event.sender == roster.own_mxid:
            return await self._note_own(tx, event)
        if not roster.is_heard_in_direct(event.sender, direct.moderator_id):
            # Nobody else may say, change or delete anything there, on the allow-list or not.
            return await self._pass_over(
                tx, event, self._reader.read_reply(event), Ignored(reason="stranger")
            )
        # To nobody: neither an answer, nor a command that would be carried out in the group's name.
        return _Outcome(word="erased") if await tx.sessions.is_erased(direct.customer_id) else None

    async def _carry_out_words(
        self, tx: Transaction, event: RoomEvent, roster: Roster, direct: Direct | None
    ) -> _Outcome:
        reply = self._reader.read_reply(event)
        target = await self._find_target(tx, reply, direct)
        if target is not None:
            await tx.conversations.lock(target.customer_id)
        work: Channel = "team" if direct is None else "direct"
        meaning = interpret(reply, roster, target)
        if isinstance(meaning, Answer):
            word = await self._answer(tx, event, meaning)
            await self._changes.apply_early(tx, event.event_id, roster)
            return _Outcome(word=word, customer_id=meaning.target.customer_id, work=work)
        if isinstance(meaning, Correction):
            customer_id = await self._changes.correct(tx, event, meaning)
            return _Outcome(word="edit", customer_id=customer_id, work=work)
        if isinstance(meaning, Order):
            if target is not None and target.direct_id:
                await self._direct_orders.carry_out(tx, meaning, target, event.sent_at)
            else:
                await self._orders.carry_out(tx, meaning, event)
            if meaning.target is not None:
                await tx.inbox.add_talk(event.event_id, event.sender, meaning.target)
            customer_id = meaning.target.customer_id if meaning.target else None
            return _Outcome(word="command", customer_id=customer_id, work=work)
        if isinstance(meaning, Note):
            await self._orders.keep_note(tx, meaning)
            await tx.inbox.add_talk(event.event_id, event.sender, meaning.target)
            return _Outcome(word="note")
        return await self._pass_over(tx, event, reply, meaning)

    @staticmethod
    async def _find_target(tx: Transaction, reply: ReplyEvent, direct: Direct | None) -> Target | None:
        """Return what a reply in the support room points at; in a direct room it is the conversation."""
        direct_id = direct.id if direct else None
        target = await tx.inbox.get_target(reply.reply_to, direct_id) if reply.reply_to else None
        if direct is None:
            return target
        return Target(
            customer_id=direct.customer_id,
            ticket=None,
            message_id=target.message_id if target else None,
            direct_id=direct.id,
        )

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

    async def _note_own(self, tx: Transaction, event: RoomEvent) -> _Outcome:
        """Note a post of the relay's; what the bot itself has said is never read as anybody's words."""
        mark = self._reader.read_mark(event)
        taken_back = mark is not None and await self._delivery.note_post(
            tx, event.event_id, event.sender, mark
        )
        return _Outcome(word="own", work="team" if taken_back else None)

    async def _pass_over(
        self, tx: Transaction, event: RoomEvent, reply: ReplyEvent, meaning: Ignored
    ) -> _Outcome:
        if meaning.target is not None and meaning.reason in _STRANGERS:
            await self._note_stranger(tx, event, reply, meaning.target)
            if meaning.reason == "anonymous":
                await self._orders.hint_to_anonymous(tx, event.sender, meaning.target)
        return _Outcome(word=meaning.reason, work="team" if meaning.reason == "anonymous" else None)

    @staticmethod
    async def _note_stranger(tx: Transaction, event: RoomEvent, reply: ReplyEvent, target: Target) -> None:
        if target.ticket is None:
            return
        await tx.records.add_stranger_reply(
            new_ulid(event.sent_at),
            event_id=event.event_id,
            sender=event.sender,
            ticket=target.ticket,
            text=reply.text,
            sent_at=event.sent_at,
        )
