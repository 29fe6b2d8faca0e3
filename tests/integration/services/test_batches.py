"""Which batches are made of what waits: joined, held, leased."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.db.outbox import OutboxRepository
from plugin.domain.model import ANSWERS, Block
from plugin.services.batches import LEASE


def bodies(batches) -> list[tuple[str, ...]]:
    return [batch.parts for batch in batches]


async def block(desk, host, customer, begin, end, kind="block") -> None:
    """Block from `begin` to `end`, in seconds from now."""
    now = desk.clock.now()
    async with host.database.transaction() as tx:
        await tx.blocks.add(
            Block(
                id=f"block {begin} {end}",
                customer_id=customer,
                kind=kind,
                reason=None,
                by_id="m1",
                by_name="Alice",
                created_at=now + timedelta(seconds=begin),
                expires_at=None if end is None else now + timedelta(seconds=end),
            )
        )


async def test_a_message_goes_no_sooner_than_join_within_and_then_at_once(desk, host, customer) -> None:
    desk.configure(join_within=1)
    await desk.write(host, customer, "Hello")
    written = desk.clock.now()
    assert await desk.take(host) == ([], written + timedelta(seconds=1))
    desk.clock.advance(0.999)
    assert await desk.take(host) == ([], written + timedelta(seconds=1))
    desk.clock.advance(0.001)
    (batch,), _ = await desk.take(host)
    assert batch.parts == ("#1001 · anonymous\nHello",)
    assert (batch.lane, batch.customer_id, batch.ticket, batch.room_id) == (
        customer,
        customer,
        1001,
        desk.room,
    )
    assert (batch.held, batch.attempt, batch.tries, batch.fence) == (False, 1, 0, 1)
    assert (batch.device_id, batch.first_tried_at) == ("DEVICE", desk.clock.now())


async def test_what_is_written_within_goes_as_one(desk, host, customer) -> None:
    desk.configure(join_within=1)
    await desk.write(host, customer, "one", "two", "three", every=0.4)
    desk.clock.advance(0.2)
    (batch,), _ = await desk.take(host)
    assert batch.parts == ("#1001 · anonymous\none\n\ntwo\n\nthree",)
    async with host.database.snapshot() as tx:
        assert await tx.outbox.list_rows(customer, 10) == []


async def test_the_wait_counts_from_the_first_and_is_not_begun_anew(desk, host, customer) -> None:
    desk.configure(join_within=1)
    await desk.write(host, customer, *(f"text {i}" for i in range(3)), every=0.5)
    (batch,), _ = await desk.take(host)
    assert batch.parts[0].endswith("text 0\n\ntext 1\n\ntext 2")


async def test_nothing_is_joined_over_customers(desk, host) -> None:
    desk.configure(join_within=0)
    first, second = await desk.customer(host), await desk.customer(host)
    await desk.write(host, first, "of the first")
    desk.clock.advance(0.001)
    await desk.write(host, second, "of the second")
    batches, _ = await desk.take(host)
    assert bodies(batches) == [
        ("#1001 · anonymous\nof the first",),
        ("#1002 · anonymous\nof the second",),
    ]
    assert [batch.customer_id for batch in batches] == [first, second]


async def test_a_lane_has_one_batch_under_way_and_what_comes_meanwhile_joins(desk, host, customer) -> None:
    desk.configure(join_within=0)
    await desk.write(host, customer, "one")
    (batch,), _ = await desk.take(host)
    await desk.write(host, customer, "two", "three", every=1)
    assert (await desk.take(host))[0] == []
    assert await desk.end(host, batch)
    (batch,), _ = await desk.take(host)
    assert batch.parts == ("#1001 · anonymous\ntwo\n\nthree",)


async def test_a_long_text_makes_several_posts_and_takes_no_other_along(desk, host, customer) -> None:
    desk.configure(join_within=0)
    await desk.write(host, customer, "x" * 4000, "short", every=1)
    (batch,), _ = await desk.take(host)
    assert len(batch.parts) == 2
    assert [part.split("\n")[0] for part in batch.parts] == [
        "#1001 · anonymous (1/2)",
        "#1001 · anonymous (2/2)",
    ]
    assert sum(part.count("x") for part in batch.parts) == 4000
    assert all(len(part) <= 4096 for part in batch.parts)
    await desk.end(host, batch)
    (batch,), _ = await desk.take(host)
    assert batch.parts == ("#1001 · anonymous\nshort",)


async def test_a_short_text_does_not_take_a_long_one_along(desk, host, customer) -> None:
    desk.configure(join_within=0)
    await desk.write(host, customer, "short", "x" * 3900, every=1)
    (batch,), _ = await desk.take(host)
    assert batch.parts == ("#1001 · anonymous\nshort",)


async def test_answers_stand_behind_customers_and_are_not_joined(desk, host, customer) -> None:
    desk.configure(join_within=0)
    event_id = await desk.post(host, customer)
    await desk.order(host, event_id, "/unblock")
    await desk.order(host, event_id, "/nonsense")
    desk.clock.advance(1)
    other = await desk.customer(host)
    await desk.write(host, other, "later, but a customer's")
    batches, _ = await desk.take(host)
    assert [batch.lane for batch in batches] == [other, ANSWERS]
    assert batches[1].parts == ("#1001 is not blocked",)
    await desk.end(host, batches[1])
    (second,), _ = await desk.take(host)
    assert second.parts[0].startswith("#1001: /nonsense is not a command")


async def test_an_answer_does_not_wait_to_be_joined(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    desk.configure(join_within=60)
    await desk.order(host, event_id, "/unblock")
    (batch,), _ = await desk.take(host)
    assert batch.lane == ANSWERS


async def test_with_little_left_of_the_minute_customers_come_first(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    desk.configure(join_within=0, per_minute=2)
    await desk.order(host, event_id, "/unblock")
    other = await desk.customer(host)
    await desk.write(host, other, "Hello")
    batches, _ = await desk.take(host)
    assert [batch.lane for batch in batches] == [other]


async def test_no_more_batches_than_slots(desk, host) -> None:
    desk.configure(join_within=0)
    for number in range(5):
        await desk.write(host, await desk.customer(host), f"text {number}")
        desk.clock.advance(0.1)
    first, _ = await desk.take(host, slots=2)
    second, _ = await desk.take(host, slots=3)
    assert [p[0].split("\n")[1] for p in bodies(first)] == ["text 0", "text 1"]
    assert [p[0].split("\n")[1] for p in bodies(second)] == ["text 2", "text 3", "text 4"]
    assert await desk.take(host, slots=0) == ([], None)


async def test_nothing_is_due_before_the_bot_is_in_the_room(desk, host, customer) -> None:
    desk.configure(join_within=0, support_room="#another:example.org")
    await desk.write(host, customer, "Hello")
    assert await desk.take(host) == ([], None)


# --- leases


async def test_a_lease_keeps_others_off_until_it_is_over(desk, host, customer) -> None:
    desk.configure(join_within=0)
    other = await desk.start_host(name="other")
    await desk.write(host, customer, "Hello")
    (batch,), due = await desk.take(host)
    assert due == desk.clock.now() + LEASE
    desk.clock.advance(LEASE - timedelta(milliseconds=1))
    assert await desk.take(other) == ([], desk.clock.now() + timedelta(milliseconds=1))
    desk.clock.advance(0.001)
    (again,), _ = await desk.take(other)
    assert again == replace(batch, fence=2)


async def test_the_old_holder_can_not_end_what_another_holds(desk, host, customer) -> None:
    """Fault 10: a host that stood still for a minute goes on with what it believes to hold."""
    desk.configure(join_within=0)
    await desk.write(host, customer, "Hello")
    (old,), _ = await desk.take(host)
    desk.clock.advance(LEASE)
    (new,), _ = await desk.take(host)
    assert not await desk.end(host, old, "failed")
    assert await desk.states() == ["open"]
    assert await desk.end(host, new)
    assert not await desk.end(host, old, "failed")
    assert await desk.states() == ["sent"]


async def test_take_over_makes_due_what_the_former_process_held_and_only_that(desk, host, customer) -> None:
    desk.configure(join_within=0)
    other = await desk.start_host(name="other")
    await desk.write(host, customer, "mine")
    (mine,), _ = await desk.take(host)
    await desk.write(host, await desk.customer(host), "the other's")
    (others,), _ = await desk.take(other)
    restarted = await desk.start_host(name="host")
    assert (await desk.take(restarted))[0] == []
    await restarted.maker.take_over()
    (batch,), _ = await desk.take(restarted)
    assert batch == replace(mine, fence=mine.fence + 1)
    assert others.id != mine.id


async def test_due_batches_come_before_new_ones(desk, host) -> None:
    desk.configure(join_within=0, per_minute=1)
    await desk.write(host, await desk.customer(host), "first")
    (batch,), _ = await desk.take(host)
    await desk.write(host, await desk.customer(host), "second")
    await host.maker.take_over()
    (again,), _ = await desk.take(host)
    assert again.id == batch.id


async def test_two_hosts_never_make_two_batches_of_one_text(desk, host) -> None:
    """Fault 10 on PostgreSQL; on SQLite the two are one process's transactions in turn."""
    desk.configure(join_within=0, per_minute=0)
    other = await desk.start_host(await desk.store.open(), "other")
    texts = []
    for round_ in range(10):
        for number in range(3):
            text = f"text {round_}.{number}"
            texts.append(text)
            await desk.write(host, await desk.customer(host), text)
        found = await asyncio.gather(desk.take(host), desk.take(other), return_exceptions=True)
        # One of the two may be told that the other was first; it comes again.
        found += [await desk.take(host), await desk.take(other)]
        taken = [batch for one in found if not isinstance(one, BaseException) for batch in one[0]]
        assert sorted(p[0].split("\n")[1] for p in bodies(taken)) == texts[-3:]
        for batch in taken:
            assert await desk.end(host, batch)
    rows = await desk.store.look("SELECT COUNT(*), COUNT(DISTINCT batch_id) FROM outbox")
    assert rows == [(30, 30)]


async def test_a_host_that_read_the_rows_and_then_stood_still_sends_nothing_again(
    desk, customer, monkeypatch
) -> None:
    """Fault 10: meanwhile the other host has made the batch, sent it, and ended it."""
    desk.configure(join_within=0)
    slow = await desk.start_host(name="slow")
    quick = await desk.start_host(await desk.store.open(), "quick")
    await desk.write(slow, customer, "Hello")
    has_read, goes_on = asyncio.Event(), asyncio.Event()
    list_rows, readers = OutboxRepository.list_rows, []

    async def list_and_stand_still(repository, lane, limit):
        rows = await list_rows(repository, lane, limit)
        readers.append(repository)
        if len(readers) == 1:
            has_read.set()
            await goes_on.wait()
        return rows

    monkeypatch.setattr(OutboxRepository, "list_rows", list_and_stand_still)
    slow_take = asyncio.create_task(desk.take(slow))
    await has_read.wait()
    quick_take = asyncio.create_task(_take_and_end(desk, quick))
    # It may have to wait for its turn, and may not.
    await asyncio.wait([quick_take], timeout=0.1)
    goes_on.set()
    results = await asyncio.gather(slow_take, quick_take, return_exceptions=True)
    taken = [batch for one in results if not isinstance(one, BaseException) for batch in one[0]]
    assert bodies(taken) == [("#1001 · anonymous\nHello",)]


async def test_a_host_that_read_the_lanes_and_then_stood_still_overtakes_nothing(
    desk, customer, monkeypatch
) -> None:
    """Fault 10: meanwhile the other host has made a batch, which is on its way, and more was written."""
    desk.configure(join_within=0)
    slow = await desk.start_host(name="slow")
    quick = await desk.start_host(await desk.store.open(), "quick")
    await desk.write(slow, customer, "first")
    has_read, goes_on = asyncio.Event(), asyncio.Event()
    list_heads, readers = OutboxRepository.list_heads, []

    async def list_and_stand_still(repository, *args, **options):
        heads = await list_heads(repository, *args, **options)
        readers.append(repository)
        if len(readers) == 1:
            has_read.set()
            await goes_on.wait()
        return heads

    monkeypatch.setattr(OutboxRepository, "list_heads", list_and_stand_still)
    slow_take = asyncio.create_task(desk.take(slow))
    await has_read.wait()
    quick_take = asyncio.create_task(_take_and_write(desk, quick, customer))
    # It may have to wait for its turn, and may not.
    await asyncio.wait([quick_take], timeout=0.1)
    goes_on.set()
    results = await asyncio.gather(slow_take, quick_take, return_exceptions=True)
    taken = [batch for one in results if not isinstance(one, BaseException) for batch in one[0]]
    # The second may go with the first, and never in a batch of its own beside it.
    ((body,),) = bodies(taken)
    assert body.startswith("#1001 · anonymous\nfirst")


async def _take_and_write(desk, host, customer):
    found = await desk.take(host)
    await desk.write(host, customer, "second")
    return found


async def _take_and_end(desk, host):
    found = await desk.take(host)
    for batch in found[0]:
        await desk.end(host, batch)
    return found


# --- what a block holds


@pytest.mark.parametrize(
    ("begin", "end", "waits", "held"),
    [
        pytest.param(-10, 100, 5, True, id="blocked when written and when made"),
        pytest.param(-10, 2, 5, True, id="blocked when written, over when made"),
        pytest.param(2, 100, 5, True, id="not blocked when written, blocked when made"),
        pytest.param(2, None, 5, True, id="blocked for good when made"),
        pytest.param(1, 2, 5, False, id="blocked between the two only"),
        pytest.param(-10, 0, 5, False, id="over to the millisecond when written"),
        pytest.param(-20, -10, 5, False, id="over before it was written"),
        pytest.param(6, 100, 5, True, id="blocked by a clock that is ahead of ours"),
        pytest.param(5, 100, 5, True, id="begins in the very moment it is made"),
    ],
)
async def test_a_message_is_held_if_blocked_when_written_or_when_made(
    desk, host, customer, begin, end, waits, held
) -> None:
    desk.configure(join_within=waits)
    await block(desk, host, customer, begin, end)
    await desk.write(host, customer, "Hello")
    desk.clock.advance(waits)
    (batch,), _ = await desk.take(host)
    assert batch.held is held
    assert (await desk.original(host, batch)).parts == ("#1001 · anonymous\nHello",)
    assert batch.room_id == (desk.quiet if held else desk.room)
    assert [len(part.encode()) for part in batch.parts] == [len("#1001 · anonymous\nHello".encode())]
    assert ("Hello" in batch.parts[0]) is not held


async def test_another_customers_block_holds_nothing(desk, host, customer) -> None:
    desk.configure(join_within=0)
    await block(desk, host, await desk.customer(host), -10, None)
    await desk.write(host, customer, "Hello")
    (batch,), _ = await desk.take(host)
    assert not batch.held


async def test_what_is_held_and_what_is_not_never_go_together(desk, host, customer) -> None:
    """Written in the last second of the block and in the first after it: only the second comes through."""
    desk.configure(join_within=5)
    await block(desk, host, customer, -10, 1)
    await desk.write(host, customer, "held", "held too", "free", "free too", every=0.5)
    desk.clock.advance(5)
    (first,), _ = await desk.take(host)
    assert first.held
    assert (await desk.original(host, first)).parts == ("#1001 · anonymous\nheld\n\nheld too",)
    await desk.end(host, first, "delivered")
    (second,), _ = await desk.take(host)
    assert (second.held, second.parts) == (False, ("#1001 · anonymous\nfree\n\nfree too",))


async def test_what_waits_is_caught_by_a_block_that_begins_and_stays_held(desk, host, customer) -> None:
    desk.configure(join_within=5)
    await desk.write(host, customer, "before")
    await block(desk, host, customer, 1, 100)
    desk.clock.advance(2)
    await desk.write(host, customer, "after")
    desk.clock.advance(5)
    (batch,), _ = await desk.take(host)
    assert batch.held
    assert (await desk.original(host, batch)).parts == ("#1001 · anonymous\nbefore\n\nafter",)
    await desk.end(host, batch, "delivered")
    desk.clock.advance(1000)
    assert await desk.take(host) == ([], None)


async def test_a_lifted_block_lets_through_what_is_written_after(desk, host, customer) -> None:
    desk.configure(join_within=0)
    await block(desk, host, customer, -10, None)
    await desk.write(host, customer, "held")
    desk.clock.advance(1)
    async with host.database.transaction() as tx:
        await tx.blocks.lift_all(customer, desk.clock.now())
    await desk.write(host, customer, "free")
    (first,), _ = await desk.take(host)
    await desk.end(host, first, "delivered")
    (second,), _ = await desk.take(host)
    said = [(await desk.original(host, batch)).parts[0].split("\n")[1] for batch in (first, second)]
    assert said == ["held", "free"]
    assert (first.held, second.held) == (True, False)
