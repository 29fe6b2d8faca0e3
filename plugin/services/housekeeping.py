"""What would grow without bound is pruned once an hour."""

from __future__ import annotations

from datetime import timedelta
from logging import Logger

from ..db.database import Database
from .background import Worker
from .ports import Clock, GetSettings

_EVERY_SECONDS = 3600.0
_AT_ONCE = 1000
_CUSTOMERS_AT_ONCE = 100
"""Some statements each; others wait for the database meanwhile."""

KEEP_EVENTS = timedelta(days=30)
"""Handled events of the room: none comes again after so long."""

KEEP_FOR_REVIEW = timedelta(days=90)
"""Strangers' replies, and events that could not be handled: what the team may still look at."""

KEEP_SILENT = timedelta(days=7)
"""Customers who never wrote, from when they came last: anybody can open sessions, without end."""

KEEP_ENDED_SESSIONS = timedelta(days=30)
"""The page that a customer came from last is told from them."""

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
            await tx.records.prune_kept(now - KEEP_FOR_REVIEW)
            await tx.identities.prune_challenges(now - KEEP_CHALLENGES)
            sessions = await tx.sessions.prune_ended(now - KEEP_ENDED_SESSIONS, _AT_ONCE)
            silent = await tx.sessions.prune_silent(now - KEEP_SILENT, _CUSTOMERS_AT_ONCE)
        is_more = _AT_ONCE in (blocks, events, sessions) or silent == _CUSTOMERS_AT_ONCE
        return 0.0 if is_more else _EVERY_SECONDS
