"""Blocks of customers."""

from __future__ import annotations

from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.model import Block
from .columns import Row, from_ms, from_ms_or_none, to_ms

_BLOCK = "id, customer_id, kind, reason, by_id, by_name, created_at, expires_at, lifted_at"
_ADD = f"INSERT INTO block ({_BLOCK}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)"
_LIST = f"""
    SELECT {_BLOCK} FROM block
    WHERE customer_id = $1
    AND (expires_at IS NULL OR expires_at > $2) AND (lifted_at IS NULL OR lifted_at > $2)
"""
# Telegram's times are whole seconds, so an act may bear an earlier time than the block that it ends.
_LIFT = """
    UPDATE block SET lifted_at = CASE WHEN created_at > $2 THEN created_at ELSE $2 END
    WHERE customer_id = $1 AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
    RETURNING id
"""


def _from_row(row: Row) -> Block:
    return Block(
        id=row["id"],
        customer_id=row["customer_id"],
        kind=row["kind"],
        reason=row["reason"],
        by_id=row["by_id"],
        by_name=row["by_name"],
        created_at=from_ms(row["created_at"]),
        expires_at=from_ms_or_none(row["expires_at"]),
        lifted_at=from_ms_or_none(row["lifted_at"]),
    )


class BlockRepository:
    """Who is blocked, by whom and until when."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, block: Block) -> None:
        """Store a new block."""
        await self._conn.execute(
            _ADD,
            block.id,
            block.customer_id,
            block.kind,
            block.reason,
            block.by_id,
            block.by_name,
            to_ms(block.created_at),
            None if block.expires_at is None else to_ms(block.expires_at),
        )

    async def list_not_over_before(self, customer_id: str, at: datetime) -> list[Block]:
        """Return the customer's blocks that are in force at `at`, begin later, or end after it."""
        return [_from_row(row) for row in await self._conn.fetch(_LIST, customer_id, to_ms(at))]

    async def lift_all(self, customer_id: str, at: datetime) -> int:
        """End the blocks that are in force at `at`, and return how many there were."""
        return len(await self._conn.fetch(_LIFT, customer_id, to_ms(at)))
