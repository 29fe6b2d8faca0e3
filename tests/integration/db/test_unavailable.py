"""A database that can't take it now: said so, with nothing half done, and well again by itself."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from mautrix.util import async_db
from yarl import URL

from plugin.db.database import Database
from plugin.db.migrations import upgrade_table
from plugin.domain.errors import Unavailable
from stack.conditions import PATIENCE, until
from stack.ports import pick


async def _add_numbered(database, customer) -> None:
    """Wait for an answer before COMMIT: a cancel that comes later would come too late."""
    async with database.transaction() as tx:
        await tx.sessions.add_customer(customer)
        await tx.tickets.take_number()


async def _add(database: Database, customer) -> None:
    async with database.transaction() as tx:
        await tx.sessions.add_customer(customer)


async def _refused(database: Database, customer) -> None:
    with pytest.raises(Unavailable) as caught:
        await _add(database, customer)
    assert caught.value.members == {"retry_after": 2}
    assert caught.value.status == 503
    assert caught.value.__cause__ is not None


async def _pragma(store, name: str, value: object = None) -> object:
    async with store.inner.acquire_direct() as conn:
        return await conn.fetchval(f"PRAGMA {name}" if value is None else f"PRAGMA {name} = {value}")


async def test_sqlite_locked_by_another_process(sqlite_store, make) -> None:
    database = Database(sqlite_store.inner)
    await _pragma(sqlite_store, "busy_timeout", 20)
    other = sqlite_store.connect()
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE counter SET value = value + 1")
        for _ in range(3):
            await _refused(database, make.customer("c1"))
        # In WAL mode readers go on.
        async with database.snapshot() as tx:
            assert await tx.sessions.get_customer("c1") is None
        other.execute("ROLLBACK")
    finally:
        other.close()
    await _add(database, make.customer("c2"))
    assert await sqlite_store.look("SELECT id FROM customer") == [("c2",)]


async def test_while_sqlite_is_locked_only_the_first_waits_for_it(sqlite_store, make) -> None:
    """All stand in one queue; if each waited as long, the last would be told after minutes."""
    database = Database(sqlite_store.inner)
    other = sqlite_store.connect()
    began = asyncio.get_running_loop().time()
    try:
        other.execute("BEGIN IMMEDIATE")
        # Readers, whom no lock stops, stand between them.
        turns = [[_refused(database, make.customer(f"c{n}")), _can_read(database)] for n in range(12)]
        await asyncio.gather(*(turn for pair in turns for turn in pair))
        other.execute("ROLLBACK")
    finally:
        other.close()
    # Twelve times five seconds else.
    assert asyncio.get_running_loop().time() - began < 30
    await _add(database, make.customer("c"))
    assert await _pragma(sqlite_store, "busy_timeout") == 5000


async def test_sqlite_waits_for_a_short_lock(sqlite_store, make) -> None:
    """A checkpoint or a backup of another process is no reason to turn a customer away."""
    database = Database(sqlite_store.inner)
    assert await _pragma(sqlite_store, "busy_timeout") == 5000
    other = sqlite_store.connect()
    try:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(_add(database, make.customer("c1")))
        done, _ = await asyncio.wait([task], timeout=0.1)
        assert not done
        other.execute("COMMIT")
        await asyncio.wait_for(task, PATIENCE)
    finally:
        other.close()
    assert await sqlite_store.look("SELECT id FROM customer") == [("c1",)]


async def test_cancelled_while_sqlite_waits_for_the_lock(sqlite_store, make) -> None:
    """The thread goes on with BEGIN after the task is gone; what it begins must be ended."""
    database = Database(sqlite_store.inner)
    other = sqlite_store.connect()
    try:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(_add_numbered(database, make.customer("c1")))
        await asyncio.wait([task], timeout=0.05)
        task.cancel()
        await asyncio.wait([task], timeout=0.05)
        other.execute("COMMIT")
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, PATIENCE)
    finally:
        other.close()
    await _add(database, make.customer("c2"))
    assert await sqlite_store.look("SELECT id FROM customer") == [("c2",)]


async def test_sqlite_on_a_full_disk(sqlite_store, make) -> None:
    database = Database(sqlite_store.inner)
    pages = await _pragma(sqlite_store, "page_count")
    usual = await _pragma(sqlite_store, "max_page_count")
    await _pragma(sqlite_store, "max_page_count", pages)
    big = make.customer("big", name="x" * 100_000)
    for _ in range(3):
        await _refused(database, big)
    assert await sqlite_store.look("SELECT id FROM customer") == []
    await _pragma(sqlite_store, "max_page_count", usual)
    await _add(database, big)
    assert await sqlite_store.look("SELECT id FROM customer") == [("big",)]


async def test_sqlite_read_only(sqlite_store, make) -> None:
    database = Database(sqlite_store.inner)
    await _pragma(sqlite_store, "query_only", 1)
    for _ in range(3):
        await _refused(database, make.customer("c1"))
    async with database.snapshot() as tx:
        assert await tx.sessions.get_customer("c1") is None
    await _pragma(sqlite_store, "query_only", 0)
    await _add(database, make.customer("c1"))
    assert await sqlite_store.look("SELECT id FROM customer") == [("c1",)]


async def test_postgresql_read_only(fresh_postgres_store, make) -> None:
    """As after a fail-over, or on a standby."""
    store = fresh_postgres_store
    database = Database(store.inner)
    name = URL(store.url).path.lstrip("/")
    await store.look(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        await store.end_backends()
        # Connections that were ended are met first, perhaps.
        await until(lambda: _is_read_only(database, make), "it is read-only", every=0.01)
        await until(lambda: _can_read(database), "it can be read", every=0.01)
    finally:
        connection = await store.connect()
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await connection.close()
        await store.end_backends()
    await until(lambda: _takes(database, make.customer("c2")), "it heals", every=0.01)
    assert await store.look("SELECT id FROM customer") == [("c2",)]


async def _is_read_only(database: Database, make) -> bool:
    with pytest.raises(Unavailable) as caught:
        await _add(database, make.customer("c1"))
    assert caught.value.members == {"retry_after": 2}
    return isinstance(caught.value.__cause__, asyncpg.ReadOnlySQLTransactionError)


async def _can_read(database: Database) -> bool:
    try:
        async with database.snapshot() as tx:
            return await tx.sessions.get_customer("c1") is None
    except Unavailable:
        return False


async def _takes(database: Database, customer) -> bool:
    try:
        await _add(database, customer)
    except Unavailable:
        return False
    return True


async def test_postgresql_backends_terminated_between_transactions(postgres_store, make) -> None:
    """Fault 9: whatever the first attempts meet, they say Unavailable, and soon there is a new connection."""
    database = Database(postgres_store.inner)
    await _add(database, make.customer("c1"))
    assert await postgres_store.end_backends() >= 1
    began = asyncio.get_running_loop().time()
    await until(lambda: _takes(database, make.customer("c2")), "it heals", every=0.01)
    assert asyncio.get_running_loop().time() - began < 2
    assert await postgres_store.look("SELECT id FROM customer ORDER BY id") == [("c1",), ("c2",)]


async def test_postgresql_backend_terminated_inside_a_transaction(postgres_store, make) -> None:
    database = Database(postgres_store.inner)

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            await postgres_store.end_backends()
            await tx.sessions.add_customer(make.customer("c2"))

    with pytest.raises(Unavailable):
        await write()
    await until(lambda: _takes(database, make.customer("c3")), "it heals", every=0.01)
    assert await postgres_store.look("SELECT id FROM customer") == [("c3",)]


async def test_postgresql_backend_terminated_before_the_commit(postgres_store, make) -> None:
    database = Database(postgres_store.inner)

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            await postgres_store.end_backends()

    with pytest.raises(Unavailable):
        await write()
    await until(lambda: _takes(database, make.customer("c3")), "it heals", every=0.01)
    assert await postgres_store.look("SELECT id FROM customer") == [("c3",)]


async def test_postgresql_statement_cancelled_by_the_operator(postgres_store, make) -> None:
    """Or by a `statement_timeout`; the connection itself goes on."""
    database = Database(postgres_store.inner)
    other = await postgres_store.connect()
    await other.execute("BEGIN; LOCK TABLE customer")
    task = asyncio.create_task(_add(database, make.customer("c1")))
    await until(lambda: _cancel_who_waits(other), "the statement waits for the lock", every=0.01)
    with pytest.raises(Unavailable) as caught:
        await task
    assert isinstance(caught.value.__cause__, asyncpg.QueryCanceledError)
    await other.close()
    await _add(database, make.customer("c2"))
    assert await postgres_store.look("SELECT id FROM customer") == [("c2",)]


async def _cancel_who_waits(connection) -> bool:
    return await connection.fetchval(
        "SELECT COUNT(pg_cancel_backend(pid)) > 0 FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )


async def test_postgresql_backends_terminated_again_and_again_under_load(postgres_store, seed_c1) -> None:
    """What was acknowledged is there, once; the numbers have no gap."""
    database, make = seed_c1
    acknowledged: set[str] = set()
    refused = 0

    async def write(number: int) -> None:
        nonlocal refused
        text = f"by {number}"
        while text not in acknowledged:
            try:
                async with database.transaction() as tx:
                    customer = await tx.conversations.advance("c1")
                    known = await tx.conversations.get_message_by_client_id("c1", text)
                    if known is None:
                        message = make.message(customer.last_seq, client_id=text, text=text)
                        await tx.conversations.add_message(message, customer.last_event)
                acknowledged.add(text)
            except Unavailable:
                refused += 1
                await asyncio.sleep(0.01)

    writers = [asyncio.create_task(write(i)) for i in range(40)]
    for _ in range(5):
        seen = len(acknowledged)
        await postgres_store.end_backends()
        await until(lambda seen=seen: _more(acknowledged, seen), "writers go on", every=0.001)
    await asyncio.wait_for(asyncio.gather(*writers), PATIENCE)
    texts = [text for (text,) in await postgres_store.look("SELECT text FROM message")]
    assert sorted(texts) == sorted(acknowledged)
    assert len(texts) == 40
    assert refused


async def _more(acknowledged: set[str], seen: int) -> bool:
    return len(acknowledged) > seen or len(acknowledged) == 40


@pytest.fixture
async def seed_c1(postgres_store, make):
    """Give a database on PostgreSQL with one customer."""
    database = Database(postgres_store.inner)
    await _add(database, make.customer("c1"))
    return database, make


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "::1"]], ids=["one", "two"])
async def test_postgresql_not_running(addresses, make, monkeypatch) -> None:
    """asyncio words it in another way where the server's name has two addresses, as localhost has."""
    loop = asyncio.get_running_loop()
    port = pick(["nobody"])["nobody"]
    ask = loop.getaddrinfo

    async def getaddrinfo(host, *args, **options):
        return [found for address in addresses for found in await ask(address, *args, **options)]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    inner = async_db.PostgresDatabase(
        URL(f"postgresql://someone@db.example.org:{port}/x"),
        upgrade_table=upgrade_table,
        db_args={"min_size": 0, "max_size": 1},
    )
    # Without mautrix's own start, which would ask for the schema.
    with pytest.raises(OSError, match="Connect call failed"):
        await inner.start()
    try:
        await _refused(Database(inner), make.customer())
    finally:
        await inner.stop()


async def test_what_is_no_fault_of_the_database_is_not_called_so(database, make) -> None:
    """A mistake of ours must not look as if it went away by itself."""

    async def twice() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            await tx.sessions.add_customer(make.customer("c1"))

    with pytest.raises(make.refused):
        await twice()
