"""What was taken back is redacted in the room; the bridge then deletes it in Telegram."""

from __future__ import annotations

from datetime import timedelta
from logging import Logger

from ..db.database import Database
from ..db.redactions import Redaction
from ..domain.retry import backoff
from .background import Worker
from .ports import Clock, MatrixFailed, MatrixGateway

_AT_ONCE = 50
_LONGEST_PAUSE = 60.0
_SCRUB_AGAIN_SECONDS = 1.0

# A refusal may be for ever, as for want of the power to redact what others wrote, or until the bot is back
# in the room.
_PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)


class Redactions:
    """Carries out redactions, each until it is done or has been refused for more than a day."""

    def __init__(self, database: Database, gateway: MatrixGateway, clock: Clock, log: Logger) -> None:
        self._database, self._gateway, self._clock, self._log = database, gateway, clock, log
        self._failures = 0
        # A former process may have ended between erasing and this.
        self._must_scrub = True
        self.worker = Worker("redactions", self._turn, log)

    def wake(self) -> None:
        """Look at once, and clean the database of texts that were just erased."""
        self._must_scrub = True
        self.worker.wake()

    async def _turn(self) -> float:
        if self._must_scrub:
            self._must_scrub = not await self._database.scrub()
        now = self._clock.now()
        async with self._database.snapshot() as tx:
            due = await tx.redactions.list_due(now, _AT_ONCE)
        for redaction in due:
            try:
                await self._carry_out(redaction)
            except MatrixFailed as error:
                return await self._put_off(redaction, error)
        if due:
            self._failures = 0
        return await self._get_pause()

    async def _put_off(self, redaction: Redaction, error: MatrixFailed) -> float:
        """Let the homeserver rest; the others go first then, should it be this one that it stumbles over."""
        self._failures += 1
        pause = backoff(self._failures)
        self._log.warning("Nothing is redacted for %s: %s", pause, error)
        async with self._database.transaction() as tx:
            await tx.redactions.put_off(redaction, self._clock.now() + pause, str(error), refused=False)
        return pause.total_seconds()

    async def _carry_out(self, redaction: Redaction) -> None:
        refusal = None
        try:
            await self._gateway.redact(
                redaction.room_id, redaction.event_id, f"headset-{redaction.event_id}-{redaction.round}"
            )
        except MatrixFailed as error:
            if not error.permanent:
                raise
            refusal = str(error)
        now = self._clock.now()
        async with self._database.transaction() as tx:
            if refusal is not None and redaction.tries < len(_PAUSES):
                await tx.redactions.put_off(redaction, now + _PAUSES[redaction.tries], refusal, refused=True)
                return
            await tx.redactions.finish(redaction, now, refusal)
        if refusal is not None:
            self._log.warning("Event %s stays in the room: %s", redaction.event_id, refusal)

    async def _get_pause(self) -> float:
        async with self._database.snapshot() as tx:
            next_due = await tx.redactions.get_next_due()
        longest = _SCRUB_AGAIN_SECONDS if self._must_scrub else _LONGEST_PAUSE
        if next_due is None:
            return longest
        return min(max((next_due - self._clock.now()).total_seconds(), 0.0), longest)
