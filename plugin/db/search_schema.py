"""The tables of the search index, of another kind on each database, and what fills them at first."""

from __future__ import annotations

from mautrix.util.async_db import Connection, Scheme

from .search_index import INDEXED_BEGINNING, STRETCHES_OF_ID, SearchIndex

_BEGINNINGS = " ".join(str(size) for size in range(1, INDEXED_BEGINNING + 1))
# The words come folded and with single spaces; positions would serve phrases, which nobody searches for.
_SQLITE = (
    """CREATE TABLE search_entry (
        id          INTEGER PRIMARY KEY,
        customer_id TEXT NOT NULL REFERENCES customer (id),
        message_id  TEXT UNIQUE REFERENCES message (id)
    )""",
    f"""CREATE VIRTUAL TABLE search_words USING fts5 (
        words, tokenize = 'ascii', prefix = '{_BEGINNINGS}', detail = 'none', columnsize = 0
    )""",
)
_POSTGRES = (
    """CREATE TABLE search_entry (
        id          BIGSERIAL PRIMARY KEY,
        customer_id TEXT NOT NULL REFERENCES customer (id),
        message_id  TEXT UNIQUE REFERENCES message (id),
        words       TSVECTOR NOT NULL
    )""",
    # Without a list of what is still to be indexed, which each search would read from end to end.
    f"""CREATE INDEX search_entry_words ON search_entry USING gin (words, {STRETCHES_OF_ID})
        WITH (fastupdate = off)""",
)
_INDEX = "CREATE INDEX search_entry_customer ON search_entry (customer_id)"

_PAGE = 1000
_LIST_MESSAGES = """
    SELECT id, customer_id, text FROM message
    WHERE id > $1 AND channel = 'team' AND author_kind <> 'system' AND deleted_at IS NULL ORDER BY id LIMIT $2
"""
_LIST_CUSTOMERS = "SELECT id FROM customer WHERE COALESCE(name, account, email) IS NOT NULL ORDER BY id"


async def make_search(conn: Connection) -> None:
    """Make the tables of the index."""
    for statement in _SQLITE if conn.scheme == Scheme.SQLITE else _POSTGRES:
        await conn.execute(statement)
    await conn.execute(_INDEX)


async def fill_search(conn: Connection) -> None:
    """Let all be found that is there already."""
    search, last = SearchIndex(conn), ""
    for row in await conn.fetch(_LIST_CUSTOMERS):
        await search.put_customer(row["id"])
    while rows := await conn.fetch(_LIST_MESSAGES, last, _PAGE):
        for row in rows:
            await search.add_text(row["customer_id"], row["id"], row["text"])
        last = rows[-1]["id"]
