"""Moderators' commands: what they change, and what the team is told."""

from __future__ import annotations

from datetime import datetime

from ..db.transaction import Transaction
from ..domain.blocks import block_length
from ..domain.commands import Command, Misuse
from ..domain.model import ANSWERS, Block, OutboxRow
from ..domain.replies import Order
from .ids import new_ulid
from .ports import Clock, GetSettings


class ModerationService:
    """Carries out orders. One takes effect from when it was written, however late it is read."""

    def __init__(self, clock: Clock, settings: GetSettings) -> None:
        self._clock, self._settings = clock, settings

    async def carry_out(self, tx: Transaction, order: Order, *, at: datetime) -> None:
        """Do what a moderator ordered at `at`, and put the answer on its way to the group."""
        command = order.command
        if isinstance(command, Misuse):
            answer = f"#{order.target.ticket}: {command.hint}"
        elif command.verb == "unblock":
            answer = await self._unblock(tx, order, at)
        else:
            answer = await self._block(tx, order, command, at)
        now = self._clock.now()
        await tx.outbox.add_answer(
            OutboxRow(
                id=new_ulid(now),
                lane=ANSWERS,
                customer_id=order.target.customer_id,
                ticket=order.target.ticket,
                text=answer,
                created_at=now,
            )
        )

    async def _block(self, tx: Transaction, order: Order, command: Command, at: datetime) -> str:
        rules, target = self._settings().blocks, order.target
        length = block_length(command.length, rules)
        block = Block(
            id=new_ulid(at),
            customer_id=target.customer_id,
            kind="timeout" if command.verb == "timeout" else "block",
            reason=command.reason,
            by_id=order.moderator.id,
            by_name=order.moderator.name,
            created_at=at,
            expires_at=at + length,
        )
        # The newest word counts: a second block replaces the first, be it shorter or longer.
        await tx.blocks.lift_all(target.customer_id, at)
        await tx.blocks.add(block)
        await self._audit(tx, order, "block.created", at, {"block": block.id, "kind": block.kind})
        cut = " (the longest allowed)" if command.length and command.length > length else ""
        return f"✓ #{target.ticket} until {at + length:%d %b %H:%M} UTC{cut}"

    async def _unblock(self, tx: Transaction, order: Order, at: datetime) -> str:
        lifted = await tx.blocks.lift_all(order.target.customer_id, at)
        if not lifted:
            return f"#{order.target.ticket} is not blocked"
        await self._audit(tx, order, "block.lifted", at, {})
        return f"✓ #{order.target.ticket} unblocked"

    @staticmethod
    async def _audit(
        tx: Transaction, order: Order, action: str, at: datetime, detail: dict[str, str]
    ) -> None:
        await tx.records.add_audit(
            new_ulid(at),
            at=at,
            actor_id=order.moderator.id,
            actor_name=order.moderator.name,
            action=action,
            target={"customer": order.target.customer_id, "ticket": order.target.ticket},
            detail=detail,
        )
