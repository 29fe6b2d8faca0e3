"""What many tests share: a PostgreSQL server, the plugin's database on each engine, a clock set by hand."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from maubot.lib.plugin_db import ProxyPostgresDatabase
from mautrix.util import async_db
from yarl import URL

from plugin.db.database import Database
from plugin.db.migrations import upgrade_table
from stack.conditions import PATIENCE
from stack.postgres import Postgres

_EYE = "the look of a test"
"""Name of the connections that are no part of what is tested."""

_CONNECTIONS = 3
"""What maubot gives each plugin on PostgreSQL."""


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, 0, 0, 0, tzinfo=timezone.utc)

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return self._now

    def set(self, at: datetime) -> None:
        """Move to a time, be it earlier or later."""
        self._now = at

    def advance(self, length: float | timedelta) -> datetime:
        """Move on by a length, a number being seconds, and return the time it is then."""
        self._now += length if isinstance(length, timedelta) else timedelta(seconds=length)
        return self._now


class Store:
    """One database of the plugin, for several hosts, and for a look from outside of it."""

    engine: str
    patience: float
    """Seconds that closing may take; a connection that never comes back takes longer."""

    def __init__(self) -> None:
        self._open: list[async_db.Database] = []
        self.inner: async_db.Database

    async def open_inner(self, upgrades: async_db.UpgradeTable = upgrade_table) -> async_db.Database:
        """Start one more of mautrix's databases over the same data, as another host would."""
        raise NotImplementedError

    async def look(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own, outside of any transaction; return its rows."""
        raise NotImplementedError

    async def open(self) -> Database:
        """Open the data as the plugin does."""
        database = Database(await self.open_inner())
        await database.prepare()
        return database

    async def close(self) -> None:
        """Stop what was opened; a connection that never came back makes this fail."""
        while self._open:
            await asyncio.wait_for(self._open.pop().stop(), self.patience)


class SqliteStore(Store):
    """A file."""

    engine = "sqlite"
    patience = PATIENCE

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    async def open_inner(self, upgrades: async_db.UpgradeTable = upgrade_table) -> async_db.Database:
        inner = async_db.Database.create(f"sqlite:{self.path}", upgrade_table=upgrades)
        try:
            await inner.start()
        except BaseException:
            await inner.stop()
            raise
        self._open.append(inner)
        return inner

    async def look(self, query: str) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def connect(self) -> sqlite3.Connection:
        """Open the file as another process would."""
        return sqlite3.connect(self.path, isolation_level=None, timeout=0)


class PostgresStore(Store):
    """A schema as maubot makes it for an instance, in a server that several tests share."""

    engine = "postgresql"
    # maubot gives such a connection up after 3 s; one that is back is there at once.
    patience = 2.0

    def __init__(self, url: str, pool: async_db.Database, instance: str) -> None:
        super().__init__()
        self.url, self.pool, self.instance = url, pool, instance
        self._eye: asyncpg.Connection | None = None

    async def open_inner(self, upgrades: async_db.UpgradeTable = upgrade_table) -> async_db.Database:
        log = logging.getLogger("maubot.instance_db")
        inner = ProxyPostgresDatabase(self.pool, self.instance, _CONNECTIONS, upgrades, log)
        await inner.start()
        self._open.append(inner)
        return inner

    async def look(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await (await self._get_eye()).fetch(query)]

    async def connect(self) -> asyncpg.Connection:
        """Open a connection of one's own that sees the instance's schema."""
        return await asyncpg.connect(self.url, server_settings={"search_path": f"mbp_{self.instance}"})

    async def _get_eye(self) -> asyncpg.Connection:
        if self._eye is None:
            self._eye = await self.connect()
            await self._eye.execute(f"SET application_name = '{_EYE}'")
        return self._eye

    async def close_eye(self) -> None:
        """End the connection that `look` uses."""
        if self._eye is not None:
            await self._eye.close()

    async def empty(self, counters: list[tuple[Any, ...]]) -> None:
        """Make the schema what it was when it was new, much faster than making a new one."""
        eye = await self._get_eye()
        tables = await eye.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> 'version'"
            " AND relnamespace = current_schema()::regnamespace"
        )
        # In any order, so without foreign keys; and no waiting for a transaction that was left open.
        steps = ["SET LOCAL session_replication_role = replica", "SET LOCAL lock_timeout = '2s'"]
        steps += [f"DELETE FROM {name}" for (name,) in tables]
        steps += [f"INSERT INTO counter (name, value) VALUES ('{name}', {value})" for name, value in counters]
        await eye.execute("; ".join(steps))

    async def end_backends(self) -> int:
        """Terminate every connection that the pools have to this store's database; return how many."""
        ended: int = await (await self._get_eye()).fetchval(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND application_name <> '{_EYE}'"
        )
        return ended


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Postgres]:
    """Give a PostgreSQL server for the whole run."""
    async with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
async def postgres_url(postgres: Postgres) -> str:
    """Give the database in which each test has a schema of its own."""
    return await postgres.create_database()


@pytest.fixture(scope="session")
async def postgres_pool(postgres_url: str) -> AsyncIterator[async_db.Database]:
    """Give the connections that maubot shares out among its plugins."""
    pool = async_db.PostgresDatabase(
        URL(postgres_url),
        upgrade_table=async_db.UpgradeTable(),
        # As maubot has it, mautrix ends the process on an error within asyncpg: none may get there.
        db_args={"min_size": 1, "max_size": 3 * _CONNECTIONS},
    )
    await pool.start()
    yield pool
    await pool.stop()


@pytest.fixture(scope="session")
async def first_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the file that each test has a copy of."""
    store = SqliteStore(tmp_path_factory.mktemp("sqlite") / "headset.db")
    await store.open_inner()
    await store.close()
    return store.path


@pytest.fixture
async def fresh_sqlite_store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Give a file that was just made."""
    store = SqliteStore(tmp_path / "headset.db")
    store.inner = await store.open_inner()
    yield store
    await store.close()


@pytest.fixture
async def sqlite_store(tmp_path: Path, first_file: Path) -> AsyncIterator[SqliteStore]:
    """Give an empty file of the newest schema."""
    store = SqliteStore(tmp_path / "headset.db")
    shutil.copyfile(first_file, store.path)
    store.inner = await store.open_inner()
    yield store
    await store.close()


@pytest.fixture
async def fresh_postgres_store(
    postgres_url: str, postgres_pool: async_db.Database
) -> AsyncIterator[PostgresStore]:
    """Give a schema that was just made."""
    store = PostgresStore(postgres_url, postgres_pool, f"test_{secrets.token_hex(6)}")
    store.inner = await store.open_inner()
    yield store
    await store.close()
    await store.close_eye()


@pytest.fixture(scope="session")
async def shared_postgres_store(
    postgres_url: str, postgres_pool: async_db.Database
) -> AsyncIterator[tuple[PostgresStore, list[tuple[Any, ...]]]]:
    """Make the schema that most tests use one after the other; give what its counters began with, too."""
    store = PostgresStore(postgres_url, postgres_pool, "tests")
    await store.open_inner()
    counters = await store.look("SELECT name, value FROM counter")
    await store.close()
    yield store, counters
    await store.close_eye()


@pytest.fixture
async def postgres_store(
    shared_postgres_store: tuple[PostgresStore, list[tuple[Any, ...]]],
) -> AsyncIterator[PostgresStore]:
    """Give an empty schema of the newest version."""
    store, counters = shared_postgres_store
    await store.empty(counters)
    store.inner = await store.open_inner()
    yield store
    await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Run the test once on each engine."""
    return str(request.param)


@pytest.fixture
def store(engine: str, request: pytest.FixtureRequest) -> Store:
    """Give a fresh database of the engine, looked at from below."""
    names = {"sqlite": "sqlite_store", "postgresql": "postgres_store"}
    store: Store = request.getfixturevalue(names[engine])
    return store


@pytest.fixture
def fresh_store(engine: str, request: pytest.FixtureRequest) -> Store:
    """Give a database that a test may spoil for others."""
    names = {"sqlite": "fresh_sqlite_store", "postgresql": "fresh_postgres_store"}
    store: Store = request.getfixturevalue(names[engine])
    return store


@pytest.fixture
async def empty_store(
    engine: str, tmp_path: Path, postgres_url: str, postgres_pool: async_db.Database
) -> AsyncIterator[Store]:
    """Give a database of the engine in which there is nothing yet."""
    store: Store
    if engine == "sqlite":
        store = SqliteStore(tmp_path / "empty.db")
        yield store
        await store.close()
        return
    store = PostgresStore(postgres_url, postgres_pool, f"test_{secrets.token_hex(6)}")
    yield store
    await store.close()
    await store.close_eye()


@pytest.fixture
async def database(store: Store) -> Database:
    """Give the plugin's database over a fresh one of the engine."""
    database = Database(store.inner)
    await database.prepare()
    return database


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands at noon."""
    return ManualClock()
