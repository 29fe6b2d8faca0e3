"""Tells the moderators' streams when something begins to go wrong, or is well again."""

from __future__ import annotations

from collections.abc import Mapping
from logging import Logger

from ...db.database import Database
from ..background import Worker
from ..health import HealthService

_EVERY_SECONDS = 10.0


class HealthWatch:
    """Looks again and again, and notes each change."""

    def __init__(self, database: Database, health: HealthService, log: Logger) -> None:
        self._database, self._health = database, health
        self._known: Mapping[str, str] = {}
        self.worker = Worker("watch over the desk's health", self._look, log)

    async def _look(self) -> float:
        checks = (await self._health.get_health()).checks
        # The first look notes, too: what was so before the start is not known.
        if checks != self._known:
            async with self._database.transaction() as tx:
                tx.team_events.note("health.changed")
            self._known = checks
        return _EVERY_SECONDS
