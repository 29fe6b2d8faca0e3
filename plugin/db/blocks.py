"""Blocks of customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.model import Block, Customer
from .columns import AFTER_ALL_IDS, Row, from_ms, from_ms_or_none, to_ms
from .sessions import JOINED_CUSTOMER, customer_from_row
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
    WHERE id IN (
        SELECT id FROM block WHERE customer_id = $1
        UNION SELECT b.id FROM session s JOIN customer c ON c.id = s.customer_id
        JOIN block b ON b.address_hash = s.address_hash AND b.created_at <= s.created_at
        WHERE s.customer_id = $1 AND c.identity = 'anonymous' AND s.address_hash IS NOT NULL
    )
    AND (expires_at IS NULL OR expires_at > $2) AND (lifted_at IS NULL OR lifted_at > $2)
"""
_IN_FORCE = "b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > $1)"
BLOCKED_CUSTOMERS = f"""
    SELECT b.customer_id FROM block b WHERE {_IN_FORCE}
    UNION SELECT s.customer_id FROM block b
    JOIN session s ON s.address_hash = b.address_hash AND s.created_at >= b.created_at
    JOIN customer c ON c.id = s.customer_id AND c.identity = 'anonymous'
    WHERE b.address_hash IS NOT NULL AND {_IN_FORCE}
"""
"""Who is blocked at $1, as a set for `customer_id IN (…)`: the same as `_LIST` tells of one customer."""
IS_BLOCKED = f"""
    (EXISTS (SELECT 1 FROM block b WHERE b.customer_id = {{who}} AND {_IN_FORCE}) OR EXISTS (
        SELECT 1 FROM session s
        JOIN block b ON b.address_hash = s.address_hash AND s.created_at >= b.created_at
        JOIN customer k ON k.id = s.customer_id AND k.identity = 'anonymous'
        WHERE s.customer_id = {{who}} AND b.address_hash IS NOT NULL AND {_IN_FORCE}
    ))
"""
"""Whether one customer, such as `t.customer_id`, is among them: for a page, however many others are."""

_RUNS = "lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"
# A block and its copies hold one person: who lifts, or changes, one of them does so with all.
_ROOTS = f"SELECT COALESCE(origin, id) FROM block WHERE customer_id = $1 AND {_RUNS}"
_FAMILY = "(id = $1 OR origin = $1)"
# Telegram's times are whole seconds, so an act may bear an earlier time than the block that it ends.
_LIFT = f"""
    UPDATE block SET lifted_at = CASE WHEN created_at > $2 THEN created_at ELSE $2 END
    WHERE {{0}} AND {_RUNS} RETURNING customer_id, COALESCE(origin, id) AS root
"""
_LIFT_ALL = _LIFT.format(f"(id IN ({_ROOTS}) OR origin IN ({_ROOTS}))")
_LIFT_ONE = _LIFT.format(_FAMILY)
_CHANGE = f"UPDATE block SET expires_at = $3, reason = $4 WHERE {_FAMILY} AND {_RUNS} RETURNING id"
_GET_ROOT = f"""
    SELECT {_BLOCK} FROM block WHERE id = (SELECT COALESCE(o.origin, o.id) FROM block o WHERE o.id = $1)
"""
_LIST_ACTIVE = f"""
    SELECT {_BLOCK} FROM block
    WHERE lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
    AND origin IS NULL ORDER BY created_at DESC LIMIT $2
"""
# $2 is the page's top, $3 its size, $4 who looks: what was written to others in private does not count.
# A message is held by a block that ran when it was written, or when its batch was made.
_COVERS = (
    "{0} >= c.created_at AND {0} < COALESCE(c.expires_at, {0} + 1) AND {0} < COALESCE(c.lifted_at, {0} + 1)"
)
_PAGE = f"""
    WITH page AS (
        SELECT {_BLOCK} FROM block WHERE origin IS NULL AND id < $2 AND {{0}} ORDER BY id DESC LIMIT $3
    )
    SELECT page.*, {JOINED_CUSTOMER}, (
        SELECT COUNT(DISTINCT o.id) FROM block c
        JOIN batch b ON b.customer_id = c.customer_id AND b.state = 'held'
        JOIN outbox o ON o.batch_id = b.id
        LEFT JOIN direct d ON d.id = b.direct_id
        WHERE (c.id = page.id OR c.origin = page.id)
        AND (b.direct_id IS NULL OR d.moderator_id = $4)
        AND (({_COVERS.format("o.created_at")}) OR ({_COVERS.format("b.created_at")}))
    ) AS held
    FROM page JOIN customer w ON w.id = page.customer_id ORDER BY page.id DESC
"""
_LIST_ALL = _PAGE.format("CAST($1 AS BIGINT) IS NOT NULL")
_LIST_RUNNING = _PAGE.format("lifted_at IS NULL AND (expires_at IS NULL OR expires_at > $1)")
_LIST_OVER = _PAGE.format("(lifted_at IS NOT NULL OR expires_at <= $1)")
_LIST_OF_CUSTOMER = _PAGE.format(
    "id IN (SELECT COALESCE(origin, id) FROM block WHERE customer_id = CAST($1 AS TEXT))"
)
_GET_ENTRY = _PAGE.format("id = CAST($1 AS TEXT)")
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


@dataclass(frozen=True, kw_only=True)
class BlockEntry:
    """A block as the team looks at it."""

    block: Block
    customer: Customer
    held: int
    """So many messages of the customer's it keeps from whoever looks."""


@dataclass(frozen=True, kw_only=True)
class Lifted:
    """Blocks that ended, without their copies, and all whom they held."""

    block_ids: frozenset[str]
    customer_ids: frozenset[str]


def _entry(row: Row) -> BlockEntry:
    return BlockEntry(block=_from_row(row), customer=customer_from_row(row, "w_"), held=row["held"])


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

    async def list_blocked(self, now: datetime) -> set[str]:
        """Return all customers who are blocked."""
        return {row["customer_id"] for row in await self._conn.fetch(BLOCKED_CUSTOMERS, to_ms(now))}

    async def get(self, block_id: str) -> Block | None:
        """Return a block; of a copy, its original."""
        row = await self._conn.fetchrow(_GET_ROOT, block_id)
        return None if row is None else _from_row(row)

    async def get_entry(self, block_id: str, viewer_id: str) -> BlockEntry | None:
        """Return a block that is no copy, as a moderator sees it."""
        return next(iter(await self._list(_GET_ENTRY, block_id, viewer_id, None, 1)), None)

    async def list_page(
        self, now: datetime, viewer_id: str, *, active: bool | None, before: str | None, limit: int
    ) -> list[BlockEntry]:
        """Return blocks as a moderator sees them, the newest first: all, or those that run, or are over."""
        query = _LIST_ALL if active is None else (_LIST_RUNNING if active else _LIST_OVER)
        return await self._list(query, to_ms(now), viewer_id, before, limit)

    async def list_of_customer(self, customer_id: str, viewer_id: str, limit: int) -> list[BlockEntry]:
        """Return the newest blocks that hold a customer or did, as a moderator sees them."""
        return await self._list(_LIST_OF_CUSTOMER, customer_id, viewer_id, None, limit)

    async def _list(
        self, query: str, key: str | int, viewer_id: str, before: str | None, limit: int
    ) -> list[BlockEntry]:
        rows = await self._conn.fetch(query, key, before or AFTER_ALL_IDS, limit, viewer_id)
        return [_entry(row) for row in rows]

    async def change(self, block: Block, now: datetime) -> bool:
        """Give a running block and its copies their end and reason; False where it is over."""
        end = None if block.expires_at is None else to_ms(block.expires_at)
        if not await self._conn.fetch(_CHANGE, block.id, to_ms(now), end, block.reason):
            return False
        self._events.note("block.updated", object_id=block.id)
        return True

    async def lift(self, block: Block, at: datetime) -> bool:
        """End a block and its copies; False where it is over."""
        return bool(self._lifted(await self._conn.fetch(_LIFT_ONE, block.id, to_ms(at))).block_ids)

    async def lift_all(self, customer_id: str, at: datetime) -> Lifted:
        """End the blocks that are in force at `at`, with all their copies."""
        return self._lifted(await self._conn.fetch(_LIFT_ALL, customer_id, to_ms(at)))

    def _lifted(self, rows: list[Row]) -> Lifted:
        lifted = Lifted(
            block_ids=frozenset(row["root"] for row in rows),
            customer_ids=frozenset(row["customer_id"] for row in rows),
        )
        # The team knows a block and its copies as one.
        for block_id in sorted(lifted.block_ids):
            self._events.note("block.lifted", object_id=block_id)
        return lifted

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
