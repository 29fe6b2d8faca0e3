"""Blocks of customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.model import Block
from .columns import Row, from_ms, from_ms_or_none, to_ms
from .team_events import TeamEventRepository

_BLOCK = "id, customer_id, kind, reason, by_id, by_name, created_at, expires_at, lifted_at, direct_id"
_ADD = f"""
    INSERT INTO block ({_BLOCK}, address_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, $9, (
        SELECT address_hash FROM session WHERE customer_id = $2 AND address_hash IS NOT NULL
        ORDER BY created_at DESC LIMIT 1
    ))
"""
# The customer's own blocks, and those that cover the address an anonymous customer came from later.
_LIST = f"""
    SELECT {_BLOCK} FROM block
    WHERE (customer_id = $1 OR address_hash IN (
        SELECT s.address_hash FROM session s JOIN customer c ON c.id = s.customer_id
        WHERE s.customer_id = $1 AND c.identity = 'anonymous' AND s.created_at >= block.created_at
    ))
    AND (expires_at IS NULL OR expires_at > $2) AND (lifted_at IS NULL OR lifted_at > $2)
"""
# Telegram's times are whole seconds, so an act may bear an earlier time than the block that it ends.
# A block and its copies hold one person: who lifts one of them lifts all.
_ROOTS = """
    SELECT COALESCE(origin, id) FROM block
    WHERE customer_id = $1 AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
"""
_LIFT = f"""
    UPDATE block SET lifted_at = CASE WHEN created_at > $2 THEN created_at ELSE $2 END
    WHERE (id IN ({_ROOTS}) OR origin IN ({_ROOTS}))
    AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
    RETURNING customer_id, COALESCE(origin, id) AS root
"""
_LIST_ACTIVE = f"""
    SELECT {_BLOCK} FROM block
    WHERE created_at <= $1 AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
    AND origin IS NULL ORDER BY created_at DESC LIMIT $2
"""
_LIST_TO_CARRY = """
    SELECT id FROM block
    WHERE customer_id = $1 AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
    AND NOT EXISTS (
        SELECT 1 FROM block o WHERE o.customer_id = $3 AND o.lifted_at IS NULL
        AND COALESCE(o.origin, o.id) = COALESCE(block.origin, block.id)
    )
"""
_COPY = f"""
    INSERT INTO block ({_BLOCK}, origin)
    SELECT $1, $2, kind, reason, by_id, by_name, created_at, expires_at, lifted_at, direct_id,
        COALESCE(origin, id)
    FROM block WHERE id = $3
"""
# All that is left of an erased customer who is blocked: when, by whom, and a keyed hash of the account.
_DETACH = """
    UPDATE block SET reason = NULL, account_hash = CASE
        WHEN lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $2) THEN CAST($3 AS TEXT) END
    WHERE customer_id = $1
"""
_ADOPT = """
    UPDATE block SET customer_id = $2, account_hash = NULL
    WHERE account_hash = $1 AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $3)
"""
_PRUNE = """
    DELETE FROM block WHERE id IN (
        SELECT id FROM block WHERE expires_at < $1 OR lifted_at < $1 ORDER BY created_at LIMIT $2
    ) RETURNING id
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
        direct_id=row["direct_id"],
    )


class BlockRepository:
    """Who is blocked, by whom and until when."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

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
            block.direct_id,
        )
        self._events.note("block.created", object_id=block.id)

    async def list_not_over_before(self, customer_id: str, at: datetime) -> list[Block]:
        """Return the customer's blocks that are in force at `at`, begin later, or end after it."""
        return [_from_row(row) for row in await self._conn.fetch(_LIST, customer_id, to_ms(at))]

    async def lift_all(self, customer_id: str, at: datetime) -> set[str]:
        """End the blocks that are in force at `at`, with all their copies; return whom they held."""
        rows = await self._conn.fetch(_LIFT, customer_id, to_ms(at))
        for root in sorted({row["root"] for row in rows}):
            # The team knows a block and its copies as one.
            self._events.note("block.lifted", object_id=root)
        return {row["customer_id"] for row in rows}

    async def list_active(self, now: datetime, limit: int) -> list[Block]:
        """Return the blocks that are in force, the newest first."""
        return [_from_row(row) for row in await self._conn.fetch(_LIST_ACTIVE, to_ms(now), limit)]

    async def carry(
        self, customer_id: str, to_customer_id: str, now: datetime, new_id: Callable[[], str]
    ) -> None:
        """Let a customer's running blocks hold the one that the person goes on as, too.

        They go on holding the former one, whose messages may still wait. They are copied, and a copy ends
        with its original.
        """
        for row in await self._conn.fetch(_LIST_TO_CARRY, customer_id, to_ms(now), to_customer_id):
            await self._conn.execute(_COPY, new_id(), to_customer_id, row["id"])

    async def detach(self, customer_id: str, account_hash: str | None, now: datetime) -> None:
        """Keep the running blocks of a customer who is erased, for the account that may come back."""
        await self._conn.execute(_DETACH, customer_id, to_ms(now), account_hash)

    async def adopt(self, account_hash: str, customer_id: str, now: datetime) -> None:
        """Let the running blocks of an account that was erased hold the customer it comes back as."""
        await self._conn.execute(_ADOPT, account_hash, customer_id, to_ms(now))

    async def prune(self, ended_before: datetime, limit: int) -> int:
        """Forget blocks that ended before then; return how many."""
        return len(await self._conn.fetch(_PRUNE, to_ms(ended_before), limit))
