"""The outbox's way into the room: rows become batches, batches become posts, each once and in order.

A batch is stored with its lease before anything is sent, so that after a crash the same posts go out
under the same transaction ids, which the homeserver recognises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from logging import Logger

from ..db.database import Database
from ..domain.model import Batch, role_of
from ..domain.retry import backoff
from .background import Worker
from .batches import BatchMaker
from .delivery import DeliveryService
from .ports import Clock, MatrixFailed, MatrixGateway, Post

SLOTS = 8
"""Batches under way at once; more would not make a homeserver faster."""

_LONGEST_PAUSE = 60.0

TRANSACTION_IDS_HOLD = timedelta(hours=23)
"""The homeserver forgets a transaction id after 24 hours; an hour is kept as a margin."""


class Relay:
    """Sends what is due, as many batches at once as there are slots, and one at a time a lane."""

    def __init__(
        self,
        *,
        database: Database,
        gateway: MatrixGateway,
        clock: Clock,
        maker: BatchMaker,
        delivery: DeliveryService,
        catch_up: Callable[[], Awaitable[None]],
        wake_redactions: Callable[[], None],
        wake_quiet_reports: Callable[[], None],
        log: Logger,
    ) -> None:
        self._database, self._gateway, self._clock, self._log = database, gateway, clock, log
        self._maker, self._delivery, self._catch_up = maker, delivery, catch_up
        self._wake_redactions, self._wake_quiet_reports = wake_redactions, wake_quiet_reports
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._failures = 0
        self._failed_at = self._resume_at = clock.now()
        self.worker = Worker("relay", self._turn, log)

    async def stop(self) -> None:
        """End all sending; what is under way is sent again later, as the same event."""
        await self.worker.stop()
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self) -> float:
        # The clock may have been set back since the failure.
        if self._failed_at <= (now := self._clock.now()) < self._resume_at:
            return (self._resume_at - now).total_seconds()
        # After a failure a single batch finds out whether the homeserver is back.
        slots = (1 if self._failures else SLOTS) - len(self._under_way)
        try:
            batches, next_due = await self._maker.take_batches(slots, self._under_way)
        except MatrixFailed as error:
            return self._note_failure(error)
        for batch in batches:
            task = asyncio.create_task(self._carry(batch), name=f"headset batch {batch.id}")
            self._under_way[batch.id] = task
            task.add_done_callback(partial(self._carried, batch.id))
        if next_due is None:
            return _LONGEST_PAUSE
        return min(max((next_due - self._clock.now()).total_seconds(), 0.0), _LONGEST_PAUSE)

    def _note_failure(self, error: MatrixFailed) -> float:
        self._failures += 1
        pause = backoff(self._failures)
        self._failed_at = self._clock.now()
        self._resume_at = self._failed_at + pause
        self._log.warning("Nothing is sent for %s: %s", pause, error)
        return pause.total_seconds()

    def _carried(self, batch_id: str, task: asyncio.Task[None]) -> None:
        del self._under_way[batch_id]
        if not task.cancelled() and task.exception():
            # The lease runs out and the batch is taken again.
            self._log.error("A batch was not carried to its end", exc_info=task.exception())
        self.worker.wake()

    async def _carry(self, batch: Batch) -> None:
        try:
            await self._send(batch)
        except MatrixFailed as error:
            await self._put_off(batch, error)
        else:
            self._failures = 0

    async def _end_unsent(self, batch: Batch) -> None:
        async with self._database.transaction() as tx:
            await tx.batches.end(batch, "delivered")

    async def _send(self, batch: Batch) -> None:
        room_id = await self._find_room(batch)
        if room_id is None:
            await self._end_unsent(batch)
            return
        batch, in_room = await self._with_living_ids(batch)
        sent: dict[int, str] = {}
        for part, body in enumerate(batch.parts):
            if part in in_room:
                continue
            post = Post(
                room_id=room_id,
                body=body,
                batch_id=batch.id,
                part=part,
                attempt=batch.attempt,
                edits=batch.edits,
                is_notice=batch.direct_id is not None and role_of(batch) == "answer",
            )
            sent[part] = await self._gateway.send_post(post)
        async with self._database.transaction() as tx:
            taken_back = await self._delivery.note_posts(tx, batch, batch.attempt, sent, self._gateway.mxid)
        if taken_back:
            self._wake_redactions()
        if batch.stands_for is not None:
            self._wake_quiet_reports()

    async def _find_room(self, batch: Batch) -> str | None:
        """Return the room that a batch goes to; None where being stored is all there is to do."""
        assert batch.direct_id is None and batch.room_id  # noqa: S101, PT018 - the maker takes no other
        return batch.room_id

    async def _with_living_ids(self, batch: Batch) -> tuple[Batch, set[int]]:
        """Return the batch to send, and which of its parts are not to be sent.

        A transaction id holds for one device and one day. Past that, the room itself is asked what it
        has, and the rest goes out as a new attempt. A later attempt leaves out what was delivered.
        """
        device_id, now = await self._gateway.get_device_id(), self._clock.now()
        is_stale = batch.device_id != device_id or now - batch.first_tried_at >= TRANSACTION_IDS_HOLD
        if is_stale:
            await self._catch_up()
        elif batch.attempt == 1:
            return batch, set()
        async with self._database.transaction() as tx:
            if is_stale:
                await tx.batches.start_attempt(batch, device_id, now)
                batch = await tx.batches.get(batch.id) or batch
            parts = await tx.batches.list_parts(batch.id)
        return batch, {
            number
            for number, part in parts.items()
            if part.status == "delivered" or (part.status == "sent" and part.attempt == batch.attempt)
        }

    async def _put_off(self, batch: Batch, error: MatrixFailed) -> None:
        if not error.permanent:
            self._note_failure(error)
        async with self._database.transaction() as tx:
            if error.permanent:
                await self._delivery.give_up(tx, batch, str(error))
            else:
                await tx.batches.put_off(batch, self._resume_at, str(error))
        self._log.warning("Ticket #%s: batch %s was not sent: %s", batch.ticket, batch.id, error)
