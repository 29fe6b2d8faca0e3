"""What a console needs to know at its start, and how the desk stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ...config import Settings
from ...db.database import Database
from ...db.overview import FirstAnswers
from ...domain.model import Moderator
from ..health import Health, HealthService
from ..ids import least_ulid
from ..ports import Clock, GetSettings
from ..room import SupportRoom

_HOURS = 24
_DAY = timedelta(days=1)
_ANSWERS_OF = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Me:
    """The desk as one moderator finds it; of one snapshot with `last_event`."""

    settings: Settings
    team: tuple[Moderator, ...]
    has_room: bool
    """The bot is in the support room."""
    last_event: int
    """A stream opened after this number misses nothing of what is read from now on."""


@dataclass(frozen=True, kw_only=True)
class Hour:
    """How many messages there were in an hour."""

    at: datetime
    customer: int
    moderator: int


@dataclass(frozen=True, kw_only=True)
class Stats:
    """How the desk stands; of what is private only the viewer's own counts."""

    open: int
    waiting: int
    blocked: int
    unsent: int
    failed: int
    held: int
    strangers_today: int
    """In the last 24 hours."""
    first_answer: FirstAnswers
    """Of the last seven days."""
    hours: tuple[Hour, ...]
    """By the clock, the oldest first; the last one is not over."""
    health: Health


class OverviewService:
    """Answers who I am and how things stand."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        settings: GetSettings,
        room: SupportRoom,
        health: HealthService,
    ) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._room, self._health = room, health

    async def get_me(self) -> Me:
        """Return what a console begins with."""
        async with self._database.snapshot() as tx:
            team = await tx.moderators.list_active()
            last_event = await tx.team_events.get_last()
        return Me(
            settings=self._settings(),
            team=tuple(sorted(team, key=lambda one: (one.name.casefold(), one.id))),
            has_room=self._room.room_id is not None,
            last_event=last_event,
        )

    async def get_stats(self, viewer: Moderator) -> Stats:
        """Return how the desk stands."""
        now, health = self._clock.now(), await self._health.get_health()
        since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=_HOURS - 1)
        async with self._database.snapshot() as tx:
            by_hour = await tx.overview.count_by_hour(since, least_ulid(since))
            return Stats(
                open=await tx.tickets.count_open(),
                waiting=await tx.overview.count_waiting(now),
                blocked=await tx.overview.count_blocked(now),
                unsent=await tx.overview.count_unsent(viewer.id),
                failed=await tx.overview.count_failed(viewer.id),
                held=await tx.held_entries.count_waiting(viewer.id),
                strangers_today=await tx.records.count_strangers(now - _DAY),
                first_answer=await tx.overview.get_first_answers(now - _ANSWERS_OF),
                hours=tuple(
                    Hour(
                        at=since + timedelta(hours=hour),
                        customer=by_hour.get((hour, "customer"), 0),
                        moderator=by_hour.get((hour, "moderator"), 0),
                    )
                    for hour in range(_HOURS)
                ),
                health=health,
            )
