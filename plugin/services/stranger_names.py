"""What the room calls the people whose replies were not delivered."""

from __future__ import annotations

from datetime import timedelta
from logging import Logger

from ..db.database import Database
from ..domain.retry import backoff
from ..domain.text import one_line
from .background import Worker
from .ports import Clock, MatrixFailed, MatrixGateway

_AT_ONCE = 50
_LONGEST_PAUSE = 600.0
_LONGEST_NAME = 100

_NO_LATER = timedelta(days=1)
"""Nobody looks for the name of an older reply."""


class StrangerNames:
    """Asks the homeserver, beside the way in: a reply is noted at once, and named when the name is known.

    A name says nothing of who somebody is; the allow-list goes by the id.
    """

    def __init__(self, database: Database, gateway: MatrixGateway, clock: Clock, log: Logger) -> None:
        self._database, self._gateway, self._clock, self._log = database, gateway, clock, log
        self._failures = 0
        self.worker = Worker("strangers' names", self._turn, log)

    async def _turn(self) -> float:
        async with self._database.snapshot() as tx:
            unnamed = await tx.records.list_unnamed_strangers(self._clock.now() - _NO_LATER, _AT_ONCE)
        names: dict[tuple[str, str], str] = {}
        try:
            for room_id, sender in dict.fromkeys((one.room_id, one.sender) for one in unnamed):
                name = await self._gateway.get_display_name(room_id, sender)
                names[room_id, sender] = one_line(name, _LONGEST_NAME)
        except MatrixFailed as error:
            self._failures += 1
            self._log.warning("Strangers stay without a name for now: %s", error)
        else:
            self._failures = 0
        named = [one for one in unnamed if (one.room_id, one.sender) in names]
        if named:
            async with self._database.transaction() as tx:
                await tx.records.name_strangers({one.id: names[one.room_id, one.sender] for one in named})
        if self._failures:
            return backoff(self._failures).total_seconds()
        return 0.0 if len(unnamed) == _AT_ONCE else _LONGEST_PAUSE
