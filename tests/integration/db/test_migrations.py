"""The schema: made fresh, found again, and refused where a newer version made it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import asyncpg
import pytest
from mautrix.util.async_db import UnsupportedDatabaseVersion, UpgradeTable

from plugin.db.migrations import upgrade_table
from plugin.db.search import TOP
from plugin.domain.desk import TicketFilter
from plugin.domain.words import read_terms

FIRST_SCHEMA = (Path(__file__).parent / "schema_1.sql").read_text()
FIRST_ROWS = (
    "INSERT INTO customer (id, identity, ticket, created_at) VALUES ('c1', 'anonymous', 1001, 0)",
    "INSERT INTO ticket (number, customer_id, status, opened_at, active_at)"
    " VALUES (1001, 'c1', 'open', 0, 0)",
    "INSERT INTO note (id, ticket, by_id, by_name, text, created_at)"
    " VALUES ('n1', 1001, 'a', 'Alice', 'A note', 0)",
    "INSERT INTO customer (id, identity, name, ticket, created_at)"
    " VALUES ('c2', 'anonymous', 'Zoe', 1002, 0)",
    "INSERT INTO ticket (number, customer_id, status, opened_at, active_at, closed_at)"
    " VALUES (1002, 'c2', 'open', 0, 0, NULL), (1003, 'c2', 'closed', 0, 0, 9)",
    "INSERT INTO message (id, customer_id, seq, ticket, channel, author_kind, author_id, author_verified,"
    " text, created_at, deleted_at) VALUES"
    " ('m1', 'c1', 1, 1001, 'team', 'customer', 'c1', 0, 'first wallet', 10, NULL),"
    " ('m2', 'c1', 2, 1001, 'team', 'moderator', 'a', 1, 'an answer', 20, NULL),"
    " ('m3', 'c1', 3, 1001, 'team', 'customer', 'c1', 0, 'second wallet', 30, NULL),"
    " ('m4', 'c1', 4, 1001, 'team', 'customer', 'c1', 0, 'wallet gone', 40, 41),"
    " ('m5', 'c2', 1, 1002, 'team', 'customer', 'c2', 0, 'hello', 10, NULL),"
    " ('m6', 'c2', 2, 1002, 'team', 'moderator', 'a', 1, 'hello', 20, NULL),"
    " ('m7', 'c2', 3, 1003, 'team', 'customer', 'c2', 0, 'hello', 10, NULL)",
)

TABLES = {
    "audit", "batch", "block", "canned_reply", "challenge", "console_act", "conversation_event", "counter",
    "customer", "direct", "early_change", "held_reply", "hint", "inbox_cursor", "message", "moderator",
    "moderator_code", "moderator_token", "note", "outbox", "redaction", "room_event", "room_replacement",
    "search_entry", "secret", "session", "stranger_reply", "team_event", "ticket", "ticket_event",
    "version",
}  # fmt: skip
FTS5 = {
    "search_words",
    "search_words_config",
    "search_words_content",
    "search_words_data",
    "search_words_idx",
}
"""SQLite's search index: its name, and the tables that FTS5 keeps it in."""


def _expected(store) -> set[str]:
    return TABLES | FTS5 if store.engine == "sqlite" else TABLES


async def _tables(store) -> set[str]:
    if store.engine == "sqlite":
        return {name for (name,) in await store.look("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows = await store.look(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    )
    return {name for (name,) in rows}


async def test_a_fresh_database_has_the_newest_schema(fresh_store) -> None:
    assert await _tables(fresh_store) == _expected(fresh_store)
    assert await fresh_store.look("SELECT version FROM version") == [(len(upgrade_table.upgrades),)]
    assert await fresh_store.look("SELECT name, value FROM counter ORDER BY name") == [
        ("answer", 0),
        ("identity", 0),
        ("maker", 0),
        ("silent_batches", 3),
        ("team_event", 0),
        ("ticket", 1000),
    ]


async def _columns(store) -> set[tuple[str, str]]:
    if store.engine == "sqlite":
        return {
            (table, name)
            for table in await _tables(store)
            for (name,) in await store.look(f"SELECT name FROM pragma_table_info('{table}')")
        }
    return set(
        await store.look(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema()"
        )
    )


async def _indexes(store) -> set[tuple[str, ...]]:
    if store.engine == "sqlite":
        return set(await store.look("SELECT name FROM sqlite_master WHERE type = 'index'"))
    return set(await store.look("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"))


def _first_version() -> UpgradeTable:
    first = UpgradeTable()

    @first.register(description="The first version", upgrades_to=1)
    async def make(conn) -> None:
        for statement in FIRST_SCHEMA.split(";\n")[:-1]:
            await conn.execute(statement)

    return first


async def test_a_database_of_the_first_version_becomes_the_newest(empty_store, fresh_store) -> None:
    old = await empty_store.open_inner(_first_version())
    for statement in FIRST_ROWS:
        await old.execute(statement)
    database = await empty_store.open()
    assert await _columns(empty_store) == await _columns(fresh_store)
    assert await _indexes(empty_store) == await _indexes(fresh_store)
    assert await empty_store.look("SELECT id, customer_id, ticket, text FROM note") == [
        ("n1", "c1", 1001, "A note")
    ]
    async with database.transaction() as tx:
        customer = await tx.sessions.get_customer("c1")
        assert customer is not None
        assert customer.ticket == 1001


async def test_an_upgrade_finds_whose_turn_it_is_and_what_can_be_searched(empty_store, make) -> None:
    old = await empty_store.open_inner(_first_version())
    for statement in FIRST_ROWS:
        await old.execute(statement)
    database = await empty_store.open()
    turns = "SELECT number, waiting, waiting_since, answered_at FROM ticket ORDER BY number"
    assert await empty_store.look(turns) == [
        (1001, "team", 30, 20),
        (1002, "customer", None, 20),
        (1003, None, None, None),
    ]
    found = {}
    async with database.snapshot() as tx:
        for text in ("wallet", "zoe", "note"):
            entries = await tx.search.find(read_terms(text), TOP, 10)
            hits = await tx.search.read_hits(entries, TicketFilter(), make.t0)
            found[text] = [(hit.ticket, hit.message_id) for hit in hits]
    assert found == {"wallet": [(1001, "m3"), (1001, "m1")], "zoe": [(1002, None)], "note": []}


async def test_a_second_start_finds_everything_as_it_was(fresh_store, make) -> None:
    first = await fresh_store.open()
    async with first.transaction() as tx:
        await tx.sessions.add_customer(make.customer())
        await tx.conversations.add_message(make.message(1), 1)
        assert await tx.tickets.take_number() == 1001
    again = await fresh_store.open()
    async with again.transaction() as tx:
        assert len(await tx.conversations.list_messages_after("c1", 0, 10)) == 1
        assert await tx.tickets.take_number() == 1002


async def test_a_newer_schema_is_refused_and_left_alone(fresh_store, make) -> None:
    first = await fresh_store.open()
    async with first.transaction() as tx:
        await tx.sessions.add_customer(make.customer())
    newer = UpgradeTable()
    for upgrade in upgrade_table.upgrades:
        newer.register(upgrade)

    @newer.register(description="A step of the future")
    async def add_column(conn) -> None:
        await conn.execute("ALTER TABLE customer ADD COLUMN future TEXT")

    newer.upgrades[0].__mau_db_upgrade_destination__ = len(upgrade_table.upgrades)
    await fresh_store.open_inner(newer)
    with pytest.raises(UnsupportedDatabaseVersion):
        await fresh_store.open_inner()
    assert await fresh_store.look("SELECT id, future FROM customer") == [("c1", None)]
    assert await fresh_store.look("SELECT version FROM version") == [(len(upgrade_table.upgrades) + 1,)]


async def test_a_step_that_fails_leaves_nothing_behind(fresh_store) -> None:
    broken = UpgradeTable()
    for upgrade in upgrade_table.upgrades:
        broken.register(upgrade)

    @broken.register(description="Half a step")
    async def half(conn) -> None:
        await conn.execute("CREATE TABLE half (id TEXT)")
        await conn.execute("CREATE TABLE half (id TEXT)")

    with pytest.raises((sqlite3.OperationalError, asyncpg.DuplicateTableError)):
        await fresh_store.open_inner(broken)
    assert await _tables(fresh_store) == _expected(fresh_store)
    assert await fresh_store.look("SELECT version FROM version") == [(len(upgrade_table.upgrades),)]
