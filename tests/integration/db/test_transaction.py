"""`transaction()` and `snapshot()`: all or nothing, one at a time, and of one state."""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3

import asyncpg
import pytest

from plugin.db.columns import from_ms, from_ms_or_none, to_ms
from plugin.db.database import Database
from stack.conditions import PATIENCE


class Stopped(BaseException):
    """What no `except Exception` catches, as KeyboardInterrupt."""


async def _names(store) -> list[str]:
    return [name for (name,) in await store.look("SELECT id FROM customer ORDER BY id")]


async def test_what_is_committed_is_there_for_others(database, store, make) -> None:
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c1"))
        assert await _names(store) == []
    assert await _names(store) == ["c1"]


@pytest.mark.parametrize("error", [ZeroDivisionError, Stopped, KeyboardInterrupt, GeneratorExit])
async def test_whatever_leaves_the_body_leaves_no_trace(database, store, make, error) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            await tx.tickets.add(make.ticket())
            raise error

    # Awaited here and not in a task: asyncio would let some of these through to the loop.
    with pytest.raises(error):
        await fail()
    assert await _names(store) == []
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c2"))
    assert await _names(store) == ["c2"]


async def test_a_statement_that_fails_leaves_no_trace_of_those_before(database, store, make) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            await tx.sessions.add_customer(make.customer("c1"))

    for _ in range(5):
        with pytest.raises(make.refused):
            await fail()
    assert await _names(store) == []
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c2"))
    assert await _names(store) == ["c2"]


async def test_leaving_early_by_return_commits(database, store, make) -> None:
    async def write() -> int:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            return 1

    assert await write() == 1
    assert await _names(store) == ["c1"]


@pytest.mark.parametrize("outer", ["transaction", "snapshot"])
@pytest.mark.parametrize("inner", ["transaction", "snapshot"])
async def test_one_inside_another_is_refused_at_once_and_in_words(database, store, outer, inner) -> None:
    async def nest() -> None:
        async with getattr(database, outer)(), getattr(database, inner)():
            pass

    with pytest.raises(RuntimeError, match="transaction inside a transaction"):
        await asyncio.wait_for(nest(), PATIENCE)


async def test_a_refused_inner_one_undoes_the_outer_one_and_harms_no_later_one(database, store, make) -> None:
    async def nest() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            async with database.transaction():
                pass

    with pytest.raises(RuntimeError):
        await nest()
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c2"))
    assert await _names(store) == ["c2"]


async def test_a_task_spawned_inside_has_a_transaction_of_its_own(database, store, make) -> None:
    """It neither writes into the one it was born in, nor is refused for it."""
    entered = asyncio.Event()

    async def child() -> None:
        async with database.transaction() as tx:
            entered.set()
            await tx.sessions.add_customer(make.customer("child"))

    async def parent() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("parent"))
            tasks.append(asyncio.create_task(child()))
            await tx.sessions.get_customer("parent")
            if store.engine == "sqlite":
                assert not entered.is_set()
            raise ZeroDivisionError

    tasks: list[asyncio.Task[None]] = []
    with pytest.raises(ZeroDivisionError):
        await parent()
    await asyncio.wait_for(tasks[0], PATIENCE)
    assert await _names(store) == ["child"]


async def test_a_context_copied_inside_is_not_taken_for_the_transaction(database, make) -> None:
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c1"))
        copied = contextvars.copy_context()

    async def later() -> str | None:
        async with database.snapshot() as tx:
            customer = await tx.sessions.get_customer("c1")
        return customer and customer.id

    task = copied.run(asyncio.create_task, later())
    assert await asyncio.wait_for(task, PATIENCE) == "c1"


async def test_transactions_at_once_give_numbers_without_a_gap_in_the_order_of_commits(
    database, store, seed, make
) -> None:
    """A reader of the stream may never see a number before a lower one."""
    await seed.customer()
    hosts = [database] if store.engine == "sqlite" else [database, await store.open()]
    committed: list[int] = []
    seen: list[list[int]] = []

    async def write(number: int) -> None:
        async with hosts[number % len(hosts)].transaction() as tx:
            customer = await tx.conversations.advance("c1")
            await asyncio.sleep(0)
            message = make.message(customer.last_seq, text=f"by {number}")
            await tx.conversations.add_message(message, customer.last_event)
            if number % 5 == 4:
                raise ZeroDivisionError
        committed.append(customer.last_event)

    async def watch() -> None:
        while len(committed) < 16:
            async with database.snapshot() as tx:
                found = await tx.conversations.list_events_after("c1", 0, 100)
                last = (await tx.sessions.get_customer("c1")).last_event
            seen.append([event.number for event in found])
            assert seen[-1] == list(range(1, last + 1))
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    results = await asyncio.gather(*(write(i) for i in range(20)), return_exceptions=True)
    await asyncio.wait_for(watcher, PATIENCE)
    assert [type(r) for r in results if r is not None] == [ZeroDivisionError] * 4
    assert sorted(committed) == list(range(1, 17))
    rows = await store.look(
        "SELECT m.seq, e.number FROM message m"
        " JOIN conversation_event e ON e.message_id = m.id ORDER BY m.seq"
    )
    assert rows == [(i, i) for i in range(1, 17)]
    assert len(seen) > 1


async def test_who_waits_gets_a_turn_while_another_goes_on_and_on(database, store, seed, make) -> None:
    """A backlog of the inbox is many transactions; a customer's request must not wait for all of them."""
    await seed.customer()
    turns, some = 0, asyncio.Event()

    async def go_on_and_on() -> None:
        nonlocal turns
        for _ in range(200):
            async with database.transaction() as tx:
                await tx.tickets.take_number()
            turns += 1
            some.set()

    async def want_one() -> int:
        async with database.transaction() as tx:
            await tx.conversations.advance("c1")
        return turns

    busy = asyncio.create_task(go_on_and_on())
    await some.wait()
    waited_until = await asyncio.wait_for(want_one(), PATIENCE)
    await busy
    assert waited_until < 50


async def test_a_snapshot_is_of_one_state_while_writes_go_on(database, store, seed) -> None:
    await seed.customer()
    await seed.messages(1)
    writer = await store.open()
    async with database.snapshot() as tx:
        assert (await tx.sessions.get_customer("c1")).last_seq == 1
        async with _in_another_task(writer):
            pass
        assert (await tx.sessions.get_customer("c1")).last_seq == 1
    assert await store.look("SELECT last_seq FROM customer") == [(2,)]
    async with database.snapshot() as tx:
        assert (await tx.sessions.get_customer("c1")).last_seq == 2


class _in_another_task:  # noqa: N801 - reads as the words it is
    """Advances the conversation on another host's connection, as its own task."""

    def __init__(self, database) -> None:
        self._database = database

    async def _write(self) -> None:
        async with self._database.transaction() as tx:
            await tx.conversations.advance("c1")

    async def __aenter__(self) -> None:
        await asyncio.wait_for(asyncio.create_task(self._write()), PATIENCE)

    async def __aexit__(self, *_: object) -> None:
        return


async def test_a_transaction_that_reads_first_waits_for_another_writer(sqlite_store, make) -> None:
    """Begun as deferred it would fail at once when it comes to write, where a second process wrote."""
    database, other = await sqlite_store.open(), await sqlite_store.open()
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer())
    reads, goes_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with database.transaction() as tx:
            assert (await tx.sessions.get_customer("c1")).last_seq == 0
            reads.set()
            await goes_on.wait()
            assert (await tx.conversations.advance("c1")).last_seq == 1

    async def quick() -> None:
        async with other.transaction() as tx:
            assert (await tx.sessions.get_customer("c1")).last_seq == 1
            assert (await tx.conversations.advance("c1")).last_seq == 2

    tasks = [asyncio.create_task(slow())]
    await reads.wait()
    tasks.append(asyncio.create_task(quick()))
    goes_on.set()
    await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)


async def test_sqlite_waits_for_the_disk_at_each_commit(sqlite_store) -> None:
    """mautrix opens with NORMAL, which in WAL mode loses acknowledged messages at a power cut."""

    async def pragma(name: str) -> object:
        async with sqlite_store.inner.acquire_direct() as conn:
            return await conn.fetchval(f"PRAGMA {name}")

    assert await pragma("synchronous") == 1
    await Database(sqlite_store.inner).prepare()
    assert await pragma("synchronous") == 2
    assert await pragma("journal_mode") == "wal"
    assert await pragma("foreign_keys") == 1


async def test_sqlite_overwrites_what_is_deleted(sqlite_store) -> None:
    """Some builds do so by themselves, the one of maubot's image does not."""
    async with sqlite_store.inner.acquire_direct() as conn:
        await conn.execute("PRAGMA secure_delete = OFF")
    await Database(sqlite_store.inner).prepare()
    async with sqlite_store.inner.acquire_direct() as conn:
        assert await conn.fetchval("PRAGMA secure_delete") == 1


async def test_the_journal_is_emptied_unless_somebody_reads(sqlite_store) -> None:
    database = Database(sqlite_store.inner)
    journal = sqlite_store.path.with_name(f"{sqlite_store.path.name}-wal")
    async with database.transaction() as tx:
        await tx.tickets.take_number()
    reader = sqlite_store.connect()
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM counter").fetchall()
        async with database.transaction() as tx:
            await tx.tickets.take_number()
        assert not await database.scrub()
        assert journal.stat().st_size > 0
    finally:
        reader.close()
    assert await database.scrub()
    assert journal.stat().st_size == 0


async def test_only_postgresql_may_be_shared_by_hosts(database, store) -> None:
    assert database.may_be_shared is (store.engine == "postgresql")


async def test_times_hold_to_the_millisecond(database, seed, make) -> None:
    moments = [make.at(i) for i in range(-3, 1003)]
    assert [from_ms(to_ms(at)) for at in moments] == moments
    # What is finer is cut and never rounded up: a time that is stored is never later than it was.
    fine = make.t0.replace(microsecond=999_999)
    assert from_ms(to_ms(fine)) == make.t0.replace(microsecond=999_000)
    assert from_ms_or_none(None) is None
    assert from_ms_or_none(0) == from_ms(0)
    assert from_ms(0).isoformat() == "1970-01-01T00:00:00+00:00"
    await seed.customer()
    stored = await seed.messages(3, created_at=fine)
    async with database.snapshot() as tx:
        found = await tx.conversations.list_messages_after("c1", 0, 10)
    assert [m.created_at for m in found] == [from_ms(to_ms(fine))] * len(stored)


@pytest.mark.parametrize("ends", ["well", "with an error"])
async def test_a_write_that_fails_late_leaves_no_trace_and_harms_nobody(database, store, make, ends) -> None:
    """On SQLite writes wait for the next answer, so this one fails at COMMIT, or is never tried."""

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            await tx.sessions.add_customer(make.customer("c1"))
            if ends == "with an error":
                raise ZeroDivisionError

    with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError, ZeroDivisionError)):
        await write()
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c2"))
    assert await store.look("SELECT id FROM customer") == [("c2",)]
