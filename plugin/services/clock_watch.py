"""Notices that this machine's clock was set back, so that nothing waits for a time that was wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from logging import Logger

from ..db.database import Database
from .background import Worker
from .ports import Clock

_EVERY_SECONDS = 2.0
_NOTE_EVERY = timedelta(minutes=1)
_STEP = timedelta(seconds=1)
"""Less is how clocks are kept right, and delays nothing that anybody would notice."""


class ClockWatch:
    """Moves the plans along when the clock is set back, also where that happened while no process ran.

    A clock that is set forward needs nothing: what is due by then is due.
    """

    def __init__(
        self, database: Database, clock: Clock, host: str, wake: Callable[[], None], log: Logger
    ) -> None:
        """`wake` is called when plans have moved."""
        self._database, self._clock, self._host, self._wake, self._log = database, clock, host, wake, log
        self._seen: datetime | None = None
        self._noted: datetime | None = None
        self.worker = Worker("watch over the clock", self._look, log)

    async def _look(self) -> float:
        now = self._clock.now()
        if self._noted is None:
            async with self._database.snapshot() as tx:
                self._seen = self._noted = await tx.schedule.get_seen(self._host)
        back = self._seen is not None and self._seen - now > _STEP and self._seen - now
        if back:
            self._log.warning("The clock was set back by %s: what is planned moves along", back)
        if back or self._noted is None or now - self._noted >= _NOTE_EVERY:
            async with self._database.transaction() as tx:
                if back:
                    await tx.schedule.set_back(now, back)
                await tx.schedule.note_seen(self._host, now)
            self._noted = now
        if back:
            self._wake()
        self._seen = now
        return _EVERY_SECONDS
