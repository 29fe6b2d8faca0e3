"""The outbox's way into the room: rows become batches, batches become posts, each once and in order.

A batch is stored with its lease before anything is sent, so that after a crash the same posts go out
under the same transaction ids, which the homeserver recognises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from logging import Logger

from ..db.database import Database
from ..domain.model import Batch, role_of
from ..domain.retry import backoff
from .background import Worker
from .batches import BatchMaker
from .delivery import DeliveryService
from .ports import Clock, MatrixFailed, MatrixGateway, Post
from .post_notes import PostNotes

SLOTS = 32
"""Batches on their way to the room at once: what comes together, a homeserver stores together."""

AHEAD = 32
"""Batches made before their turn, so that none waits for the database between two posts."""

_A_TURN = 8
"""Batches taken in one transaction; who waits for the database meanwhile is to wait some milliseconds."""

_LONGEST_PAUSE = 60.0

_FRESH = timedelta(seconds=1)
"""A batch that has waited longer is looked at once more before it is sent: it may have been taken back."""

TRANSACTION_IDS_HOLD = timedelta(hours=23)
"""The homeserver forgets a transaction id after 24 hours; an hour is kept as a margin."""


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """A leased batch that waits for a slot, or for the one before it in its lane."""

    batch: Batch
    since: datetime


class Relay:
    """Sends what is due, as many batches at once as there are slots, and one at a time a lane.

    The next batch of a lane is made, under a lease of its own, while the one before it is on its way. It
    goes only where that one got into the room.
    """

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
        self._notes = PostNotes(database, delivery, gateway.mxid)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._sending: dict[str, str] = {}
        """By lane, the batch that is on its way to the room."""
        self._ready: list[_Ready] = []
        self._not_sent: set[str] = set()
        """What did not get into the room since the turn began."""
        self._failures = 0
        self._failed_at = self._resume_at = clock.now()
        self.worker = Worker("relay", self._turn, log)

    async def stop(self) -> None:
        """End all sending; what is under way is sent again later, as the same event."""
        await self.worker.stop()
        self._ready.clear()
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self) -> float:
        began = self._clock.now()
        if self._is_paused(began):
            return (self._resume_at - began).total_seconds()
        # After a failure a single batch finds out whether the homeserver is back.
        limit, ahead = (1, 0) if self._failures else (SLOTS, AHEAD)
        self._not_sent.clear()
        sending = dict(self._sending)
        try:
            batches, next_due = await self._maker.take_batches(
                limit - len(sending) - len(self._ready),
                [*self._under_way, *(ready.batch.id for ready in self._ready)],
                ahead=ahead,
                most=_A_TURN,
                sending=tuple(sending.values()),
            )
        except MatrixFailed as error:
            return self._note_failure(error)
        now = self._clock.now()
        too_late = [b for b in batches if self._is_paused(now) or sending.get(b.lane) in self._not_sent]
        self._ready += [_Ready(batch=batch, since=began) for batch in batches if batch not in too_late]
        self._start_ready()
        await self._let_go(too_late)
        if len(batches) == _A_TURN:
            return 0.0
        if next_due is None:
            return _LONGEST_PAUSE
        return min(max((next_due - now).total_seconds(), 0.0), _LONGEST_PAUSE)

    def _is_paused(self, now: datetime) -> bool:
        # The clock may have been set back since the failure.
        return self._failed_at <= now < self._resume_at

    def _note_failure(self, error: MatrixFailed) -> float:
        self._failures += 1
        pause = backoff(self._failures)
        self._failed_at = self._clock.now()
        self._resume_at = self._failed_at + pause
        self._log.warning("Nothing is sent for %s: %s", pause, error)
        return pause.total_seconds()

    def _start_ready(self) -> None:
        slots = 1 if self._failures else SLOTS
        for ready in tuple(self._ready):
            if len(self._sending) >= slots or self._is_paused(self._clock.now()):
                return
            batch = ready.batch
            if batch.lane not in self._sending:
                self._ready.remove(ready)
                self._sending[batch.lane] = batch.id
                task = asyncio.create_task(self._carry_ready(ready), name=f"headset batch {batch.id}")
                self._under_way[batch.id] = task
                task.add_done_callback(partial(self._carried, batch))

    def _carried(self, batch: Batch, task: asyncio.Task[None]) -> None:
        del self._under_way[batch.id]
        if task.cancelled() or task.exception():
            self._hold_up(batch.lane)
        if not task.cancelled() and task.exception():
            # The lease runs out and the batch is taken again.
            self._log.error("A batch was not carried to its end", exc_info=task.exception())
        self._leave(batch)
        self.worker.wake()

    def _leave(self, batch: Batch) -> None:
        """Let the next one go in the place of a batch that is on its way no more."""
        if self._sending.get(batch.lane) == batch.id:
            del self._sending[batch.lane]
        self._start_ready()

    def _hold_up(self, lane: str | None) -> list[Batch]:
        """Take out what waits behind a batch that did not get into the room; `lane` None: all that waits."""
        held_up = [ready for ready in self._ready if lane in (None, ready.batch.lane)]
        self._ready = [ready for ready in self._ready if ready not in held_up]
        self._not_sent.update(self._sending.values() if lane is None else [self._sending.get(lane, "")])
        return [ready.batch for ready in held_up]

    async def _let_go(self, batches: Sequence[Batch]) -> None:
        """Give up the leases of batches that are not sent now."""
        if batches:
            async with self._database.transaction() as tx:
                for batch in batches:
                    await tx.batches.let_go(batch)

    async def _carry_ready(self, ready: _Ready) -> None:
        batch: Batch | None = ready.batch
        if abs(self._clock.now() - ready.since) > _FRESH:
            batch = await self._maker.renew(ready.batch)
        if batch is not None:
            await self._carry(batch)

    async def _carry(self, batch: Batch) -> None:
        try:
            await self._send(batch)
        except MatrixFailed as error:
            await self._put_off(batch, error)

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
        self._failures = 0
        self._leave(batch)
        if await self._notes.note(batch, sent):
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
        held_up: list[Batch] = []
        if not error.permanent:
            self._note_failure(error)
            held_up = self._hold_up(None)
        async with self._database.transaction() as tx:
            if error.permanent:
                await self._delivery.give_up(tx, batch, str(error))
            else:
                await tx.batches.put_off(batch, self._resume_at, str(error))
        await self._let_go(held_up)
        self._log.warning("Ticket #%s: batch %s was not sent: %s", batch.ticket, batch.id, error)
