"""A desk as it is after years, made in the database itself: tickets with all that belongs to them."""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager

from mautrix.util.async_db import Connection, Database, Scheme

from plugin.db.search_index import LEXEMES, SearchIndex

MESSAGES_PER_TICKET = 10
RARE, COMMON, BEGINNING = "zebrafish", "wallet", "wal"
"""A word of one message, one of a third of them, and what that one begins with."""
NAME = "Quimby"
"""Of one customer."""
SELDOM, USUAL = "refund", "transaction"
"""A word of five messages of whatever age, each with the common one in it, and one of every fiftieth."""
NEVER_WITH_USUAL = "walled"
"""A word of every fifth message, and never beside the usual one."""

_START = 1_700_000_000_000
_MODERATORS = 5
_BLOCK_EVERY = 50
_SELDOM = 5
MODERATOR = "moderator3"
"""One of five who have a third of the tickets."""

_RECENT = 1000
"""So many tickets, the newest, may be open, and their customers blocked: old ones close by themselves."""
_HOUR_MS = 3_600_000
_BEFORE = 1000
"""Numbers that a plugin may have given out already."""

_SQLITE, _POSTGRES = Scheme.SQLITE.value, Scheme.POSTGRES.value
_SERIES = {
    _SQLITE: "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)",
    _POSTGRES: "WITH n (i) AS (SELECT generate_series(1, CAST($1 AS BIGINT)))",
}
# Ids sort by time, as ULIDs do, and before all of today's.
_ID = {_SQLITE: "printf('%026d', i)", _POSTGRES: "lpad(CAST(i AS TEXT), 26, '0')"}

_MODERATOR = """
    INSERT INTO moderator (id, name, role, source, active, handles)
    {n} SELECT 'moderator' || i, 'Moderator ' || i, 'moderator', 'runtime', 1, '[]' FROM n
"""
_CUSTOMER = f"""
    INSERT INTO customer (id, identity, name, ticket, last_seq, last_event, created_at)
    {{n}} SELECT 'c' || i, 'anonymous', CASE WHEN i = $1 / 2 THEN '{NAME}' ELSE 'Customer ' || i END, i,
        {MESSAGES_PER_TICKET}, {MESSAGES_PER_TICKET}, {_START} + i * 1000 FROM n
"""
_SESSION = f"""
    INSERT INTO session (id, token_hash, customer_id, address_hash, locale, page_url, created_at)
    {{n}} SELECT 's' || i, 'h' || i, 'c' || i, 'a' || (i / 3), 'en', 'https://app.example.org/',
        {_START} + i * 1000 FROM n
"""
_OPEN = f"(i % 2 = 1 AND i > $1 - {_RECENT})"
# Of the open ones half wait for the team; a third of all is somebody's.
_TICKET = f"""
    INSERT INTO ticket (number, customer_id, status, opened_at, active_at, closed_at, assignee, waiting,
        waiting_since, answered_at, tags)
    {{n}} SELECT i, 'c' || i, CASE WHEN {_OPEN} THEN 'open' ELSE 'closed' END, {_START} + i * 1000,
        CASE WHEN {_OPEN} THEN {{now}} ELSE {_START} END + i * 7919 % 1000003,
        CASE WHEN NOT {_OPEN} THEN {_START} + i * 2000 END,
        CASE WHEN i % 3 = 0 THEN 'moderator' || (1 + i % {_MODERATORS}) END,
        CASE WHEN {_OPEN} THEN CASE WHEN i % 4 = 1 THEN 'team' ELSE 'customer' END END,
        CASE WHEN {_OPEN} AND i % 4 = 1 THEN {_START} + (i * 104729 % 1000003) * 1000 END,
        {_START} + i * 1500, '[]'
    FROM n
"""
_WORDS = f"""
    'w' || (i * 7919 % 20011) || ' x' || (i * 104729 % 5003) || ' y' || (i % 997) || ' hello'
    || CASE WHEN i % 3 = 0 THEN ' {COMMON}' ELSE '' END
    || CASE WHEN i % 5 = 0 THEN ' {NEVER_WITH_USUAL}' ELSE '' END
    || CASE WHEN i % 50 = 7 THEN ' {USUAL}' ELSE '' END
    || CASE WHEN i = $1 / 2 THEN ' {RARE}' ELSE '' END
    || CASE WHEN i % ($1 / {_SELDOM}) = 4 THEN ' {SELDOM} {COMMON}' ELSE '' END
"""
_TICKET_OF = f"(1 + (i - 1) / {MESSAGES_PER_TICKET})"
_PLACE = f"(1 + (i - 1) % {MESSAGES_PER_TICKET})"
_MESSAGE = f"""
    INSERT INTO message (id, customer_id, seq, ticket, channel, author_kind, author_id, author_verified, text,
        created_at)
    {{n}} SELECT {{id}}, 'c' || {_TICKET_OF}, {_PLACE}, {_TICKET_OF}, 'team',
        CASE WHEN i % 2 = 0 THEN 'moderator' ELSE 'customer' END, 'c', 0, {_WORDS}, {_START} + i * 100 FROM n
"""
_EVENT = f"""
    INSERT INTO conversation_event (customer_id, number, type, message_id)
    {{n}} SELECT 'c' || {_TICKET_OF}, {_PLACE}, 'message.created', {{id}} FROM n
"""
# What customers wrote went to the group; of the newest some never arrived.
_BATCH = f"""
    INSERT INTO batch (id, lane, customer_id, ticket, room_id, parts, part_count, held, state, attempt, tries,
        device_id, first_tried_at, due_at, lease_owner, lease_until, fence, created_at, sent_at, confirmed_at)
    {{n}} SELECT {{id}}, 'c' || {_TICKET_OF}, 'c' || {_TICKET_OF}, {_TICKET_OF}, '!r', '[]', 1, 0,
        CASE WHEN i > $1 - 100 AND i % 10 = 5 THEN 'failed' ELSE 'delivered' END, 1, 0, 'D', 0, 0, '', 0, 1,
        {_START} + i * 100, {_START} + i * 100, {_START} + i * 100 FROM n WHERE i % 2 = 1
"""
_OUTBOX = f"""
    INSERT INTO outbox (id, lane, place, priority, customer_id, ticket, message_id, batch_id, created_at)
    {{n}} SELECT {{id}}, 'c' || {_TICKET_OF}, {_PLACE}, 2, 'c' || {_TICKET_OF}, {_TICKET_OF}, {{id}}, {{id}},
        {_START} + i * 100 FROM n WHERE i % 2 = 1
"""
_POST = f"""
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, sender, batch_id, part, attempt, status)
    {{n}} SELECT '$p' || i, 'c' || {_TICKET_OF}, {_TICKET_OF}, 'post', '@headset', {{id}}, 0, 1, 'delivered'
    FROM n WHERE i % 2 = 1
"""
_REPLY = f"""
    INSERT INTO ticket_event (event_id, customer_id, ticket, role, sender, message_id)
    {{n}} SELECT '$r' || i, 'c' || {_TICKET_OF}, {_TICKET_OF}, 'reply', '@alice', {{id}}
    FROM n WHERE i % 2 = 0
"""
# These are forgotten after some days, so there are fewer, and all are new.
_ROOM_EVENT = """
    INSERT INTO room_event (event_id, position, room_id, sender, type, sent_at, outcome)
    {n} SELECT '$r' || i, i, '!r', '@alice', 'm.room.message', {now}, 'delivered'
    FROM n WHERE i % 5 = 0
"""
_TEAM_EVENT = f"""
    INSERT INTO team_event (number, type, ticket, message_id, at)
    {{n}} SELECT {_BEFORE} + i, 'message.created', {_TICKET_OF}, {{id}}, {{now}} FROM n WHERE i <= $1 / 5
"""
_AUDIT = f"""
    INSERT INTO audit (id, at, actor_id, actor_name, action, target, detail)
    {{n}} SELECT {{id}}, {_START} + i * 100, 'moderator1', 'Moderator 1', 'ticket.closed', '{{{{}}}}',
        '{{{{}}}}' FROM n WHERE i % 20 = 0
"""
_NOTE = f"""
    INSERT INTO note (id, customer_id, ticket, by_id, by_name, text, created_at)
    {{n}} SELECT {{id}}, 'c' || {_TICKET_OF}, {_TICKET_OF}, 'moderator1', 'Moderator 1', 'a note',
        {_START} + i * 100 FROM n WHERE i % 50 = 0
"""
_REDACTION = """
    INSERT INTO redaction (event_id, room_id, round, tries, due_at, created_at, done_at)
    {n} SELECT '$p' || i, '!r', 1, 0, {now}, {now}, {now} FROM n WHERE i % 100 = 1
"""
_STRANGER = f"""
    INSERT INTO stranger_reply (id, event_id, sender, ticket, text, sent_at, name)
    {{n}} SELECT {{id}}, '$s' || i, '@mallory', {_TICKET_OF}, 'hello', {_START} + i * 100, 'Mallory' FROM n
    WHERE i % 100 = 2
"""
_BLOCK = f"""
    INSERT INTO block (id, customer_id, kind, by_id, by_name, created_at, expires_at)
    {{n}} SELECT {{id}}, 'c' || i, 'block', 'moderator1', 'Moderator 1', {_START} + i * 1000,
        CASE WHEN i <= $1 - {_RECENT} THEN {{now}} END FROM n WHERE i % {_BLOCK_EVERY} = 1
"""
_ENTRIES = {
    _SQLITE: (
        "INSERT INTO search_entry (id, customer_id, message_id) {n} SELECT i, 'c' || {ticket}, {id} FROM n",
        "INSERT INTO search_words (rowid, words) {n} SELECT i, {words} FROM n",
    ),
    _POSTGRES: (
        """INSERT INTO search_entry (customer_id, message_id, words)
           {n} SELECT 'c' || {ticket}, {id}, {lexemes} FROM n ORDER BY i""",
    ),
}
_NAMED = "SELECT id FROM customer WHERE name = $1"
_PER_TICKET = (_CUSTOMER, _SESSION, _TICKET, _BLOCK)
_PER_MESSAGE = (
    _MESSAGE,
    _EVENT,
    _BATCH,
    _OUTBOX,
    _POST,
    _REPLY,
    _ROOM_EVENT,
    _TEAM_EVENT,
    _AUDIT,
    _NOTE,
    _REDACTION,
    _STRANGER,
)
_COUNTERS = f"""
    UPDATE counter SET value = CASE name WHEN 'team_event' THEN CAST($1 AS BIGINT) / 5 ELSE $2 END + {_BEFORE}
    WHERE name IN ('team_event', 'ticket')
"""

_LIST_INDEXES = {
    _SQLITE: "SELECT name, sql AS made_by FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    _POSTGRES: """
        SELECT indexname AS name, indexdef AS made_by FROM pg_indexes
        WHERE schemaname = current_schema() AND indexname NOT IN (SELECT conname FROM pg_constraint)
    """,
}
# What is made here can be made again, and refers to nothing that is not there.
_HASTE = {
    _SQLITE: ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000", "PRAGMA foreign_keys = OFF"),
    _POSTGRES: (
        "SET session_replication_role = replica",
        "SET maintenance_work_mem = '400MB'",
        "SET work_mem = '100MB'",
    ),
}
_CALM = {
    _SQLITE: ("PRAGMA cache_size = -2000", "PRAGMA foreign_keys = ON", "PRAGMA wal_checkpoint(TRUNCATE)"),
    _POSTGRES: ("RESET session_replication_role", "RESET maintenance_work_mem", "RESET work_mem"),
}


async def fill(database: Database, tickets: int) -> None:
    """Put so many tickets into an empty database, with what belongs to them, and let it count its rows.

    The indexes are made afterwards, which takes a fraction of the time.
    """
    acquired: AbstractAsyncContextManager[Connection] = database.acquire()
    async with acquired as conn:
        for statement in _HASTE[conn.scheme.value]:
            await conn.execute(statement)
        indexes = await conn.fetch(_LIST_INDEXES[conn.scheme.value])
        for index in indexes:
            await conn.execute(f"DROP INDEX {index['name']}")
        await _fill(conn, tickets)
        for index in indexes:
            await conn.execute(index["made_by"])
        # Also lets PostgreSQL know which pages need no second look.
        await conn.execute("ANALYZE" if conn.scheme == Scheme.SQLITE else "VACUUM ANALYZE")
        for statement in _CALM[conn.scheme.value]:
            await conn.execute(statement)


async def _fill(conn: Connection, tickets: int) -> None:
    messages, scheme = tickets * MESSAGES_PER_TICKET, conn.scheme.value
    parts = {"n": _SERIES[scheme], "id": _ID[scheme], "ticket": _TICKET_OF, "words": _WORDS}
    parts["now"] = str(int(time.time() * 1000) - _HOUR_MS)
    parts["lexemes"] = LEXEMES.format(f"string_to_array({_WORDS}, ' ')")
    await conn.execute(_MODERATOR.format(**parts), _MODERATORS)
    for statement in _PER_TICKET:
        await conn.execute(statement.format(**parts), tickets)
    for statement in (*_PER_MESSAGE, *_ENTRIES[scheme]):
        await conn.execute(statement.format(**parts), messages)
    await SearchIndex(conn).put_customer(await conn.fetchval(_NAMED, NAME))
    await conn.execute(_COUNTERS, messages, tickets)
