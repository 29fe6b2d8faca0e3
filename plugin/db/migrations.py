"""The steps to the newest schema: made at once, or from an older one."""

from __future__ import annotations

from mautrix.util.async_db import Connection, UpgradeTable

from .desk_tables import ACCESS, CANNED, CONSOLE_ACT, TEAM_EVENT, TICKET_LIST_INDEXES
from .schema import (
    BATCH_INDEXES,
    BATCH_OPEN,
    BLOCK_INDEXES,
    CHALLENGE,
    CUSTOMER_INDEXES,
    DIRECT,
    EARLY_CHANGE_INDEXES,
    HELD_REPLY,
    MESSAGE_INDEXES,
    NOTE,
    REDACTION,
    ROOM_EVENT_INDEXES,
    SESSION_INDEXES,
    STRANGER_INDEXES,
    TABLES,
    TICKET_EVENT_INDEXES,
    TICKET_INDEXES,
)
from .search_schema import fill_search, make_search
from .waiting import ANSWERED, WAITING

upgrade_table = UpgradeTable()


async def _make_newest(conn: Connection) -> None:
    for statement in TABLES:
        await conn.execute(statement)
    await make_search(conn)


upgrade_table.register(_make_newest, description="Newest schema", upgrades_to=2)

_FROM_1 = (
    "INSERT INTO counter (name, value) VALUES ('identity', 0), ('team_event', 0)",
    "ALTER TABLE customer ADD COLUMN account TEXT",
    "ALTER TABLE customer ADD COLUMN email TEXT",
    "ALTER TABLE customer ADD COLUMN erased_at BIGINT",
    "ALTER TABLE customer ADD COLUMN joined_to TEXT",
    "ALTER TABLE batch ADD COLUMN heading TEXT",
    "ALTER TABLE message ADD COLUMN moderator_id TEXT",
    "ALTER TABLE batch ADD COLUMN direct_id TEXT",
    "ALTER TABLE batch ADD COLUMN stands_for TEXT",
    "ALTER TABLE outbox ADD COLUMN direct_id TEXT",
    "ALTER TABLE ticket_event ADD COLUMN direct_id TEXT",
    "ALTER TABLE ticket_event ADD COLUMN held_id TEXT",
    "ALTER TABLE block ADD COLUMN account_hash TEXT",
    "ALTER TABLE block ADD COLUMN origin TEXT",
    "ALTER TABLE block ADD COLUMN direct_id TEXT",
    "ALTER TABLE moderator ADD COLUMN handles TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE ticket ADD COLUMN waiting TEXT",
    "ALTER TABLE ticket ADD COLUMN waiting_since BIGINT",
    "ALTER TABLE ticket ADD COLUMN answered_at BIGINT",
    "ALTER TABLE ticket ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE stranger_reply ADD COLUMN name TEXT",
    *CUSTOMER_INDEXES,
    *SESSION_INDEXES,
    *TICKET_INDEXES,
    *CHALLENGE,
    *DIRECT,
    *TICKET_EVENT_INDEXES,
    *HELD_REPLY,
    *REDACTION,
    *BLOCK_INDEXES,
    *BATCH_INDEXES,
    *MESSAGE_INDEXES,
    *ROOM_EVENT_INDEXES,
    *EARLY_CHANGE_INDEXES,
    *STRANGER_INDEXES,
    "DROP INDEX batch_open",
    BATCH_OPEN,
    *TICKET_LIST_INDEXES,
    *TEAM_EVENT,
    *ACCESS,
    *CANNED,
    *CONSOLE_ACT,
    # SQLite can't take a NOT NULL back, so the table is made anew.
    """CREATE TABLE note_1 AS
       SELECT id, customer_id, ticket, by_id, by_name, text, created_at
       FROM note JOIN ticket ON ticket.number = note.ticket""",
    "DROP TABLE note",
    *NOTE,
    "INSERT INTO note SELECT * FROM note_1",
    "DROP TABLE note_1",
    f"{WAITING} WHERE status = 'open'",
    ANSWERED,
)


async def _upgrade_from_1(conn: Connection) -> None:
    for statement in _FROM_1:
        await conn.execute(statement)
    await make_search(conn)
    await fill_search(conn)


upgrade_table.register(
    _upgrade_from_1, description="Identities, direct conversations, what is held, the moderators' API"
)
