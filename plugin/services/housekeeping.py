"""What would grow without bound is pruned once an hour."""

from __future__ import annotations

from datetime import timedelta
from logging import Logger

from ..db.database import Database
from .background import Worker
from .ports import Clock, GetSettings

_EVERY_SECONDS = 3600.0
_AT_ONCE = 1000

KEEP_EVENTS = timedelta(days=30)
"""Handled events of the room: none comes again after so long."""

KEEP_CODES = timedelta(days=7)
"""From when they were made: long enough for their posts to be found and taken back."""

KEEP_TEAM_EVENTS = timedelta(days=7)
"""A console that was away for longer loads everything anew."""

KEEP_CHALLENGES = timedelta(hours=1)
"""After their end; a wallet that answers late is told why it is refused."""


class Housekeeping:
    """Forgets what has had its time."""

    def __init__(self, database: Database, clock: Clock, settings: GetSettings, log: Logger) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self.worker = Worker("housekeeping", self._turn, log)

    async def _turn(self) -> float:
        now, keep = self._clock.now(), self._settings().block_habits.keep_ended
        async with self._database.transaction() as tx:
            blocks = await tx.blocks.prune(now - keep, _AT_ONCE)
            events = await tx.team_events.prune(now - KEEP_TEAM_EVENTS, _AT_ONCE)
            await tx.records.prune(now - KEEP_EVENTS)
            await tx.access.prune_codes(now - KEEP_CODES)
            await tx.console_acts.prune(now - KEEP_EVENTS)
            await tx.identities.prune_challenges(now - KEEP_CHALLENGES)
        return 0.0 if _AT_ONCE in (blocks, events) else _EVERY_SECONDS
