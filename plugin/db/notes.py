"""The team's notes: on tickets for the team, on customers for the moderator who wrote them."""

from __future__ import annotations

from mautrix.util.async_db import Connection

from ..domain.desk import Person, TeamNote
from .columns import Row, from_ms, to_ms
from .team_events import TeamEventRepository

_NOTE = "id, customer_id, ticket, by_id, by_name, text, created_at"
_ADD = f"INSERT INTO note ({_NOTE}) VALUES ($1, $2, $3, $4, $5, $6, $7)"
_GET = f"SELECT {_NOTE} FROM note WHERE id = $1"
_COUNT_OF_TICKET = "SELECT COUNT(*) FROM note WHERE ticket = $1"
_COUNT_PRIVATE = "SELECT COUNT(*) FROM note WHERE customer_id = $1 AND ticket IS NULL"
_LIST_OF_TICKET = f"SELECT {_NOTE} FROM note WHERE ticket = $1 AND id > $2 ORDER BY id LIMIT $3"
_LIST_PRIVATE = f"""
    SELECT {_NOTE} FROM note WHERE customer_id = $1 AND ticket IS NULL AND by_id = $4 AND id > $2
    ORDER BY id LIMIT $3
"""


def _from_row(row: Row) -> TeamNote:
    return TeamNote(
        id=row["id"],
        customer_id=row["customer_id"],
        ticket=row["ticket"],
        by=Person(id=row["by_id"], name=row["by_name"]),
        text=row["text"],
        created_at=from_ms(row["created_at"]),
    )


class NoteRepository:
    """Words that no customer ever sees."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def add(self, note: TeamNote) -> None:
        """Store a note."""
        await self._conn.execute(
            _ADD,
            note.id,
            note.customer_id,
            note.ticket,
            note.by.id,
            note.by.name,
            note.text,
            to_ms(note.created_at),
        )
        self._events.note(
            "note.created",
            ticket=note.ticket,
            object_id=note.id,
            moderator_id=note.by.id if note.ticket is None else None,
        )

    async def get(self, note_id: str) -> TeamNote | None:
        """Return the note."""
        row = await self._conn.fetchrow(_GET, note_id)
        return None if row is None else _from_row(row)

    async def list_of_ticket(self, ticket: int, after: str, limit: int) -> list[TeamNote]:
        """Return a ticket's notes after one, oldest first."""
        return [_from_row(row) for row in await self._conn.fetch(_LIST_OF_TICKET, ticket, after, limit)]

    async def list_private(self, customer_id: str, by_id: str, after: str, limit: int) -> list[TeamNote]:
        """Return what a moderator noted in private about a customer after one note, oldest first."""
        rows = await self._conn.fetch(_LIST_PRIVATE, customer_id, after, limit, by_id)
        return [_from_row(row) for row in rows]

    async def count_of_ticket(self, ticket: int) -> int:
        """Return how many notes a ticket has."""
        return int(await self._conn.fetchval(_COUNT_OF_TICKET, ticket))

    async def count_private(self, customer_id: str) -> int:
        """Return how many notes were made in direct conversations with a customer."""
        return int(await self._conn.fetchval(_COUNT_PRIVATE, customer_id))
