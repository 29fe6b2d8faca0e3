"""What is kept for the team to look at: the audit log and strangers' replies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mautrix.util.async_db import Connection

from .columns import AFTER_ALL_IDS, Row, from_ms, to_ms
from .team_events import TeamEventRepository

_ADD_AUDIT = """
    INSERT INTO audit (id, at, actor_id, actor_name, action, target, detail)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_ADD_STRANGER = """
    INSERT INTO stranger_reply (id, event_id, sender, ticket, text, sent_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (event_id) DO NOTHING RETURNING 1
"""
_ADD_EARLY = """
    INSERT INTO early_change (event_id, target, sender, text, sent_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (event_id) DO NOTHING
"""
_LIST_EARLY = "SELECT event_id, sender, text, sent_at FROM early_change WHERE target = $1 ORDER BY sent_at"
_MAY_HINT = """
    INSERT INTO hint (person, told_at) VALUES ($1, $2)
    ON CONFLICT (person) DO UPDATE SET told_at = excluded.told_at WHERE hint.told_at <= $3 RETURNING 1
"""
_PRUNE = (
    "DELETE FROM early_change WHERE sent_at < $1",
    "DELETE FROM hint WHERE told_at < $1",
    "DELETE FROM redaction WHERE done_at < $1",
    "DELETE FROM room_event WHERE outcome IS NOT NULL AND outcome <> 'error' AND sent_at < $1",
)
_PRUNE_KEPT = (
    "DELETE FROM stranger_reply WHERE sent_at < $1",
    "DELETE FROM room_event WHERE outcome = 'error' AND sent_at < $1",
)
_STRANGER = "id, event_id, sender, ticket, text, sent_at, name"
_LIST_STRANGERS = f"""
    SELECT {_STRANGER} FROM stranger_reply WHERE id < $1 ORDER BY id DESC LIMIT $2
"""
# What was done in a private conversation is its moderator's alone; a block counts for the whole team.
_LIST_AUDIT = """
    SELECT id, at, actor_id, actor_name, action, target, detail FROM audit
    WHERE id < $1 AND (actor_id = $2 OR action LIKE 'block.%' OR target NOT LIKE '%"direct": "%')
    ORDER BY id DESC LIMIT $3
"""
_GET_STRANGER = f"SELECT {_STRANGER} FROM stranger_reply WHERE id = $1"
# Without the name: that nobody has one is known, too, as an empty one.
_LIST_UNNAMED = """
    SELECT s.id, s.sender, e.room_id FROM stranger_reply s JOIN room_event e ON e.event_id = s.event_id
    WHERE s.name IS NULL AND s.sent_at >= $1 ORDER BY s.sent_at LIMIT $2
"""
_NAME_STRANGER = "UPDATE stranger_reply SET name = $2 WHERE id = $1 RETURNING ticket"
_COUNT_STRANGERS = "SELECT COUNT(*) FROM stranger_reply WHERE sent_at >= $1"


@dataclass(frozen=True, kw_only=True)
class EarlyChange:
    """An edit, or with no text a deletion, of an event that was not read yet or said the same already."""

    event_id: str
    sender: str
    text: str | None
    sent_at: datetime


@dataclass(frozen=True, kw_only=True)
class StrangerReply:
    """A reply to a ticket by somebody who is not on the allow-list."""

    id: str
    event_id: str
    sender: str
    ticket: int
    text: str
    sent_at: datetime
    name: str | None
    """What the room calls them; None until that is known, or where it knows no name."""


@dataclass(frozen=True, kw_only=True)
class UnnamedStranger:
    """A stranger's reply whose writer has not been looked up in its room."""

    id: str
    sender: str
    room_id: str


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Who did what to whom, when."""

    id: str
    at: datetime
    actor_id: str
    actor_name: str
    action: str
    target: dict[str, Any]
    detail: dict[str, Any]


def _stranger(row: Row) -> StrangerReply:
    return StrangerReply(
        id=row["id"],
        event_id=row["event_id"],
        sender=row["sender"],
        ticket=row["ticket"],
        text=row["text"],
        sent_at=from_ms(row["sent_at"]),
        name=row["name"] or None,
    )


class RecordRepository:
    """What was seen and done, and what waits for its counterpart."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def add_audit(
        self,
        record_id: str,
        *,
        at: datetime,
        actor_id: str,
        actor_name: str,
        action: str,
        target: Mapping[str, Any],
        detail: Mapping[str, Any],
    ) -> None:
        """Write down who did what to whom, when."""
        await self._conn.execute(
            _ADD_AUDIT,
            record_id,
            to_ms(at),
            actor_id,
            actor_name,
            action,
            json.dumps(target),
            json.dumps(detail),
        )

    async def list_audit(self, reader_id: str, after: str | None, limit: int) -> list[AuditEntry]:
        """Return what a moderator may read of the log, newest first, from the entry before one."""
        return [
            AuditEntry(
                id=row["id"],
                at=from_ms(row["at"]),
                actor_id=row["actor_id"],
                actor_name=row["actor_name"],
                action=row["action"],
                target=json.loads(row["target"]),
                detail=json.loads(row["detail"]),
            )
            for row in await self._conn.fetch(_LIST_AUDIT, after or AFTER_ALL_IDS, reader_id, limit)
        ]

    async def list_strangers(self, after: str | None, limit: int) -> list[StrangerReply]:
        """Return strangers' replies, newest first, from the one before one."""
        return [
            _stranger(row) for row in await self._conn.fetch(_LIST_STRANGERS, after or AFTER_ALL_IDS, limit)
        ]

    async def get_stranger(self, record_id: str) -> StrangerReply | None:
        """Return one stranger's reply."""
        row = await self._conn.fetchrow(_GET_STRANGER, record_id)
        return None if row is None else _stranger(row)

    async def list_unnamed_strangers(self, since: datetime, limit: int) -> list[UnnamedStranger]:
        """Return replies whose writers have not been looked up, oldest first."""
        rows = await self._conn.fetch(_LIST_UNNAMED, to_ms(since), limit)
        return [UnnamedStranger(id=row["id"], sender=row["sender"], room_id=row["room_id"]) for row in rows]

    async def name_strangers(self, names: Mapping[str, str]) -> None:
        """Note by id of the reply what its writer is called; empty: they have no name."""
        for record_id, name in names.items():
            ticket = await self._conn.fetchval(_NAME_STRANGER, record_id, name)
            if ticket is not None and name:
                # What was told is shown anew, under the same id.
                self._events.note("stranger.created", ticket=ticket, object_id=record_id)

    async def add_stranger_reply(
        self, record_id: str, *, event_id: str, sender: str, ticket: int, text: str, sent_at: datetime
    ) -> None:
        """Keep a reply to a ticket that was not delivered."""
        added = await self._conn.fetchval(
            _ADD_STRANGER, record_id, event_id, sender, ticket, text, to_ms(sent_at)
        )
        if added is not None:
            self._events.note("stranger.created", ticket=ticket, object_id=record_id)

    async def add_early_change(
        self, event_id: str, *, target: str, sender: str, text: str | None, sent_at: datetime
    ) -> None:
        """Keep an edit or a deletion that came before what it is about, or an edit that changes nothing."""
        await self._conn.execute(_ADD_EARLY, event_id, target, sender, text, to_ms(sent_at))

    async def list_early_changes(self, target: str) -> list[EarlyChange]:
        """Return what was kept about an event, in order."""
        return [
            EarlyChange(
                event_id=row["event_id"],
                sender=row["sender"],
                text=row["text"],
                sent_at=from_ms(row["sent_at"]),
            )
            for row in await self._conn.fetch(_LIST_EARLY, target)
        ]

    async def may_hint(self, person: str, now: datetime, not_since: datetime) -> bool:
        """Tell whether a person may be given a hint, and remember that it is given."""
        return await self._conn.fetchval(_MAY_HINT, person, to_ms(now), to_ms(not_since)) is not None

    async def count_strangers(self, since: datetime) -> int:
        """Return how many strangers' replies there were."""
        return int(await self._conn.fetchval(_COUNT_STRANGERS, to_ms(since)))

    async def prune(self, before: datetime) -> None:
        """Forget what can't matter any more."""
        for statement in _PRUNE:
            await self._conn.execute(statement, to_ms(before))

    async def prune_kept(self, before: datetime) -> None:
        """Forget what was kept for people to look at."""
        for statement in _PRUNE_KEPT:
            await self._conn.execute(statement, to_ms(before))
