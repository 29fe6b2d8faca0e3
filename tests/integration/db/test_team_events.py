"""What the moderators' streams tell: numbered without gaps, in the order of commits, and only if kept."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from plugin.db.database import Database
from stack.conditions import PATIENCE, until


class Stopped(BaseException):
    """What no `except Exception` catches."""


async def _numbers(store) -> list[int]:
    return [number for (number,) in await store.look("SELECT number FROM team_event ORDER BY number")]


async def _types(store) -> list[str]:
    return [name for (name,) in await store.look("SELECT type FROM team_event ORDER BY number")]


async def test_several_of_one_transaction_take_numbers_in_a_row(database, store) -> None:
    async with database.transaction() as tx:
        for name in ("block.created", "note.created", "canned.updated"):
            tx.team_events.note(name, ticket=7, message_id="m", object_id="o", moderator_id="alice")
        assert await _numbers(store) == []
    rows = await store.look(
        "SELECT number, type, ticket, message_id, object_id, moderator_id FROM team_event ORDER BY number"
    )
    about = (7, "m", "o", "alice")
    assert rows == [
        (1, "block.created", *about),
        (2, "note.created", *about),
        (3, "canned.updated", *about),
    ]
    async with database.snapshot() as tx:
        assert await tx.team_events.get_last() == 3


async def test_the_same_twice_in_one_transaction_is_once(database, store) -> None:
    async with database.transaction() as tx:
        for _ in range(3):
            tx.team_events.note("ticket.updated", ticket=1)
            tx.team_events.note("ticket.updated", ticket=2)
    async with database.transaction() as tx:
        tx.team_events.note("ticket.updated", ticket=1)
    assert await store.look("SELECT number, ticket FROM team_event ORDER BY number") == [
        (1, 1),
        (2, 2),
        (3, 1),
    ]


async def test_a_ticket_is_not_told_of_twice(database, store) -> None:
    """A message's event carries its ticket."""
    async with database.transaction() as tx:
        tx.team_events.note("ticket.updated", ticket=1)
        tx.team_events.note("message.created", ticket=1, message_id="m")
        tx.team_events.note("ticket.updated", ticket=2)
        tx.team_events.note("ticket.created", ticket=3)
        tx.team_events.note("ticket.updated", ticket=3)
        tx.team_events.note("note.created", ticket=4, object_id="n")
        tx.team_events.note("ticket.updated", ticket=4)
    assert await store.look("SELECT type, ticket FROM team_event ORDER BY number") == [
        ("message.created", 1),
        ("ticket.updated", 2),
        ("ticket.created", 3),
        ("note.created", 4),
        ("ticket.updated", 4),
    ]


async def test_where_nothing_was_noted_nothing_is_written_and_nobody_is_woken(store, make) -> None:
    woken: list[int] = []
    database = Database(store.inner, on_team_event=lambda: woken.append(1))
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer())
        statements = []
        tx.team_events._conn = _Spy(statements)
    assert statements == []
    assert await store.look("SELECT value FROM counter WHERE name = 'team_event'") == [(0,)]
    assert woken == []


class _Spy:
    def __init__(self, statements: list[str]) -> None:
        self._statements = statements

    def __getattr__(self, name: str):
        self._statements.append(name)
        raise AssertionError(name)


async def test_the_streams_are_woken_when_it_is_there_to_be_read(store) -> None:
    seen: list[object] = []
    looks: list[asyncio.Task[None]] = []

    async def look() -> None:
        seen.append(await _numbers(store))

    database = Database(store.inner, on_team_event=lambda: looks.append(asyncio.ensure_future(look())))
    async with database.transaction() as tx:
        tx.team_events.note("health.changed")
        assert looks == []
    await asyncio.gather(*looks)
    assert seen == [[1]]


@pytest.mark.parametrize("error", [ZeroDivisionError, Stopped, asyncio.CancelledError])
async def test_a_transaction_that_is_left_by_an_error_tells_nothing_and_takes_no_number(store, error) -> None:
    woken: list[int] = []
    database = Database(store.inner, on_team_event=lambda: woken.append(1))

    async def fail() -> None:
        async with database.transaction() as tx:
            tx.team_events.note("health.changed")
            raise error

    with pytest.raises(error):
        await fail()
    assert await _numbers(store) == []
    assert woken == []
    async with database.transaction() as tx:
        tx.team_events.note("health.changed")
    assert await _numbers(store) == [1]
    assert woken == [1]


async def test_cancelled_anywhere_in_the_writing_no_number_is_lost(database, store, canceller) -> None:
    """Half of what a transaction noted is never there, and the next one's number follows."""
    kept = 0
    for at in range(1, 60):

        async def write() -> None:
            async with database.transaction() as tx:
                for name in ("block.created", "block.updated", "block.lifted"):
                    tx.team_events.note(name)

        try:
            await asyncio.wait_for(canceller.run(write(), lambda wait, at=at: wait == at), PATIENCE)
            cancelled = False
        except asyncio.CancelledError:
            cancelled = True
        numbers = await _numbers(store)
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) - kept in (0, 3), f"half of it, when cancelled at wait {at}"
        kept = len(numbers)
        if not cancelled:
            break
    else:
        pytest.fail("the transaction had no end")
    # On SQLite all of it is one turn of the thread.
    assert at > (1 if store.engine == "sqlite" else 4)


async def test_numbers_at_once_have_no_gap_and_no_reader_sees_one_before_a_lower_one(
    database, store, seed, make
) -> None:
    for name in ("c1", "c2", "c3"):
        await seed.customer(name)
    hosts = [database] if store.engine == "sqlite" else [database, await store.open()]
    done: list[int] = []
    seen: list[int] = []

    async def write(number: int) -> None:
        name = f"c{number % 3 + 1}"
        async with hosts[number % len(hosts)].transaction() as tx:
            customer = await tx.conversations.advance(name)
            message = make.message(customer.last_seq, name)
            await tx.conversations.add_message(message, customer.last_event)
            await asyncio.sleep(0)
            tx.team_events.note("note.created", object_id=str(number))
            if number % 5 == 4:
                raise ZeroDivisionError
        done.append(number)

    async def watch() -> None:
        cursor = 0
        while len(done) < 24 or cursor < 48:
            async with database.snapshot() as tx:
                page = await tx.team_events.read(cursor, 100)
            for number, _ in page.events:
                assert number == cursor + 1
                cursor = number
            assert cursor == page.last
            seen.append(cursor)
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    failed = 0
    for first in range(0, 30, 6):
        # In several goes: SQLite's one connection is given to them all before the reader has a turn.
        goes = (write(number) for number in range(first, first + 6))
        results = await asyncio.gather(*goes, return_exceptions=True)
        failed += sum(isinstance(result, ZeroDivisionError) for result in results)
    await asyncio.wait_for(watcher, PATIENCE)
    assert failed == 6
    assert await _numbers(store) == list(range(1, 49))
    assert len(set(seen)) > 2


async def test_who_has_the_numbers_lock_waits_for_nobody(store, seed, make) -> None:
    """Intake, the closing of tickets and the relay at once: two locks each, the common one always last."""
    names = [f"c{number}" for number in range(4)]
    for number, name in enumerate(names):
        await seed.customer(name)
        async with (await store.open()).transaction() as tx:
            await tx.tickets.add(make.ticket(1001 + number, name))
    hosts = [await store.open() for _ in range(1 if store.engine == "sqlite" else 3)]
    chance = random.Random(7)

    async def take_in(host: Database) -> None:
        name = chance.choice(names)
        async with host.transaction() as tx:
            customer = await tx.conversations.advance(name)
            ticket = await tx.tickets.get_by_number(1001 + names.index(name))
            await tx.tickets.update(ticket)
            message = make.message(customer.last_seq, name, ticket=ticket.number)
            await tx.conversations.add_message(message, customer.last_event)
            await tx.outbox.add_message(message)

    async def close(host: Database) -> None:
        async with host.transaction() as tx:
            for name in sorted(names):
                ticket = await tx.tickets.get_by_number(1001 + names.index(name))
                await tx.conversations.add_event(name, "ticket.updated", ticket=ticket.number)
                await tx.tickets.update(ticket)

    async def relay(host: Database) -> None:
        async with host.transaction() as tx:
            if not await tx.batches.lock_making():
                return
            name = chance.choice(names)
            rows = await tx.outbox.list_rows(name, 5)
            if not rows:
                return
            batch = make.batch(f"b{chance.random()}", name, lane=name)
            await tx.batches.add(batch, rows, "host", make.at(1000))
            await tx.batches.set_sent(batch.id, make.at(7))

    acts = [take_in, close, relay] * 20
    done = asyncio.gather(*(act(chance.choice(hosts)) for act in acts))
    # A ring would be ended by PostgreSQL after a second, as an error.
    await asyncio.wait_for(done, PATIENCE)
    numbers = await _numbers(store)
    assert numbers == list(range(1, len(numbers) + 1))
    assert {"message.created", "ticket.updated", "message.delivery"} <= set(await _types(store))


async def test_pages_end_where_there_is_no_more(database) -> None:
    for number in range(5):
        async with database.transaction() as tx:
            tx.team_events.note("note.created", object_id=str(number))
    async with database.snapshot() as tx:
        page = await tx.team_events.read(1, 2)
        assert [(number, event.object_id) for number, event in page.events] == [(2, "1"), (3, "2")]
        assert (page.is_cut, page.last) == (False, 5)
        assert (await tx.team_events.read(5, 2)).events == ()


@pytest.fixture
async def aged(store, clock) -> Database:
    """Give a database with one event a day, on ten days."""
    database = Database(store.inner, now=clock.now)
    for _ in range(10):
        async with database.transaction() as tx:
            tx.team_events.note("health.changed")
        clock.advance(timedelta(days=1))
    return database


async def test_what_is_old_is_forgotten_from_the_oldest_on(aged, clock, store) -> None:
    async with aged.transaction() as tx:
        assert await tx.team_events.prune(clock.now() - timedelta(days=7), 2) == 2
        assert await tx.team_events.prune(clock.now() - timedelta(days=7), 2) == 1
        assert await tx.team_events.prune(clock.now() - timedelta(days=7), 2) == 0
    assert await _numbers(store) == list(range(4, 11))


async def test_a_clock_that_was_set_back_leaves_no_hole(aged, clock, store) -> None:
    now = clock.now()
    clock.advance(-timedelta(days=9))
    async with aged.transaction() as tx:
        tx.team_events.note("health.changed")
    async with aged.transaction() as tx:
        await tx.team_events.prune(now - timedelta(days=7), 100)
    assert await _numbers(store) == list(range(4, 12))


async def test_all_may_be_old(aged, clock, store) -> None:
    async with aged.transaction() as tx:
        assert await tx.team_events.prune(clock.now(), 100) == 10
    assert await _numbers(store) == []
    async with aged.transaction() as tx:
        tx.team_events.note("health.changed")
    assert await _numbers(store) == [11]


@pytest.mark.parametrize(
    ("after", "is_cut"), [(0, True), (2, True), (3, False), (10, False), (11, True), (2**53, True)]
)
async def test_who_was_away_for_too_long_is_told(aged, clock, after, is_cut) -> None:
    """So is who has a number from before a restored backup."""
    async with aged.transaction() as tx:
        await tx.team_events.prune(clock.now() - timedelta(days=7), 100)
    async with aged.snapshot() as tx:
        page = await tx.team_events.read(after, 100)
    assert (page.is_cut, page.last) == (is_cut, 10)
    assert [number for number, _ in page.events] == ([] if is_cut else list(range(after + 1, 11)))


async def test_who_was_away_when_all_was_forgotten_is_told(aged, clock) -> None:
    async with aged.transaction() as tx:
        await tx.team_events.prune(clock.now(), 100)
    async with aged.snapshot() as tx:
        assert (await tx.team_events.read(9, 100)).is_cut
        assert not (await tx.team_events.read(10, 100)).is_cut


async def test_a_commit_that_a_cancel_came_with_wakes_the_streams_all_the_same(store, canceller) -> None:
    for at in range(1, 60):
        woken: list[int] = []
        database = Database(store.inner, on_team_event=lambda woken=woken: woken.append(1))
        before = len(await _numbers(store))

        async def write(database: Database = database) -> None:
            async with database.transaction() as tx:
                tx.team_events.note("health.changed")

        try:
            await asyncio.wait_for(canceller.run(write(), lambda wait, at=at: wait == at), PATIENCE)
            break
        except asyncio.CancelledError:
            pass
        written = len(await _numbers(store)) > before
        await until(lambda woken=woken, written=written: _holds(bool(woken) or not written), "woken")


async def _holds(holds: bool) -> bool:
    return holds
