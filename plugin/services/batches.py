"""Which batches are due: former ones to be tried again, and new ones made of waiting rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.blocks import is_held
from ..domain.model import ANSWERS, Batch, OutboxRow
from ..domain.pace import WINDOW, free_posts, next_free_at
from ..domain.posts import fits_one_post, heading, join_and_split
from .ids import new_ulid
from .ports import Clock, GetSettings, MatrixGateway
from .room import SupportRoom

LEASE = timedelta(seconds=60)
"""Longer than a batch can be under way; only a host that died lets one run out."""

_MOST_JOINED = 20
"""Rows looked at for one post."""


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

    async def take_batches(self, slots: int, under_way: int) -> tuple[list[Batch], datetime | None]:
        """Return at most `slots` leased batches, and when the next may be due; None: not before a wake-up."""
        room_id = self._room.room_id
        if room_id is None or slots <= 0:
            return [], None
        device_id = await self._gateway.get_device_id()
        now = self._clock.now()
        async with self._database.transaction() as tx:
            posts, later = await self._free_posts(tx, now, under_way)
            batches = [
                replace(batch, fence=fence)
                for batch in await tx.outbox.list_due_batches(now, min(slots, posts))
                if (fence := await tx.outbox.lease(batch, self._host, now + LEASE)) is not None
            ]
            due_at: list[datetime] = [later] if later else []
            for lane, since in await tx.outbox.list_heads(slots + len(batches)):
                ready_at = since if lane == ANSWERS else since + self._settings().relay.join_within
                if ready_at > now:
                    due_at.append(ready_at)
                elif len(batches) < min(slots, posts):
                    batches.append(await self._make_batch(tx, lane, room_id, device_id, now))
            next_lease = await tx.outbox.next_lease_end()
        return batches, min([*due_at, *([next_lease] if next_lease else [])], default=None)

    async def _free_posts(
        self, tx: Transaction, now: datetime, under_way: int
    ) -> tuple[int, datetime | None]:
        per_minute = self._settings().relay.per_minute
        if per_minute == 0:
            return under_way + 1_000_000, None
        sent = await tx.outbox.list_sent_since(now - WINDOW)
        posts = free_posts(per_minute, sent, under_way)
        return posts, None if posts else next_free_at(sent)

    async def _make_batch(
        self, tx: Transaction, lane: str, room_id: str, device_id: str, now: datetime
    ) -> Batch:
        rows = await tx.outbox.list_rows(lane, _MOST_JOINED)
        if lane == ANSWERS:
            taken, held, parts = rows[:1], False, tuple(row.text for row in rows[:1])
        else:
            taken, held, parts = await self._join(tx, rows, now)
        batch = Batch(
            id=new_ulid(now),
            lane=lane,
            customer_id=taken[0].customer_id,
            ticket=taken[0].ticket,
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
        await tx.outbox.add_batch(batch, taken, self._host, now + LEASE)
        return batch

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
