"""Searching the index, the newest first; to rank what is found, all of it would have to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mautrix.util.async_db import Connection, Scheme

from ..domain.desk import TicketFilter
from ..domain.words import Terms
from .filters import Arguments, conditions
from .search_index import particulars

_FIND_SQLITE = """
    SELECT rowid AS id FROM search_words WHERE search_words MATCH $1 AND rowid < $2
    ORDER BY rowid DESC LIMIT $3
"""
_NEWEST = 10_000
"""So many of the newest entries are looked through one by one on PostgreSQL, before its index is asked."""

_FIND_AMONG_NEWEST = """
    SELECT id FROM search_entry WHERE id < $2 AND id >= $4 AND words @@ CAST(CAST($1 AS TEXT) AS TSQUERY)
    ORDER BY id DESC LIMIT $3
"""
# The index gives what it finds in no order, and all at once.
_FIND_BY_INDEX = """
    WITH found AS MATERIALIZED (
        SELECT id FROM search_entry WHERE id < $2 AND words @@ CAST(CAST($1 AS TEXT) AS TSQUERY)
    )
    SELECT id FROM found ORDER BY id DESC LIMIT $3
"""
_LAST = "SELECT COALESCE(MAX(id), 0) FROM search_entry"
_HITS = """
    SELECT e.id, t.number, m.id AS message_id, m.text, c.name, c.account, c.email
    FROM search_entry e LEFT JOIN message m ON m.id = e.message_id
    LEFT JOIN customer c ON c.id = e.customer_id AND e.message_id IS NULL
    JOIN ticket t ON t.number = COALESCE(m.ticket, c.ticket)
    WHERE {0} ORDER BY e.id DESC
"""

TOP = 2**53
"""Above every entry."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that was found: a message, or what is known of a customer."""

    entry: int
    ticket: int
    message_id: str | None
    text: str


class SearchRepository:
    """Finds messages and customers by their words."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._is_sqlite = conn.scheme == Scheme.SQLITE

    async def find(self, terms: Terms, before: int, limit: int) -> list[int]:
        """Return the newest entries before one that have all the words, the newest first."""
        if self._is_sqlite:
            rows = await self._conn.fetch(_FIND_SQLITE, _fts5_query(terms), before, limit)
            return [row["id"] for row in rows]
        before = min(before, int(await self._conn.fetchval(_LAST)) + 1)
        query = _tsquery(terms)
        rows = await self._conn.fetch(_FIND_AMONG_NEWEST, query, before, limit, before - _NEWEST)
        if len(rows) < limit:
            rows = await self._conn.fetch(_FIND_BY_INDEX, query, before, limit)
        return [row["id"] for row in rows]

    async def read_hits(self, entries: Sequence[int], wanted: TicketFilter, now: datetime) -> list[Hit]:
        """Return what entries are about, in their order, as far as it belongs to a ticket that is wanted."""
        if not entries:
            return []
        arguments = Arguments()
        among = f"e.id IN ({arguments.add_all(entries)})"
        query = _HITS.format(" AND ".join([among, *conditions(wanted, arguments, now)]))
        return [
            Hit(
                entry=row["id"],
                ticket=row["number"],
                message_id=row["message_id"],
                text=particulars(row) if row["message_id"] is None else row["text"],
            )
            for row in await self._conn.fetch(query, *arguments.values)
        ]


# Words hold nothing but letters, digits and marks, see `words_of`; so quotes are enough on both sides.
def _fts5_query(terms: Terms) -> str:
    return " AND ".join(f'"{word}"' for word in terms.words) + "*"


def _tsquery(terms: Terms) -> str:
    return " & ".join(f"'{word}'" for word in terms.words) + ":*"
