"""Edits and deletions of what a moderator said, whichever comes first and however often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..db.transaction import Transaction
from ..domain.model import HeldReply, Message, Moderator, RoomEvent, Target
from ..domain.replies import Correction
from ..domain.roster import Roster
from .firewall import why_held
from .held import HeldReplyService
from .ports import Clock

_CUT = timedelta(seconds=1)
"""Some edits bear Telegram's time, in whole seconds, and some the homeserver's, in milliseconds."""


@dataclass(frozen=True, kw_only=True)
class _Change:
    """An edit, or with no text a deletion, of what the event `target` says."""

    event_id: str
    target: str
    sender: str
    text: str | None
    sent_at: datetime


class ChangeService:
    """Changes what moderators said; only their own author may edit it."""

    def __init__(self, clock: Clock, held: HeldReplyService) -> None:
        self._clock, self._held = clock, held

    async def correct(self, tx: Transaction, event: RoomEvent, correction: Correction) -> str | None:
        """Give an answer its new text; return its customer, None where there is no such answer yet."""
        change = _change(event, correction.replaces, correction.text)
        customer_id = await self._edit(tx, change, correction.moderator, correction.text)
        if customer_id is None:
            await self._keep(tx, change)
        return customer_id

    async def take_back(self, tx: Transaction, event: RoomEvent, redacted: str, roster: Roster) -> str | None:
        """Delete an answer; return its customer, None where there is no such answer yet.

        The one bridge line redacts as its bot, the other as the ghost; moderators may delete in Matrix.
        """
        change = _change(event, redacted, None)
        customer_id = await self._delete(tx, change, roster)
        if customer_id is None:
            await self._keep(tx, change)
        return customer_id

    async def apply_early(self, tx: Transaction, event_id: str, roster: Roster) -> None:
        """Carry out what came before the answer that it is about; federation may do that."""
        for early in await tx.records.list_early_changes(event_id):
            change = _Change(
                event_id=early.event_id,
                target=event_id,
                sender=early.sender,
                text=early.text,
                sent_at=early.sent_at,
            )
            moderator = roster.find(early.sender)
            if change.text is None:
                await self._delete(tx, change, roster)
            elif moderator is not None:
                await self._edit(tx, change, moderator, change.text)

    async def _edit(self, tx: Transaction, change: _Change, by: Moderator, text: str) -> str | None:
        reply = await tx.inbox.get_reply(change.target)
        if reply is None:
            held = await tx.held.get_by_event(change.target)
            if held is not None and held.sender == change.sender:
                await self._edit_held(tx, change, held, by, text)
            return None if held is None else held.customer_id
        message = await tx.conversations.get_message(reply.message_id)
        assert message is not None  # noqa: S101 - a foreign key says so
        if reply.sender == change.sender and not message.deleted_at:
            target = Target(
                customer_id=message.customer_id,
                ticket=message.ticket,
                message_id=message.reply_to,
                direct_id=reply.direct_id,
            )
            await self._edit_delivered(tx, change, message, by, target, text)
            await tx.inbox.add_edit(change.event_id, change.target)
        return message.customer_id

    async def _edit_delivered(
        self, tx: Transaction, change: _Change, message: Message, by: Moderator, target: Target, text: str
    ) -> None:
        if await self._is_outdated(tx, change, message):
            return
        held, why = await tx.held.get_last_edit_of(message.id), why_held(text)
        if held is not None and held.state != "held":
            held = None
        if held is not None and change.sent_at >= held.written_at - _CUT:
            await self._edit_held(tx, change, held, by, text)
        elif why is None and text != message.text:
            await tx.conversations.edit_message(message, text, change.sent_at)
        elif why is None:
            # It shows nowhere, and yet outdates an older edit that may come later.
            await self._keep(tx, change)
        elif why is not None and held is None:
            await self._held.hold(
                tx,
                event_id=change.event_id,
                sender=change.sender,
                sent_at=change.sent_at,
                by=by,
                target=target,
                text=text,
                why=why,
                what="edit was not passed on",
                edits=message.id,
            )

    @staticmethod
    async def _is_outdated(tx: Transaction, change: _Change, message: Message) -> bool:
        """Tell whether what stands there was written later, or again later, than an edit."""
        times = [
            kept.sent_at
            for kept in await tx.records.list_early_changes(change.target)
            if (kept.sender, kept.text) == (change.sender, message.text)
        ]
        if message.edited_at is not None:
            times.append(message.edited_at)
        return any(change.sent_at < time - _CUT for time in times)

    async def _edit_held(
        self, tx: Transaction, change: _Change, held: HeldReply, by: Moderator, text: str
    ) -> None:
        """Put other words in the place of those that are held; harmless ones go to the customer."""
        if held.state != "held" or change.sent_at < held.written_at - _CUT:
            return
        await tx.held.set_text(held, text, change.sent_at)
        if why_held(text) is None:
            held = await tx.held.get(held.id) or held
            await self._held.deliver(tx, held, by, text)
            await tx.held.decide(held, "dropped", by.id, self._clock.now())

    async def _delete(self, tx: Transaction, change: _Change, roster: Roster) -> str | None:
        reply = await tx.inbox.get_reply(change.target)
        if reply is None:
            held = await tx.held.get_by_event(change.target)
            if held is not None and _may_delete(change.sender, held.sender, roster):
                await tx.held.decide(held, "dropped", change.sender, self._clock.now())
            return None if held is None else held.customer_id
        message = await tx.conversations.get_message(reply.message_id)
        assert message is not None  # noqa: S101 - a foreign key says so
        # What was said from the console stays so: the group was only shown it.
        if message.deleted_at or reply.is_copy:
            return message.customer_id
        if _may_delete(change.sender, reply.sender, roster):
            await tx.conversations.delete_message(message, change.sent_at)
            edit = await tx.held.get_last_edit_of(message.id)
            if edit is not None:
                await tx.held.decide(edit, "dropped", change.sender, self._clock.now())
        return message.customer_id

    @staticmethod
    async def _keep(tx: Transaction, change: _Change) -> None:
        await tx.records.add_early_change(
            change.event_id,
            target=change.target,
            sender=change.sender,
            text=change.text,
            sent_at=change.sent_at,
        )


def _change(event: RoomEvent, target: str, text: str | None) -> _Change:
    return _Change(
        event_id=event.event_id, target=target, sender=event.sender, text=text, sent_at=event.sent_at
    )


def _may_delete(redactor: str, author: str, roster: Roster) -> bool:
    return redactor in (author, roster.bridge_bot) or roster.find(redactor) is not None
