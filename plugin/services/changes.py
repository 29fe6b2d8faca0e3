"""Edits and deletions of what a moderator said, whichever comes first and however often."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..db.transaction import Transaction
from ..domain.model import Message, RoomEvent
from ..domain.replies import Correction
from ..domain.roster import Roster

_CUT = timedelta(seconds=1)
"""Some edits bear Telegram's time, in whole seconds, and some the homeserver's, in milliseconds."""


class ChangeService:
    """Changes delivered messages; only their own author may edit one."""

    async def correct(self, tx: Transaction, event: RoomEvent, correction: Correction) -> str | None:
        """Give a delivered answer its new text; return its customer, None where nothing changed."""
        reply = await tx.inbox.get_reply(correction.replaces)
        if reply is None:
            # Federation may bring an edit before what it edits; then it waits for it.
            await self._keep(tx, event, correction.replaces, correction.text)
            return None
        sender, message_id = reply
        message = await tx.conversations.get_message(message_id)
        if sender != event.sender or message is None:
            return None
        return await self._edit(tx, message, correction.text, event.sent_at)

    async def take_back(self, tx: Transaction, event: RoomEvent, redacted: str, roster: Roster) -> str | None:
        """Delete a delivered answer; return its customer, None where nothing changed.

        The one bridge line redacts as its bot, the other as the ghost; moderators may delete in Matrix.
        """
        reply = await tx.inbox.get_reply(redacted)
        if reply is None:
            await self._keep(tx, event, redacted, None)
            return None
        message = await tx.conversations.get_message(reply[1])
        if message is None or message.deleted_at or not _may_delete(event.sender, reply[0], roster):
            return None
        await tx.conversations.delete_message(message, event.sent_at)
        return message.customer_id

    async def apply_early(
        self, tx: Transaction, event_id: str, sender: str, message: Message, roster: Roster
    ) -> None:
        """Carry out what came before the answer that it is about."""
        for change in await tx.records.list_early_changes(event_id):
            if change.text is None:
                if _may_delete(change.sender, sender, roster) and not message.deleted_at:
                    await tx.conversations.delete_message(message, change.sent_at)
                    message = replace(message, deleted_at=change.sent_at)
            elif change.sender == sender and await self._edit(tx, message, change.text, change.sent_at):
                message = replace(message, edited_at=change.sent_at)

    @staticmethod
    async def _edit(tx: Transaction, message: Message, text: str, at: datetime) -> str | None:
        outdated = message.edited_at is not None and at < message.edited_at - _CUT
        if message.deleted_at or outdated or message.text == text:
            return None
        await tx.conversations.edit_message(message, text, at)
        return message.customer_id

    @staticmethod
    async def _keep(tx: Transaction, event: RoomEvent, target: str, text: str | None) -> None:
        await tx.records.add_early_change(
            event.event_id, target=target, sender=event.sender, text=text, sent_at=event.sent_at
        )


def _may_delete(redactor: str, author: str, roster: Roster) -> bool:
    return redactor in (author, roster.bridge_bot) or roster.find(redactor) is not None
