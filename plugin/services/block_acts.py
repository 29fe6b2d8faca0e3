"""Blocks made, changed and lifted, with what the audit log keeps: the same from a room and from a console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..db.transaction import Transaction
from ..domain.model import Block, BlockKind, Moderator, Target
from .audit import acting, place_of, write_down
from .ids import new_ulid


@dataclass(frozen=True, kw_only=True)
class BlockChange:
    """What is to be different of a block that runs."""

    expires_at: datetime | None = None
    reason: str | None = None
    has_end: bool = False
    """`expires_at` is meant: None is then for ever."""
    has_reason: bool = False
    """`reason` is meant: None is then no reason."""


async def block(
    tx: Transaction,
    by: Moderator,
    target: Target,
    *,
    kind: BlockKind,
    length: timedelta | None,
    reason: str | None,
    at: datetime,
) -> Block:
    """Block a customer for a length that is allowed, None being for ever, in place of former blocks."""
    made = Block(
        id=new_ulid(at),
        customer_id=target.customer_id,
        kind=kind,
        reason=reason,
        by_id=by.id,
        by_name=by.name,
        created_at=at,
        expires_at=None if length is None else at + length,
        direct_id=target.direct_id,
    )
    # The newest word counts: a second block replaces the first, be it shorter or longer.
    lifted = await tx.blocks.lift_all(target.customer_id, at)
    await tx.blocks.add(made)
    for other in sorted(lifted.customer_ids - {target.customer_id}):
        await tx.blocks.carry(target.customer_id, other, at, lambda: new_ulid(at))
    await audit_block(tx, by, target, "block.created", at, {"kind": kind, **_particulars(made)})
    return made


async def change(
    tx: Transaction, by: Moderator, target: Target, former: Block, wish: BlockChange, at: datetime
) -> Block | None:
    """Change a block with its copies and return it as it is now; None where it is over."""
    changed = former
    if wish.has_end:
        changed = replace(changed, expires_at=wish.expires_at)
    if wish.has_reason:
        changed = replace(changed, reason=wish.reason)
    if not await tx.blocks.change(changed, at):
        return None
    await audit_block(tx, by, target, "block.updated", at, _particulars(changed))
    return changed


async def lift(tx: Transaction, by: Moderator, target: Target, former: Block, at: datetime) -> bool:
    """End one block with its copies; False where it is over."""
    if not await tx.blocks.lift(former, at):
        return False
    await audit_block(tx, by, target, "block.lifted", at, {"block": former.id})
    return True


async def lift_all(tx: Transaction, by: Moderator, target: Target, at: datetime) -> bool:
    """End all blocks of a customer; False where none runs."""
    lifted = await tx.blocks.lift_all(target.customer_id, at)
    for block_id in sorted(lifted.block_ids):
        await audit_block(tx, by, target, "block.lifted", at, {"block": block_id})
    return bool(lifted.block_ids)


async def audit_block(
    tx: Transaction, by: Moderator, target: Target, action: str, at: datetime, detail: Mapping[str, Any]
) -> None:
    """Write down what a moderator did about a customer's blocks, or about what they hold."""
    place = place_of(target.direct_id, target.ticket)
    await write_down(tx, at, acting(by), action, {"customer": target.customer_id, **place}, detail)


def _particulars(block: Block) -> dict[str, Any]:
    """Return what is known of a block but for its words, which may be the customer's own."""
    until = block.expires_at and block.expires_at.isoformat(timespec="milliseconds")
    return {"block": block.id, "until": until, "reason_length": len(block.reason or "")}
