"""Blocks by command: what a moderator in the room is answered, and what a block held let go."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..db.transaction import Transaction
from ..domain.blocks import block_length, is_in_force, lift_time
from ..domain.commands import Command
from ..domain.model import Moderator, Target
from ..domain.text import neutralise, one_line
from . import block_acts
from .ports import GetSettings

_MOST_LISTED = 20


class ModerationService:
    """Carries out orders about blocks. One takes effect from when it was written, however late it is read."""

    def __init__(self, settings: GetSettings) -> None:
        self._settings = settings

    async def block(
        self, tx: Transaction, by: Moderator, target: Target, command: Command, at: datetime
    ) -> str | None:
        """Block a customer; return the answer, None where the group is not to see one."""
        rules = self._settings().blocks
        forever = command.forever and rules.longest is None
        wish = rules.longest if command.forever else command.length
        length = None if forever else block_length(wish, rules)
        block = await block_acts.block(
            tx,
            by,
            target,
            kind="timeout" if command.verb == "timeout" else "block",
            length=length,
            reason=command.text,
            at=at,
        )
        who = "blocked" if target.direct_id else f"#{target.ticket}"
        return self._shown(target, f"✓ {who} {say_end(block.expires_at)}{_cut(command, length)}")

    async def unblock(
        self, tx: Transaction, by: Moderator, target: Target, written_at: datetime, now: datetime
    ) -> str | None:
        """Lift a customer's blocks; return the answer, None where the group is not to see one."""
        if await block_acts.lift_all(tx, by, target, lift_time(written_at, now)):
            answer = "✓ unblocked" if target.direct_id else f"✓ #{target.ticket} unblocked"
        else:
            answer = f"{'This customer' if target.direct_id else f'#{target.ticket}'} is not blocked"
        return self._shown(target, answer)

    def _shown(self, target: Target, answer: str) -> str | None:
        """Keep an answer from the group where it is not to see one; in a direct room there is no group."""
        announce = self._settings().block_habits.announce_in_room
        return answer if announce or target.direct_id else None

    async def release(self, tx: Transaction, by: Moderator, target: Target, now: datetime) -> str:
        """Let go what a block held back; return the answer."""
        number = target.ticket
        blocks = await tx.blocks.list_not_over_before(target.customer_id, now)
        if any(is_in_force(block, now) for block in blocks):
            return f"#{number} is blocked. /unblock comes first."
        released = await tx.batches.release_held(target.customer_id, now)
        if not released:
            return f"#{number}: nothing is held"
        await block_acts.audit_block(tx, by, target, "held.released", now, {"batches": str(released)})
        return f"✓ #{number} {released} released"

    async def list_blocked(self, tx: Transaction, now: datetime, *, for_operator: bool = False) -> str:
        """Return who is blocked, as a text for the team, or for an operator, who may always see it."""
        if not for_operator and not self._settings().block_habits.announce_in_room:
            return "Blocks are shown in the console."
        lines = []
        blocks = await tx.blocks.list_active(now, _MOST_LISTED + 1)
        for block in blocks[:_MOST_LISTED]:
            customer = await tx.sessions.get_customer(block.customer_id)
            number = customer and customer.ticket
            said = None if block.direct_id else block.reason
            reason = f" · {neutralise(one_line(said, 100))}" if said else ""
            lines.append(f"#{number or '?'} {say_end(block.expires_at)} · {block.by_name}{reason}")
        if len(blocks) > _MOST_LISTED:
            lines.append("and more, made earlier")
        return "\n".join(lines) or "Nobody is blocked."


def say_end(at: datetime | None) -> str:
    """Return until when a block runs, in words for the team."""
    return "until it is lifted" if at is None else f"until {at:%d %b %H:%M} UTC"


def _cut(command: Command, length: timedelta | None) -> str:
    too_long = command.length is not None and length is not None and command.length > length
    return " (the longest allowed)" if too_long or (command.forever and length is not None) else ""
