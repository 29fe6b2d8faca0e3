"""The schema: made fresh, found again, and refused where a newer version made it."""

from __future__ import annotations

import sqlite3

import asyncpg
import pytest
from mautrix.util.async_db import UnsupportedDatabaseVersion, UpgradeTable

from plugin.db.migrations import upgrade_table

TABLES = {
    "audit", "batch", "block", "conversation_event", "counter", "customer", "early_change", "hint",
    "inbox_cursor", "message", "moderator", "note", "outbox", "room_event", "room_replacement", "secret",
    "session", "stranger_reply", "ticket", "ticket_event", "version",
}  # fmt: skip


async def _tables(store) -> set[str]:
    if store.engine == "sqlite":
        return {name for (name,) in await store.look("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows = await store.look(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    )
    return {name for (name,) in rows}


async def test_a_fresh_database_has_the_newest_schema(fresh_store) -> None:
    assert await _tables(fresh_store) == TABLES
    assert await fresh_store.look("SELECT version FROM version") == [(len(upgrade_table.upgrades),)]
    assert await fresh_store.look("SELECT name, value FROM counter ORDER BY name") == [
        ("answer", 0),
        ("maker", 0),
        ("silent_batches", 3),
        ("ticket", 1000),
    ]


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

    newer.upgrades[0].__mau_db_upgrade_destination__ = 1
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
    assert await _tables(fresh_store) == TABLES
    assert await fresh_store.look("SELECT version FROM version") == [(len(upgrade_table.upgrades),)]
