"""A task that is cancelled in a transaction, at each point where it waits: no trace, and the next one works.

mautrix alone leaves SQLite's only connection in the middle of the transaction: the next one fails, and
what is written later vanishes when the file is closed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable

import pytest

from plugin.db import database as database_module
from plugin.domain.errors import Unavailable
from stack.conditions import PATIENCE, until

MOST_WAITS = 60
"""More than a transaction of three statements has; it must come to its end before."""

WAYS: dict[str, Callable[[int], Callable[[int], bool]]] = {
    "once": lambda at: lambda wait: wait == at,
    "twice in a row": lambda at: lambda wait: at <= wait <= at + 1,
    "and once more at the third wait": lambda at: lambda wait: wait in (at, at + 2),
    "and ever again": lambda at: lambda wait: wait >= at,
}


@pytest.mark.parametrize("way", WAYS)
async def test_cancelled_anywhere_it_is_all_or_nothing_and_the_next_one_works(
    database, store, make, canceller, way
) -> None:
    outcomes: list[str] = []
    for at in range(1, MOST_WAITS):
        name = f"c{at}"
        waits, body_over_at = [0], [MOST_WAITS]

        def cancel(wait: int, at: int = at, waits: list[int] = waits) -> bool:
            waits[0] = wait
            return WAYS[way](at)(wait)

        async def write(
            name: str = name, waits: list[int] = waits, body_over_at: list[int] = body_over_at
        ) -> None:
            async with database.transaction() as tx:
                await tx.sessions.add_customer(make.customer(name))
                assert (await tx.conversations.advance(name)).last_seq == 1
                await tx.conversations.add_message(make.message(1, name), 1)
                # SQLite's writes alone wait for nothing before the COMMIT.
                assert await tx.conversations.get_message(f"m-{name}-1") is not None
                write_events = tx.team_events.write

                async def write_last() -> None:
                    await write_events()
                    body_over_at[0] = waits[0]

                tx.team_events.write = write_last

        try:
            await asyncio.wait_for(canceller.run(write(), cancel), PATIENCE)
            cancelled = False
        except asyncio.CancelledError:
            cancelled = True
        traces = await store.look(
            f"SELECT (SELECT COUNT(*) FROM customer WHERE id = '{name}'),"
            f" (SELECT COUNT(*) FROM message WHERE customer_id = '{name}'),"
            f" (SELECT COUNT(*) FROM conversation_event WHERE customer_id = '{name}'),"
            f" (SELECT COUNT(*) FROM team_event WHERE message_id = 'm-{name}-1')"
        )
        assert traces in ([(0, 0, 0, 0)], [(1, 1, 1, 1)]), f"half of it, when cancelled at wait {at}"
        whole = traces == [(1, 1, 1, 1)]
        # Kept if and only if the body was over by then, so that COMMIT was already under way.
        assert whole == (body_over_at[0] < at), f"cancelled at wait {at}"

        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer(f"after-{name}"))
        assert await store.look(f"SELECT COUNT(*) FROM customer WHERE id = 'after-{name}'") == [(1,)]
        outcomes.append("kept" if whole else "gone")
        if not cancelled:
            break
    else:
        pytest.fail("the transaction had no end")
    # Both were met: points before the COMMIT and points in it, and at last one that came to no cancel.
    assert outcomes.count("gone") >= 2
    assert outcomes.count("kept") >= 2


@pytest.mark.parametrize("way", WAYS)
async def test_a_snapshot_cancelled_anywhere_harms_no_later_write(
    database, store, seed, make, canceller, way
) -> None:
    await seed.customer()
    await seed.messages(3)

    async def read() -> None:
        async with database.snapshot() as tx:
            await tx.sessions.get_customer("c1")
            await tx.conversations.list_messages_after("c1", 0, 10)

    for at in range(1, MOST_WAITS):
        try:
            await asyncio.wait_for(canceller.run(read(), WAYS[way](at)), PATIENCE)
            break
        except asyncio.CancelledError:
            pass
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer(f"after-{at}"))
        assert await store.look(f"SELECT COUNT(*) FROM customer WHERE id = 'after-{at}'") == [(1,)]
    else:
        pytest.fail("the snapshot had no end")
    # The two answers and COMMIT; PostgreSQL answers to BEGIN, too.
    assert at > 3


async def test_cancelled_while_it_waits_for_its_turn(database, store, make) -> None:
    """The connections are all in use; whoever waits for one and gives up takes none with him."""
    release, holding = asyncio.Event(), []

    async def hold() -> None:
        async with database.snapshot():
            holding.append(1)
            await release.wait()

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("never"))

    slots = 1 if store.engine == "sqlite" else 3
    holders = [asyncio.create_task(hold()) for _ in range(slots)]
    await until(lambda: _are(holding, slots), "the connections are held", every=0.001)
    waiting = [asyncio.create_task(write()) for _ in range(5)]
    await asyncio.wait(waiting, timeout=0.01)
    for task in waiting:
        task.cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 5
    release.set()
    await asyncio.gather(*holders)
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c1"))
    assert await store.look("SELECT id FROM customer") == [("c1",)]


async def _are(things: list[int], number: int) -> bool:
    return len(things) == number


async def test_cancelled_between_two_statements(database, store, make) -> None:
    waits = asyncio.Event()

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            waits.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c2"))
    assert await store.look("SELECT id FROM customer") == [("c2",)]


async def test_many_cancelled_at_random_leave_the_whole_ones_only(database, store, seed, make) -> None:
    """Fault 7: what a stop of the plugin does to all that is under way."""
    await seed.customer()

    async def write(number: int) -> int:
        async with database.transaction() as tx:
            customer = await tx.conversations.advance("c1")
            message = make.message(customer.last_seq, text=f"by {number}")
            await tx.conversations.add_message(message, customer.last_event)
            await tx.outbox.add_message(message)
        return number

    done: set[str] = set()
    cancelled = 0
    for round_ in range(12):
        tasks = [asyncio.create_task(write(round_ * 10 + i)) for i in range(6)]
        for _ in range(round_ * 3):
            await asyncio.sleep(0)
        for task in tasks[round_ % 2 :: 2]:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, int):
                done.add(f"by {result}")
            else:
                assert isinstance(result, asyncio.CancelledError)
                cancelled += 1
    rows = await store.look(
        "SELECT m.seq, e.number, o.place, m.text FROM message m"
        " JOIN conversation_event e ON e.message_id = m.id"
        " JOIN outbox o ON o.message_id = m.id ORDER BY m.seq"
    )
    assert [row[:3] for row in rows] == [(i, i, i) for i in range(1, len(rows) + 1)]
    assert await store.look("SELECT last_seq, last_event FROM customer") == [(len(rows), len(rows))]
    assert done <= {row[3] for row in rows}
    assert cancelled
    assert len(done) + cancelled == 72


async def test_the_write_after_a_cancelled_one_outlives_the_process(sqlite_store, make, canceller) -> None:
    """In the poisoned state all looks well until the file is closed: so it is closed and opened again."""
    database = await sqlite_store.open()

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("cancelled"))
            await tx.tickets.take_number()

    # One turn for all of it, in which it is cancelled; during COMMIT it would be there.
    with pytest.raises(asyncio.CancelledError):
        await canceller.run(write(), lambda wait: wait == 1)
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c1"))
    await sqlite_store.close()
    reopened = sqlite3.connect(sqlite_store.path)
    try:
        found = reopened.execute("SELECT id FROM customer").fetchall()
    finally:
        reopened.close()
    assert found == [("c1",)]


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK"])
async def test_cancelled_again_and_again_before_the_last_statement_is_sent(
    database, store, make, monkeypatch, statement
) -> None:
    """Neither may be left out, however impatient whoever stops the task is."""
    finish, begun = database_module._finish, asyncio.Event()

    async def slow(connection, last):
        if last == statement:
            begun.set()
            for _ in range(20):
                await asyncio.sleep(0)
        await finish(connection, last)

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))
            if statement == "ROLLBACK":
                raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(database_module, "_finish", slow)
        task = asyncio.create_task(write())
        await begun.wait()
        for _ in range(5):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([task])
    assert task.cancelled()
    expected = [("c1",)] if statement == "COMMIT" else []
    assert await store.look("SELECT id FROM customer") == expected
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer("c2"))
    assert await store.look("SELECT id FROM customer") == [*expected, ("c2",)]


async def test_cancelled_in_the_moment_that_an_answer_comes(database, store, seed, make, canceller) -> None:
    """The answer is dropped with its cursor still open; SQLite would let nobody commit while it lives."""
    await seed.customer()
    kept: list[BaseException] = []
    for at in range(1, MOST_WAITS):

        async def write() -> None:
            async with database.transaction() as tx:
                await tx.conversations.advance("c1")
                await tx.tickets.take_number()

        try:
            await asyncio.wait_for(
                canceller.run(write(), lambda wait, at=at: wait == at, late=True), PATIENCE
            )
            break
        except asyncio.CancelledError as error:
            # As `gather(return_exceptions=True)` does, or a reference cycle until it is collected.
            kept.append(error)
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer(f"after-{at}"))
        assert await store.look(f"SELECT COUNT(*) FROM customer WHERE id = 'after-{at}'") == [(1,)]
    # The two answers and COMMIT; PostgreSQL answers to BEGIN, too.
    assert len(kept) >= 3


class CommitFails:
    """Lets each COMMIT fail as `error` says, and cancels whoever asked for it meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self.task: asyncio.Task[None] | None = None
        finish = database_module._finish

        async def failing(connection, statement):
            if statement != "COMMIT":
                return await finish(connection, statement)
            if self.task is not None:
                self.task.cancel()
            await asyncio.sleep(0)
            raise error

        monkeypatch.setattr(database_module, "_finish", failing)


async def test_a_commit_that_fails_leaves_no_trace(database, store, make, monkeypatch) -> None:
    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))

    with monkeypatch.context() as patch:
        CommitFails(patch, sqlite3.OperationalError("database is locked"))
        with pytest.raises(Unavailable) as caught:
            await write()
    assert caught.value.members == {"retry_after": 2}
    assert await store.look("SELECT id FROM customer") == []
    await write()
    assert await store.look("SELECT id FROM customer") == [("c1",)]


async def test_a_cancel_is_not_lost_where_the_commit_fails(database, store, make, monkeypatch) -> None:
    """A worker takes Unavailable as a reason to try again: whoever stops it would wait for ever."""

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.sessions.add_customer(make.customer("c1"))

    with monkeypatch.context() as patch:
        commit = CommitFails(patch, sqlite3.OperationalError("database is locked"))
        commit.task = asyncio.create_task(write())
        await asyncio.wait([commit.task])
    assert commit.task.cancelled()
    assert await store.look("SELECT id FROM customer") == []
    await write()
    assert await store.look("SELECT id FROM customer") == [("c1",)]
