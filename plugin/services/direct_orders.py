"""Moderators' commands in a direct room; what is said about them stays there."""

from __future__ import annotations

from datetime import datetime

from ..db.transaction import Transaction
from ..domain.commands import DIRECT_HELP, Command, Misuse
from ..domain.model import Direct, Moderator, Target
from ..domain.posts import heading
from ..domain.replies import Order
from ..domain.text import neutralise, one_line
from .moderation import ModerationService
from .notices import say_to_team
from .orders import HINT_EVERY
from .ports import Clock
from .ticket_acts import TicketActs


class DirectOrderService:
    """Carries out the few commands that apply to a customer whom the group is not to hear of."""

    def __init__(self, clock: Clock, moderation: ModerationService, acts: TicketActs) -> None:
        self._clock, self._moderation, self._acts = clock, moderation, acts

    async def carry_out(self, tx: Transaction, order: Order, target: Target, at: datetime) -> None:
        """Do what a moderator ordered at `at`, and put the answer on its way to the direct room."""
        if isinstance(order.command, Misuse):
            answer: str | None = order.command.hint
        else:
            answer = await self._answer(tx, order.moderator, target, order.command, at)
        if answer is not None:
            await self._say(tx, target.customer_id, target.direct_id, answer)

    async def hint_at_encryption(self, tx: Transaction, direct: Direct, person: str) -> None:
        """Tell a moderator why what they write goes nowhere: to be silent would lose it."""
        now = self._clock.now()
        if await tx.records.may_hint(f"encrypted {person}", now, now - HINT_EVERY):
            text = "⚠ This room is encrypted. I can't read it, and nothing you write here is sent."
            await self._say(tx, direct.customer_id, direct.id, text)

    async def _say(self, tx: Transaction, customer_id: str, direct_id: str | None, text: str) -> None:
        await say_to_team(tx, self._clock.now(), text, customer_id=customer_id, direct_id=direct_id)

    async def _answer(
        self, tx: Transaction, by: Moderator, target: Target, command: Command, at: datetime
    ) -> str | None:
        if command.verb in ("block", "timeout"):
            return await self._moderation.block(tx, by, target, command, at)
        if command.verb == "unblock":
            return await self._moderation.unblock(tx, by, target, at, self._clock.now())
        if command.verb == "note":
            return await self._note(tx, by, target, command.text or "")
        if command.verb == "info":
            return await self._info(tx, target)
        return DIRECT_HELP

    async def _note(self, tx: Transaction, by: Moderator, target: Target, text: str) -> str:
        await self._acts.write_note(tx, by, target, text)
        return "✓ noted"

    async def _info(self, tx: Transaction, target: Target) -> str:
        now = self._clock.now()
        customer = await tx.sessions.get_customer(target.customer_id)
        assert customer is not None  # noqa: S101 - a foreign key says so
        page_url = await tx.sessions.get_page_url(customer.id)
        direct = await tx.conversations.count_messages(customer.id, "direct")
        blocks = await tx.blocks.list_not_over_before(customer.id, now)
        lines = [
            heading(customer.ticket, customer),
            f"account {neutralise(customer.account)}" if customer.account else "",
            f"mail {neutralise(one_line(customer.email, 254))}" if customer.email else "",
            f"first seen {customer.created_at:%d %b %Y %H:%M} UTC, {direct} direct messages",
            f"page {neutralise(one_line(page_url, 200))}" if page_url else "",
            f"private notes: {await tx.notes.count_private(customer.id)}",
            "blocked" if any(block.created_at <= now for block in blocks) else "",
        ]
        return "\n".join(line for line in lines if line)
