"""The allow-list in the database follows the one in the configuration."""

from __future__ import annotations

from dataclasses import replace

from ..config import ModeratorEntry, Settings
from ..db.database import Database
from ..domain.model import Moderator, Source
from .ids import new_ulid
from .ports import Clock


async def update_allow_list(database: Database, clock: Clock, settings: Settings) -> None:
    """Bring the stored moderators in line with `settings`; whoever is known keeps their id."""
    async with database.transaction() as tx:
        known = await tx.moderators.list_all()
        await tx.moderators.retire_configured()
        for entry, source in _entries(settings):
            match = next((m for m in known if _is_same(m, entry)), None)
            if match is None:
                await tx.moderators.add(_moderator(new_ulid(clock.now()), entry, source))
            else:
                known.remove(match)
                await tx.moderators.update(_moderator(match.id, entry, source))
        await tx.access.revoke_retired(clock.now())


def _entries(settings: Settings) -> list[tuple[ModeratorEntry, Source]]:
    """Return the moderators and the operators; whoever is an operator has the role admin."""
    moderators = [
        replace(entry, role="admin") if entry.mxid in settings.admins else entry
        for entry in settings.moderators
    ]
    listed = {entry.mxid for entry in moderators}
    operators = [
        ModeratorEntry(name=mxid[1:].partition(":")[0], role="admin", telegram_id=None, mxid=mxid)
        for mxid in dict.fromkeys(settings.admins)
        if mxid not in listed
    ]
    return [*((entry, "config") for entry in moderators), *((entry, "admins") for entry in operators)]


def _is_same(known: Moderator, entry: ModeratorEntry) -> bool:
    return (entry.telegram_id is not None and known.telegram_id == entry.telegram_id) or (
        entry.mxid is not None and known.mxid == entry.mxid
    )


def _moderator(moderator_id: str, entry: ModeratorEntry, source: Source) -> Moderator:
    return Moderator(
        id=moderator_id,
        name=entry.name,
        role=entry.role,
        telegram_id=entry.telegram_id,
        mxid=entry.mxid,
        handles=entry.handles,
        source=source,
    )
