"""Is all well? What an operator and a monitor want to know at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..db.database import Database
from ..domain.errors import Unavailable
from .ports import Clock, RoomFacts
from .room import SupportRoom

LATE = timedelta(minutes=5)
"""A message that has waited longer for its place in the room is a sign of trouble."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What the database says."""

    waiting: int
    oldest: datetime | None
    failed: int
    unconfirmed: int
    open_tickets: int
    strangers_today: int
    redactions_waiting: int
    redactions_refused: int
    bridge_reports: bool


@dataclass(frozen=True, kw_only=True)
class Health:
    """The state of the desk; `numbers` is None where the database can't be read."""

    room_id: str | None
    room_problem: str | None
    facts: RoomFacts | None
    numbers: Numbers | None
    is_late: bool

    @property
    def checks(self) -> dict[str, str]:
        """Return each check in a word."""
        return {
            "database": "ok" if self.numbers else "down",
            "room": "ok" if self.room_id else "not joined",
            "bridge": self._bridge(),
            "outbox": "late" if self.is_late else "ok",
        }

    @property
    def status(self) -> str:
        """Return `down`, `degraded` or `ok`."""
        if self.numbers is None:
            return "down"
        well = {"database": "ok", "room": "ok", "bridge": "reporting", "outbox": "ok"}
        return "ok" if self.checks == well else "degraded"

    def _bridge(self) -> str:
        if self.facts is None or not self.facts.bridge_is_there:
            return "not there"
        return "reporting" if self.numbers and self.numbers.bridge_reports else "silent"


class HealthService:
    """Puts together what the parts know."""

    def __init__(self, database: Database, clock: Clock, room: SupportRoom) -> None:
        self._database, self._clock, self._room = database, clock, room

    async def get_health(self) -> Health:
        """Return the state of the desk; it asks the database, but not the homeserver."""
        try:
            numbers = await self._get_numbers()
        except Unavailable:
            numbers = None
        oldest = numbers.oldest if numbers else None
        return Health(
            room_id=self._room.room_id,
            room_problem=self._room.problem,
            facts=self._room.facts,
            numbers=numbers,
            is_late=oldest is not None and self._clock.now() - oldest > LATE,
        )

    async def _get_numbers(self) -> Numbers:
        now = self._clock.now()
        async with self._database.snapshot() as tx:
            waiting, oldest = await tx.outbox.count_waiting_messages()
            undelivered = await tx.batches.count_undelivered()
            redactions_waiting, redactions_refused = await tx.redactions.count()
            return Numbers(
                waiting=waiting,
                oldest=oldest,
                failed=undelivered.get("failed", 0),
                unconfirmed=undelivered.get("unconfirmed", 0),
                open_tickets=await tx.tickets.count_open(),
                strangers_today=await tx.records.count_strangers(now - timedelta(days=1)),
                redactions_waiting=redactions_waiting,
                redactions_refused=redactions_refused,
                bridge_reports=await tx.batches.bridge_reports(),
            )
