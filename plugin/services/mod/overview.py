"""What a console needs to know at its start, and how the desk stands."""

from __future__ import annotations

from dataclasses import dataclass

from ...config import Settings
from ...db.database import Database
from ...domain.model import Moderator
from ..ports import GetSettings
from ..room import SupportRoom


@dataclass(frozen=True, kw_only=True)
class Me:
    """The desk as one moderator finds it; of one snapshot with `last_event`."""

    settings: Settings
    team: tuple[Moderator, ...]
    has_room: bool
    """The bot is in the support room."""
    last_event: int
    """A stream opened after this number misses nothing of what is read from now on."""


class OverviewService:
    """Answers who I am and how things stand."""

    def __init__(self, *, database: Database, settings: GetSettings, room: SupportRoom) -> None:
        self._database, self._settings, self._room = database, settings, room

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
