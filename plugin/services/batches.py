"""Which batches are due: former ones to be tried again, and new ones made of waiting rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.blocks import is_held
from ..domain.model import ANSWERS, Batch, OutboxRow
from ..domain.pace import WINDOW, Budget
from ..domain.posts import fits_one_post, heading, join_and_split
from .ids import new_ulid
from .ports import Clock, GetSettings, MatrixGateway
from .room import SupportRoom

LEASE = timedelta(seconds=60)
"""Longer than a batch can be under way; only a host that died lets one run out."""

_MOST_JOINED = 20
"""Rows looked at for one post."""

_MOST_LANES = 50
"""Lanes looked at in one turn."""


class BatchMaker:
    """Takes due batches out of the database, each with a lease for this host."""

    def __init__(
        self,
        *,
        database: Database,
        gateway: MatrixGateway,
        room: SupportRoom,
        clock: Clock,
        settings: GetSettings,
        host: str,
    ) -> None:
        self._database, self._gateway, self._room = database, gateway, room
        self._clock, self._settings, self._host = clock, settings, host

    async def take_over(self) -> None:
        """Make due what this host held before it was ended."""
        async with self._database.transaction() as tx:
            await tx.outbox.take_over(self._host)

    async def take_batches(self, slots: int) -> tuple[list[Batch], datetime | None]:
        """Return at most `slots` leased batches, and when the next may be due; None: not before a wake-up."""
        room_id = self._room.room_id
        if room_id is None or slots <= 0:
            return [], None
        device_id = await self._gateway.get_device_id()
        now = self._clock.now()
        async with self._database.transaction() as tx:
            budget = await self._get_budget(tx, now, slots)
            batches = await self._take_due(tx, budget, now, slots)
            next_ready = await self._make_new(tx, budget, batches, room_id, device_id, now)
            next_lease = await tx.outbox.next_lease_end()
        # What is due but did not fit waits for the minute, not for its own time, which is past.
        nexts = (budget.next_free_at, next_lease) if budget.is_spent else (next_ready, next_lease)
        return batches, min((at for at in nexts if at and (at > now or not budget.is_spent)), default=None)

    async def _get_budget(self, tx: Transaction, now: datetime, slots: int) -> Budget:
        per_minute = self._settings().relay.per_minute
        if per_minute == 0:
            return Budget(batches=slots, per_minute=0)
        return Budget(
            batches=slots,
            per_minute=per_minute,
            sent=await tx.outbox.list_sent_since(now - WINDOW),
            on_their_way=await tx.outbox.count_posts_on_their_way(now),
        )

    async def _take_due(self, tx: Transaction, budget: Budget, now: datetime, slots: int) -> list[Batch]:
        """Lease batches that were made before: to be tried again, or left by a host that died."""
        taken = []
        for batch in await tx.outbox.list_due_batches(now, slots):
            if not budget.take(_posts(batch)):
                break
            fence = await tx.outbox.lease(batch, self._host, now + LEASE)
            if fence is not None:
                taken.append(replace(batch, fence=fence))
        return taken

    async def _make_new(
        self,
        tx: Transaction,
        budget: Budget,
        batches: list[Batch],
        room_id: str,
        device_id: str,
        now: datetime,
    ) -> datetime | None:
        """Add new batches of waiting rows to `batches`; return when the first that is not ready will be."""
        next_ready = None
        for lane, since in await tx.outbox.list_heads(_MOST_LANES):
            ready_at = since if lane == ANSWERS else since + self._settings().relay.join_within
            if ready_at > now:
                next_ready = min(next_ready or ready_at, ready_at)
                continue
            batch, rows = await self._compose(tx, lane, room_id, device_id, now)
            if not budget.take(_posts(batch)):
                break
            await tx.outbox.add_batch(batch, rows, self._host, now + LEASE)
            batches.append(batch)
        return next_ready

    async def _compose(
        self, tx: Transaction, lane: str, room_id: str, device_id: str, now: datetime
    ) -> tuple[Batch, list[OutboxRow]]:
        waiting = await tx.outbox.list_rows(lane, _MOST_JOINED)
        if lane == ANSWERS:
            rows, held, parts = waiting[:1], False, tuple(row.text for row in waiting[:1])
        else:
            rows, held, parts = await self._join(tx, waiting, now)
        batch = Batch(
            id=new_ulid(now),
            lane=lane,
            customer_id=rows[0].customer_id,
            ticket=rows[0].ticket,
            room_id=room_id,
            parts=parts,
            held=held,
            attempt=1,
            tries=0,
            device_id=device_id,
            first_tried_at=now,
            fence=1,
            created_at=now,
        )
        return batch, rows

    @staticmethod
    async def _join(
        tx: Transaction, rows: Sequence[OutboxRow], now: datetime
    ) -> tuple[list[OutboxRow], bool, tuple[str, ...]]:
        """Return the rows that go as one, whether a block holds them, and their posts."""
        first = rows[0]
        customer = await tx.sessions.get_customer(first.customer_id)
        assert customer is not None  # noqa: S101 - a foreign key says so
        blocks = await tx.blocks.list_not_over_before(first.customer_id, first.created_at)
        held = is_held(blocks, first.created_at, now)
        head = heading(first.ticket, customer)
        taken = [first]
        for row in rows[1:]:
            alike = row.ticket == first.ticket and is_held(blocks, row.created_at, now) == held
            if not alike or not fits_one_post(head, [r.text for r in (*taken, row)]):
                break
            taken.append(row)
        return taken, held, join_and_split(head, [row.text for row in taken])


def _posts(batch: Batch) -> int:
    """Return how many messages of the group's minute a batch takes."""
    return 0 if batch.held else len(batch.parts)
