"""The outbox's way into direct rooms: each has a room and troubles of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from logging import Logger

from ..db.database import Database
from ..domain.model import Batch
from ..domain.retry import backoff
from .batches import BatchMaker
from .delivery import DeliveryService
from .direct_rooms import DirectRooms
from .ports import Clock, MatrixFailed, MatrixGateway
from .relay import Relay


class DirectRelay(Relay):
    """Sends direct batches; one that fails holds up neither the others nor the group."""

    def __init__(
        self,
        *,
        database: Database,
        gateway: MatrixGateway,
        clock: Clock,
        maker: BatchMaker,
        delivery: DeliveryService,
        rooms: DirectRooms,
        catch_up: Callable[[], Awaitable[None]],
        wake_redactions: Callable[[], None],
        wake_quiet_reports: Callable[[], None],
        log: Logger,
    ) -> None:
        super().__init__(
            database=database,
            gateway=gateway,
            clock=clock,
            maker=maker,
            delivery=delivery,
            catch_up=catch_up,
            wake_redactions=wake_redactions,
            wake_quiet_reports=wake_quiet_reports,
            log=log,
        )
        self._rooms = rooms

    async def _find_room(self, batch: Batch) -> str | None:
        assert batch.direct_id is not None  # noqa: S101 - the maker of this channel takes no other
        return await self._rooms.prepare(batch.direct_id, quiet_room_id=batch.room_id)

    async def _put_off(self, batch: Batch, error: MatrixFailed) -> None:
        held_up = [] if error.permanent else self._hold_up(batch.lane)
        async with self._database.transaction() as tx:
            if error.permanent:
                await self._delivery.give_up(tx, batch, str(error))
            else:
                until = self._clock.now() + backoff(batch.tries + 1)
                await tx.batches.put_off(batch, until, str(error))
        await self._let_go(held_up)
        self._log.warning("Direct conversation %s: not sent: %s", batch.direct_id, error)
