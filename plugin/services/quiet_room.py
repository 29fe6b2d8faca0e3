"""The room where only the bot is: what stands in for held messages goes there, and costs what they would.

By the clock alone, a customer could otherwise tell a block from the work that their message does not make: a
request to the homeserver, its event coming back, the bridge's word on it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from logging import Logger
from zlib import crc32

from ..db.database import Database
from ..domain.model import Batch
from .background import Worker
from .ids import new_ulid
from .ports import Clock, MatrixFailed, MatrixGateway

_NAME = "Headset: nobody reads this"
_TOPIC = "Dots, and nothing else. Leave this room as it is."
QUIET_ID = "quiet"
"""In the place of a direct conversation's id; no such id is a word."""

_DELAYS = 20
_USUAL_DELAY = timedelta(milliseconds=300)
"""Of the bridge's word, as long as it has not been heard."""

_BRIDGE_IS_LATE = 4
"""So many times the longest delay without a word on a real post: the bridge is down, and stand-ins wait."""

_LONGEST_PAUSE = 60.0
_RETRY_SECONDS = 5.0


class QuietRoom:
    """Knows the room, once it is made."""

    def __init__(self, gateway: MatrixGateway, log: Logger) -> None:
        self._gateway, self._log = gateway, log
        self.room_id: str | None = None
        """None where there is none: what is held then makes no work, and a block may show by the clock."""

    async def open(self) -> None:
        """Make the room, or find it, and see that the bot is still in it."""
        try:
            if (
                self.room_id
                and (await self._gateway.get_members(self.room_id)).get(self._gateway.mxid) == "join"
            ):
                return
            self.room_id = await self._gateway.open_direct_room(QUIET_ID, _NAME, _TOPIC)
        except MatrixFailed as error:
            self._log.warning("There is no room for stand-ins, so blocks may show by the clock: %s", error)


def make_stand_in(batch: Batch, room_id: str | None, now: datetime) -> Batch:
    """Return what goes to the quiet room in the place of a batch: as many parts and as many bytes."""
    return replace(
        batch,
        id=new_ulid(now, after=batch.id),
        ticket=None,
        room_id=room_id,
        parts=tuple(blanked(part) for part in batch.parts),
        stands_for=batch.id,
        heading=None,
    )


def blanked(text: str) -> str:
    """Return dots that are as long on the wire as a text."""
    return "." * len(text.encode())


class QuietReports:
    """Gives the word on stand-ins that the bridge would give, as late as it does."""

    def __init__(
        self, database: Database, gateway: MatrixGateway, room: QuietRoom, clock: Clock, log: Logger
    ) -> None:
        self._database, self._gateway, self._room, self._clock = database, gateway, room, clock
        self._log = log
        self.worker = Worker("quiet reports", self._turn, log)

    async def _turn(self) -> float:
        async with self._database.snapshot() as tx:
            waiting = await tx.stand_ins.list_waiting() if await tx.batches.bridge_reports() else []
            if not waiting or self._room.room_id is None:
                return _LONGEST_PAUSE
            delays = await tx.stand_ins.list_report_delays(_DELAYS) or [_USUAL_DELAY]
            oldest = await tx.batches.get_oldest_unconfirmed(stand_ins=False)
        now = self._clock.now()
        if oldest is not None and now - oldest > _BRIDGE_IS_LATE * max(delays):
            return _RETRY_SECONDS
        pauses = []
        for event_id, sent_at in waiting:
            # The same one at each look.
            due = sent_at + delays[crc32(event_id.encode()) % len(delays)]
            # What is of a time to come was sent before the clock was set back.
            if sent_at <= now < due:
                pauses.append((due - now).total_seconds())
                continue
            try:
                await self._gateway.send_report(self._room.room_id, event_id)
            except MatrixFailed as error:
                self._log.warning("No word on a stand-in: %s", error)
                return _RETRY_SECONDS
        return min(pauses, default=_LONGEST_PAUSE)
