"""Replies of the team's that ask for a secret, or hold one: kept back until another moderator says yes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ..db.transaction import Transaction
from ..domain.errors import Conflict, Forbidden, Invalid, NotFound
from ..domain.model import HeldReply, Message, Moderator, Target, is_console_event
from .answers import AnswerService
from .audit import acting, place_of, write_down
from .ids import new_ulid
from .notices import say_to_team
from .ports import Clock

What = Literal["Reply was not sent", "edit was not passed on", "last words were not sent, and it stays open"]

DECIDED = "it is held no longer"


class HeldReplyService:
    """Holds, releases and drops, each in the caller's transaction."""

    def __init__(self, clock: Clock, answers: AnswerService) -> None:
        self._clock, self._answers = clock, answers

    async def hold(
        self,
        tx: Transaction,
        *,
        event_id: str,
        sender: str,
        sent_at: datetime,
        by: Moderator,
        target: Target,
        text: str,
        why: str,
        what: What = "Reply was not sent",
        edits: str | None = None,
    ) -> HeldReply:
        """Keep what a moderator wrote, and say where it was written that it is kept, without the words.

        What was written at the console is answered there; the group hears of what concerns it.
        """
        held = HeldReply(
            id=new_ulid(self._clock.now()),
            event_id=event_id,
            sender=sender,
            moderator_id=by.id,
            customer_id=target.customer_id,
            ticket=target.ticket,
            direct_id=target.direct_id,
            reply_to=None if edits else target.message_id,
            edits=edits,
            text=text,
            state="held",
            written_at=sent_at,
        )
        await tx.held.add(held)
        from_console = is_console_event(event_id)
        if not from_console:
            await tx.inbox.add_held(held)
        await self._audit(tx, by, held, "reply.held")
        if target.direct_id is None:
            who = "Another moderator" if await _has_others(tx, by) else f"Nobody else is here, so {by.name}"
            how = "release it in the console" if from_console else "reply /release to it"
            notice = f"⚠ #{target.ticket}: {by.name}'s {what}: {why}. {who} may {how}."
        elif from_console:
            return held
        else:
            # Nobody else is in the room who could release it.
            notice = f"⚠ Your {what}: {why}. Say it in other words."
        await say_to_team(
            tx,
            self._clock.now(),
            notice,
            customer_id=target.customer_id,
            ticket=target.ticket,
            direct_id=target.direct_id,
        )
        return held

    async def find(self, tx: Transaction, target: Target) -> HeldReply | None:
        """Return what is or was held of what a Reply points at: its last edit, or the message itself."""
        edit = await tx.held.get_last_edit_of(target.message_id) if target.message_id else None
        return edit or (await tx.held.get(target.held_id) if target.held_id else None)

    async def release(
        self, tx: Transaction, held_id: str, by: Moderator, *, confirmed: bool = False
    ) -> Message:
        """Send a held reply to its customer after all, and return the message.

        Raises:
            NotFound: there is no such reply.
            Conflict: it is held no longer.
            Forbidden: it is by the same moderator, and there are others; or somebody else's private one.
            Invalid: it is their own private one, which nobody else may see, and not `confirmed`.
        """
        held = await self._get(tx, held_id)
        if held.direct_id is not None:
            _check_private(held, by)
            if not confirmed:
                raise Invalid("nobody else may look at it: confirmed must be true.", field="confirmed")
        elif not await self.may_release(tx, held.moderator_id, by):
            raise Forbidden("another moderator has to release it")
        author = next((m for m in await tx.moderators.list_all() if m.id == held.moderator_id), by)
        # First, so that of two who release at once only one delivers.
        await self._decide(tx, held, "released", by)
        return await self.deliver(tx, held, author, held.text)

    @staticmethod
    async def may_release(tx: Transaction, author_id: str, by: Moderator) -> bool:
        """Tell whether a moderator may release what somebody said to the team: their own only when alone."""
        return by.id != author_id or not await _has_others(tx, by)

    async def drop(self, tx: Transaction, held_id: str, by: Moderator) -> None:
        """Let a held reply never be sent.

        Raises:
            NotFound: there is no such reply.
            Conflict: it is held no longer.
            Forbidden: it is somebody else's private one.
        """
        held = await self._get(tx, held_id)
        if held.direct_id is not None:
            _check_private(held, by)
        await self._decide(tx, held, "dropped", by)

    async def _decide(
        self, tx: Transaction, held: HeldReply, state: Literal["released", "dropped"], by: Moderator
    ) -> None:
        if not await tx.held.decide(held, state, by.id, self._clock.now()):
            raise Conflict(DECIDED)
        await self._audit(tx, by, held, f"reply.{state}")

    async def deliver(self, tx: Transaction, held: HeldReply, author: Moderator, text: str) -> Message:
        """Give the customer the words of a held reply, or other ones of its author's in their place."""
        if held.edits is not None:
            message = await tx.conversations.get_message(held.edits)
            assert message is not None  # noqa: S101 - a foreign key says so
            if message.deleted_at is None and message.text != text:
                await tx.conversations.edit_message(message, text, held.written_at)
            return message
        target = Target(
            customer_id=held.customer_id,
            ticket=held.ticket,
            message_id=held.reply_to,
            direct_id=held.direct_id,
        )
        from_console = is_console_event(held.event_id)
        message = await self._answers.deliver(tx, author, target, text, from_console=from_console)
        await tx.inbox.become_reply(held.event_id, message.id)
        return message

    @staticmethod
    async def _get(tx: Transaction, held_id: str) -> HeldReply:
        held = await tx.held.get(held_id)
        if held is None:
            raise NotFound
        if held.state != "held":
            raise Conflict(DECIDED)
        return held

    async def _audit(self, tx: Transaction, by: Moderator, held: HeldReply, action: str) -> None:
        place = place_of(held.direct_id, held.ticket)
        target = {"customer": held.customer_id, **place, "held": held.id}
        await write_down(tx, self._clock.now(), acting(by), action, target)


def _check_private(held: HeldReply, by: Moderator) -> None:
    if by.id != held.moderator_id:
        raise Forbidden("it was said in private, by somebody else")


async def _has_others(tx: Transaction, moderator: Moderator) -> bool:
    return any(other.id != moderator.id for other in await tx.moderators.list_active())
