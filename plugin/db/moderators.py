"""The allow-list."""

from __future__ import annotations

import json
from typing import Any

from mautrix.util.async_db import Connection

from ..domain.model import Moderator
from .columns import Row
from .team_events import TeamEventRepository

READ_MODERATOR = """
    m.id, m.name, m.role, m.telegram_id, m.mxid, m.handles, m.source,
    (SELECT COUNT(*) FROM moderator_token h WHERE h.moderator_id = m.id AND h.revoked_at IS NULL) AS tokens
"""
"""The columns that `moderator_from_row` reads, of the table under the name `m`."""

_LIST_ACTIVE = f"SELECT {READ_MODERATOR} FROM moderator m WHERE m.active = 1 ORDER BY m.id"
_LIST_ALL = f"SELECT {READ_MODERATOR} FROM moderator m ORDER BY m.active DESC, m.id"
_MODERATOR = "id, name, role, telegram_id, mxid, handles, source"
_ADD = f"INSERT INTO moderator ({_MODERATOR}, active) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)"
_UPDATE = """
    UPDATE moderator SET name = $2, role = $3, telegram_id = $4, mxid = $5, handles = $6, source = $7,
        active = 1
    WHERE id = $1
"""
# Who was allowed at run time stays when the configuration changes.
_RETIRE_CONFIGURED = "UPDATE moderator SET active = 0 WHERE source <> 'runtime'"
_RETIRE = "UPDATE moderator SET active = 0 WHERE id = $1 AND source = 'runtime' AND active = 1 RETURNING 1"


def moderator_from_row(row: Row) -> Moderator:
    """Read a row of the columns of `READ_MODERATOR`."""
    return Moderator(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        telegram_id=row["telegram_id"],
        mxid=row["mxid"],
        handles=tuple(json.loads(row["handles"])),
        source=row["source"],
        tokens=row["tokens"],
    )


class ModeratorRepository:
    """Who speaks for the team. One who leaves the list keeps the row: old answers name it."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def list_active(self) -> list[Moderator]:
        """Return those on the allow-list."""
        return [moderator_from_row(row) for row in await self._conn.fetch(_LIST_ACTIVE)]

    async def list_all(self) -> list[Moderator]:
        """Return those on the allow-list, then those who once were."""
        return [moderator_from_row(row) for row in await self._conn.fetch(_LIST_ALL)]

    async def retire_configured(self) -> None:
        """Take everybody off the list whom the configuration put there, to be put back by `update`."""
        await self._conn.execute(_RETIRE_CONFIGURED)
        self._events.note("moderator.updated")

    async def retire(self, moderator_id: str) -> bool:
        """Take somebody off the list who was put there at run time; False for one of the configuration's."""
        retired = await self._conn.fetchval(_RETIRE, moderator_id) is not None
        if retired:
            self._events.note("moderator.updated")
        return retired

    async def add(self, moderator: Moderator) -> None:
        """Put somebody new on the list."""
        await self._conn.execute(_ADD, *self._values(moderator))
        self._events.note("moderator.updated")

    async def update(self, moderator: Moderator) -> None:
        """Put a known one back on the list, as now written there."""
        await self._conn.execute(_UPDATE, *self._values(moderator))
        self._events.note("moderator.updated")

    @staticmethod
    def _values(moderator: Moderator) -> tuple[Any, ...]:
        return (
            moderator.id,
            moderator.name,
            moderator.role,
            moderator.telegram_id,
            moderator.mxid,
            json.dumps(moderator.handles),
            moderator.source,
        )
