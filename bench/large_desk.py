"""A desk as it is after years, made in the database itself: tickets with their conversations, indexed."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from mautrix.util.async_db import Connection, Database, Scheme

MESSAGES_PER_TICKET = 10
RARE, COMMON, BEGINNING = "zebrafish", "wallet", "wal"
"""A word of one message, one of a third of them, and what that one begins with."""

_START = 1_700_000_000_000
_MODERATORS = 20
_BLOCK_EVERY = 200

_SERIES_SQLITE = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
_SERIES_POSTGRES = "WITH n (i) AS (SELECT generate_series(1, CAST($1 AS BIGINT)))"
_MODERATOR = """
    INSERT INTO moderator (id, name, role, source, active, handles)
    {n} SELECT 'moderator' || i, 'Moderator ' || i, 'moderator', 'runtime', 1, '[]' FROM n
"""
_CUSTOMER = f"""
    INSERT INTO customer (id, identity, name, ticket, last_seq, last_event, created_at)
    {{n}} SELECT 'c' || i, 'anonymous', 'Customer ' || i, i, {MESSAGES_PER_TICKET}, {MESSAGES_PER_TICKET},
        {_START} + i * 1000 FROM n
"""
# Half of them closed; of the open ones half wait for the team; a third is somebody's.
_TICKET = f"""
    INSERT INTO ticket (number, customer_id, status, opened_at, active_at, closed_at, assignee, waiting,
        waiting_since, answered_at, tags)
    {{n}} SELECT i, 'c' || i, CASE WHEN i % 2 = 0 THEN 'closed' ELSE 'open' END, {_START} + i * 1000,
        {_START} + (i * 7919 % 1000003) * 1000, CASE WHEN i % 2 = 0 THEN {_START} + i * 2000 END,
        CASE WHEN i % 3 = 0 THEN 'moderator' || (1 + i % {_MODERATORS}) END,
        CASE WHEN i % 4 = 1 THEN 'team' WHEN i % 4 = 3 THEN 'customer' END,
        CASE WHEN i % 4 = 1 THEN {_START} + (i * 104729 % 1000003) * 1000 END, {_START} + i * 1500, '[]'
    FROM n
"""
_WORDS = f"""
    'w' || (i * 7919 % 20011) || ' x' || (i * 104729 % 5003) || ' y' || (i % 997) || ' hello'
    || CASE WHEN i % 3 = 0 THEN ' {COMMON}' ELSE '' END || CASE WHEN i % 5 = 0 THEN ' walled' ELSE '' END
    || CASE WHEN i = $1 / 2 THEN ' {RARE}' ELSE '' END
"""
_TICKET_OF = f"(1 + (i - 1) / {MESSAGES_PER_TICKET})"
_MESSAGE = f"""
    INSERT INTO message (id, customer_id, seq, ticket, channel, author_kind, author_id, author_verified, text,
        created_at)
    {{n}} SELECT 'm' || i, 'c' || {_TICKET_OF}, 1 + (i - 1) % {MESSAGES_PER_TICKET}, {_TICKET_OF}, 'team',
        CASE WHEN i % 2 = 0 THEN 'moderator' ELSE 'customer' END, 'c', 0, {_WORDS}, {_START} + i * 100 FROM n
"""
_BATCH = f"""
    INSERT INTO batch (id, lane, customer_id, ticket, room_id, parts, part_count, held, state, attempt, tries,
        device_id, first_tried_at, due_at, lease_owner, lease_until, fence, created_at, sent_at, confirmed_at)
    {{n}} SELECT 'b' || i, 'c' || {_TICKET_OF}, 'c' || {_TICKET_OF}, {_TICKET_OF}, '!r', '[]', 1, 0,
        CASE WHEN i % 5001 = 0 THEN 'failed' ELSE 'delivered' END, 1, 0, 'D', 0, 0, '', 0, 1,
        {_START} + i * 100, {_START} + i * 100, {_START} + i * 100 FROM n WHERE i % 2 = 1
"""
_OUTBOX = f"""
    INSERT INTO outbox (id, lane, place, priority, customer_id, ticket, message_id, batch_id, created_at)
    {{n}} SELECT 'm' || i, 'c' || {_TICKET_OF}, 1 + (i - 1) % {MESSAGES_PER_TICKET}, 2, 'c' || {_TICKET_OF},
        {_TICKET_OF}, 'm' || i, 'b' || i, {_START} + i * 100 FROM n WHERE i % 2 = 1
"""
_BLOCK = f"""
    INSERT INTO block (id, customer_id, kind, by_id, by_name, created_at)
    {{n}} SELECT 'x' || i, 'c' || i, 'block', 'moderator1', 'Moderator 1', {_START} FROM n
    WHERE i % {_BLOCK_EVERY} = 1
"""
_ENTRY_SQLITE = (
    """INSERT INTO search_entry (customer_id, message_id)
       SELECT customer_id, id FROM message WHERE $1 > 0 ORDER BY created_at""",
    """INSERT INTO search_words (rowid, words)
       SELECT e.id, m.text FROM search_entry e JOIN message m ON m.id = e.message_id WHERE $1 > 0
       ORDER BY e.id""",
)
_ENTRY_POSTGRES = (
    """INSERT INTO search_entry (customer_id, message_id, words)
       SELECT customer_id, id, array_to_tsvector(string_to_array(text, ' ')) FROM message
       WHERE CAST($1 AS BIGINT) > 0 ORDER BY created_at""",
)


async def fill(database: Database, tickets: int) -> None:
    """Put so many tickets into an empty database, with what belongs to them, and let it count its rows."""
    acquired: AbstractAsyncContextManager[Connection] = database.acquire()
    async with acquired as conn:
        await _fill(conn, tickets)
        await conn.execute("ANALYZE")


async def _fill(conn: Connection, tickets: int) -> None:
    messages, is_sqlite = tickets * MESSAGES_PER_TICKET, conn.scheme == Scheme.SQLITE
    series = _SERIES_SQLITE if is_sqlite else _SERIES_POSTGRES
    await conn.execute(_MODERATOR.format(n=series), _MODERATORS)
    for statement in (_CUSTOMER, _TICKET, _BLOCK):
        await conn.execute(statement.format(n=series), tickets)
    for statement in (_MESSAGE, _BATCH, _OUTBOX):
        await conn.execute(statement.format(n=series), messages)
    for statement in _ENTRY_SQLITE if is_sqlite else _ENTRY_POSTGRES:
        await conn.execute(statement, messages)
