"""How many posts a minute holds, and when the next batch is due."""

from __future__ import annotations

from datetime import timedelta


async def test_the_minute_holds_so_many_posts_and_the_next_is_due_when_the_oldest_leaves_it(
    desk, host
) -> None:
    desk.configure(join_within=0, per_minute=3)
    customers = [await desk.customer(host) for _ in range(5)]
    began = desk.clock.now()
    for customer in customers:
        await desk.write(host, customer, "Hello")
    for _ in range(3):
        (batch,), _ = await desk.take(host, slots=1)
        assert await desk.end(host, batch)
        desk.clock.advance(10)
    assert await desk.take(host) == ([], began + timedelta(seconds=60))
    desk.clock.set(began + timedelta(seconds=59.999))
    assert await desk.take(host) == ([], began + timedelta(seconds=60))
    desk.clock.set(began + timedelta(seconds=60))
    (batch,), _ = await desk.take(host)
    await desk.end(host, batch)
    assert await desk.take(host) == ([], began + timedelta(seconds=70))


async def test_what_is_under_way_counts_too(desk, host) -> None:
    desk.configure(join_within=0, per_minute=3)
    for _ in range(5):
        await desk.write(host, await desk.customer(host), "Hello")
    batches, _ = await desk.take(host)
    assert len(batches) == 3
    assert (await desk.take(host))[0] == []


async def test_what_was_noted_since_the_turn_looked_at_the_clock_counts_too(desk, host) -> None:
    desk.configure(join_within=0, per_minute=1)
    for _ in range(2):
        await desk.write(host, await desk.customer(host), "Hello")
    (batch,), _ = await desk.take(host)
    began = desk.clock.now()
    desk.clock.advance(0.02)
    await desk.end(host, batch)
    desk.clock.set(began)
    assert (await desk.take(host))[0] == []


async def test_each_post_of_a_long_text_counts(desk, host) -> None:
    """Telegram counts messages: eight batches of three posts would be 24."""
    desk.configure(join_within=0, per_minute=5)
    for _ in range(3):
        await desk.write(host, await desk.customer(host), "x" * 4000)
    batches, _ = await desk.take(host)
    assert [len(batch.parts) for batch in batches] == [2, 2]
    for batch in batches:
        await desk.end(host, batch)
    assert (await desk.take(host))[0] == []
    desk.clock.advance(60)
    assert len((await desk.take(host))[0]) == 1


async def test_a_text_of_more_posts_than_a_minute_holds_goes_all_the_same(desk, host, customer) -> None:
    desk.configure(join_within=0, per_minute=1)
    await desk.write(host, customer, "x" * 4000)
    (batch,), _ = await desk.take(host)
    assert len(batch.parts) == 2


async def test_held_and_failed_batches_take_nothing_of_the_minute(desk, host) -> None:
    desk.configure(join_within=0, per_minute=1)
    for state in ("held", "failed", "sent"):
        await desk.write(host, await desk.customer(host), "Hello")
        (batch,), _ = await desk.take(host)
        await desk.end(host, batch, state)
    await desk.write(host, await desk.customer(host), "Hello")
    assert await desk.take(host) == ([], desk.clock.now() + timedelta(seconds=60))


async def test_without_pacing_all_goes(desk, host) -> None:
    desk.configure(join_within=0, per_minute=0)
    for _ in range(30):
        await desk.write(host, await desk.customer(host), "Hello")
    batches, _ = await desk.take(host, slots=100)
    assert len(batches) == 30


async def test_while_the_minute_is_spent_nothing_is_due_in_the_past(desk, host) -> None:
    """A batch that waits to be tried again would otherwise have the relay ask without a pause."""
    desk.configure(join_within=0, per_minute=1)
    first, second = await desk.customer(host), await desk.customer(host)
    await desk.write(host, first, "is put off")
    (put_off,), _ = await desk.take(host)
    async with host.database.transaction() as tx:
        await tx.batches.put_off(put_off, desk.clock.now() + timedelta(seconds=1), "(502)")
    desk.configure(per_minute=2)
    await desk.write(host, second, "is sent")
    (sent,), _ = await desk.take(host)
    await desk.end(host, sent)
    began = desk.clock.now()
    desk.configure(per_minute=1)
    desk.clock.advance(5)
    assert await desk.take(host) == ([], began + timedelta(seconds=60))
    desk.clock.set(began + timedelta(seconds=60))
    (again,), _ = await desk.take(host)
    assert again.id == put_off.id
