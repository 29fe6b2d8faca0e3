"""Searching the index, the newest first; to rank what is found, all of it would have to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mautrix.util.async_db import Connection, Scheme

from ..domain.desk import TicketFilter
from ..domain.words import Terms
from .arguments import Arguments
from .filters import conditions
from .search_index import INDEXED_BEGINNING, STRETCHES, STRETCHES_OF_ID, particulars

# A longer beginning is looked up by what of it is indexed, and the rest of it looked at in what was found: to
# look it up would merge all that begins so.
_FIND_SQLITE = """
    SELECT rowid AS id FROM search_words WHERE search_words MATCH $1 AND rowid < $2 {0}
    ORDER BY rowid DESC LIMIT $3
"""
_FIND_SHORT = _FIND_SQLITE.format("")
_FIND_LONG = _FIND_SQLITE.format("AND instr(' ' || words, ' ' || $4) > 0")
_NEWEST = 1000
"""So many of the newest entries are looked through one by one on PostgreSQL, before its index is asked."""

# The second condition is for longer beginnings, and is none that the index could serve.
_MATCHES = """
    words @@ CAST(CAST($1 AS TEXT) AS TSQUERY)
    AND COALESCE(words @@ CAST(CAST($2 AS TEXT) AS TSQUERY), FALSE)
"""
_FIND_AMONG_NEWEST = f"""
    SELECT id FROM search_entry WHERE id < $3 AND id >= $5 AND {_MATCHES} ORDER BY id DESC LIMIT $4
"""
# Not by the order of ids with the limit in mind: what is rare would be looked for through everything.
_FIND_BY_INDEX = f"""
    WITH found AS MATERIALIZED (
        SELECT id FROM search_entry WHERE id + 0 < $3 AND {_MATCHES} {{0}}
    )
    SELECT id FROM found ORDER BY id DESC LIMIT $4
"""
_FIND_IN_STRETCHES = _FIND_BY_INDEX.format(f"AND {STRETCHES_OF_ID} && CAST($5 AS BIGINT[])")
_FIND_ANYWHERE = _FIND_BY_INDEX.format("")
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
            return await self._find_in_sqlite(terms, before, limit)
        return await self._find_in_postgres(terms, before, limit)

    async def _find_in_sqlite(self, terms: Terms, before: int, limit: int) -> list[int]:
        query, last = _fts5_query(terms), terms.words[-1]
        if len(last) <= INDEXED_BEGINNING:
            rows = await self._conn.fetch(_FIND_SHORT, query, before, limit)
        else:
            rows = await self._conn.fetch(_FIND_LONG, query, before, limit, last)
        return [row["id"] for row in rows]

    async def _find_in_postgres(self, terms: Terms, before: int, limit: int) -> list[int]:
        """Look through ever longer stretches below an entry, until one has enough.

        How long the next one has to be tells the last one; so of none much more is found than is asked for.
        """
        before = min(before, int(await self._conn.fetchval(_LAST)) + 1)
        words = (_tsquery(terms, cut=True), _tsquery(terms, cut=False))
        size = _NEWEST
        rows = await self._conn.fetch(_FIND_AMONG_NEWEST, *words, before, limit, before - size)
        while len(rows) < limit and size < before:
            least = max(size + 1, size * limit // (len(rows) + 1))
            size = next((one for one in STRETCHES if one >= least), before)
            if size < before:
                rows = await self._conn.fetch(
                    _FIND_IN_STRETCHES, *words, before, limit, _stretches_below(before, size)
                )
            else:
                rows = await self._conn.fetch(_FIND_ANYWHERE, *words, before, limit)
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
    *whole, last = terms.words
    return " AND ".join(f'"{word}"' for word in [*whole, last[:INDEXED_BEGINNING]]) + "*"


def _tsquery(terms: Terms, *, cut: bool) -> str:
    """Return the query; cut, its last word is as much of a beginning as is indexed."""
    *whole, last = terms.words
    beginning = f"'{last[:INDEXED_BEGINNING]}*'" if cut else f"'{last}':*"
    return " & ".join([*(f"'{word}'" for word in whole), beginning])


def _stretches_below(before: int, size: int) -> list[int]:
    """Return the stretch of a size in which the entry below one is, and the one below it, as indexed."""
    last = (before - 1) // size
    return [place * len(STRETCHES) + STRETCHES.index(size) for place in (last - 1, last)]
