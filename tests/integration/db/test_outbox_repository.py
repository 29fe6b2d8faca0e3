"""The outbox: lanes, batches, leases and fences, on both engines."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from plugin.domain.model import ANSWERS, OutboxRow


async def test_a_message_waits_in_its_customers_lane_with_every_field(database, seed, make) -> None:
    await seed.customer()
    (message,) = await seed.messages(1, ticket=1007, text="Hello ✓")
    async with database.snapshot() as tx:
        assert await tx.outbox.list_rows("c1", 10) == [
            OutboxRow(
                id=message.id,
                lane="c1",
                customer_id="c1",
                ticket=1007,
                text="Hello ✓",
                created_at=message.created_at,
            )
        ]
        assert await tx.outbox.list_heads(10) == [("c1", message.created_at)]


async def test_an_answer_waits_in_the_answers_lane_with_every_field(database, seed, make) -> None:
    await seed.customer()
    row = make.answer("a1", ticket=1009, text="✓ #1009", created_at=make.at(44))
    async with database.transaction() as tx:
        await tx.outbox.add_answer(row)
    async with database.snapshot() as tx:
        assert await tx.outbox.list_rows(ANSWERS, 10) == [row]
        assert await tx.outbox.list_rows("c1", 10) == []


async def test_rows_come_in_order_and_up_to_a_limit(database, seed, make) -> None:
    """The order is that of the conversation, not of the clock, which may be set back, nor of the texts."""
    await seed.customer()
    await seed.messages(6, created_at=make.at(50))
    await seed.messages(6, created_at=make.at(10))
    async with database.transaction() as tx:
        for name in ("z", "a", "m"):
            await tx.outbox.add_answer(make.answer(name))
    async with database.snapshot() as tx:
        rows = await tx.outbox.list_rows("c1", 100)
        assert [row.text for row in rows] == [f"text {seq}" for seq in range(1, 13)]
        assert await tx.outbox.list_rows("c1", 4) == rows[:4]
        assert [row.id for row in await tx.outbox.list_rows(ANSWERS, 100)] == ["z", "a", "m"]


async def test_heads_are_the_oldest_first_and_answers_last(database, seed, make) -> None:
    for name, at in (("c1", 30), ("c2", 10), ("c3", 20)):
        await seed.customer(name)
        await seed.messages(2, name, created_at=make.at(at))
    async with database.transaction() as tx:
        await tx.outbox.add_answer(make.answer("a1", created_at=make.at(1)))
    async with database.snapshot() as tx:
        heads = [("c2", make.at(10)), ("c3", make.at(20)), ("c1", make.at(30)), (ANSWERS, make.at(1))]
        assert await tx.outbox.list_heads(10) == heads
        assert await tx.outbox.list_heads(2) == heads[:2]


async def test_a_message_is_put_on_its_way_once(database, seed, make) -> None:
    await seed.customer()
    (message,) = await seed.messages(1)
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.outbox.add_message(message)
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.outbox.add_message(replace(message, id="m-other"))


async def test_a_batch_comes_back_with_every_field(database, seed, make) -> None:
    await seed.customer()
    batch = make.batch(
        lane="answers",
        ticket=1009,
        room_id="!another:example.org",
        parts=("#1 (1/2)\n„ü“", 'two "quoted" \\ \n 🦊'),
        held=True,
        attempt=3,
        device_id="DEV/ICE 2",
        first_tried_at=make.at(11),
        fence=5,
        created_at=make.at(12),
    )
    async with database.transaction() as tx:
        await tx.outbox.add_batch(batch, [], "host", make.at(1000))
    async with database.snapshot() as tx:
        assert await tx.outbox.get_batch("b1") == batch
        assert await tx.outbox.get_batch("b2") is None


async def test_a_batch_takes_its_rows_and_leaves_the_others(database, seed, make, store) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    await seed.messages(3, "c1")
    await seed.messages(1, "c2")
    async with database.transaction() as tx:
        rows = await tx.outbox.list_rows("c1", 2)
        await tx.outbox.add_batch(make.batch(), rows, "host", make.at(1000))
    async with database.snapshot() as tx:
        assert [row.text for row in await tx.outbox.list_rows("c1", 10)] == ["text 3"]
        # A lane with a batch under way waits for it.
        assert [lane for lane, _ in await tx.outbox.list_heads(10)] == ["c2"]
    assert await store.look("SELECT id, batch_id FROM outbox ORDER BY id") == [
        ("m-c1-1", "b1"),
        ("m-c1-2", "b1"),
        ("m-c1-3", None),
        ("m-c2-1", None),
    ]


async def test_a_batch_can_not_take_a_row_that_another_has(database, seed, make) -> None:
    """Two hosts may have read the same waiting row, and the first batch may be over by now."""
    await seed.customer()
    await seed.messages(1)
    async with database.snapshot() as tx:
        rows = await tx.outbox.list_rows("c1", 10)
    first = await seed.batch()
    async with database.transaction() as tx:
        assert await tx.outbox.end_batch(first, "sent", make.at(20))

    # How it is refused is open; that the text is not sent anew is not.
    with suppress(Exception):
        async with database.transaction() as tx:
            await tx.outbox.add_batch(make.batch("b2"), rows, "other host", make.at(1000))
    async with database.snapshot() as tx:
        assert await tx.outbox.get_batch("b2") is None


async def test_a_lane_has_one_open_batch(database, seed, make) -> None:
    await seed.customer()
    await seed.messages(1)
    first = await seed.batch()
    with pytest.raises(make.refused):
        await seed.batch("b2")
    async with database.transaction() as tx:
        assert await tx.outbox.end_batch(first, "sent", make.at(20))
    await seed.messages(1)
    await seed.batch("b2")
    async with database.snapshot() as tx:
        assert (await tx.outbox.get_batch("b2")).parts == ("one",)


async def test_a_batch_is_due_when_its_lease_is_over_to_the_millisecond(database, seed, make) -> None:
    for name, until in (("c1", 200), ("c2", 100), ("c3", 300)):
        await seed.customer(name)
        await seed.messages(1, name)
        await seed.batch(f"b-{name}", customer_id=name, until=until)

    async def due(at: int, limit: int = 10) -> list[str]:
        async with database.snapshot() as tx:
            return [batch.id for batch in await tx.outbox.list_due_batches(make.at(at), limit)]

    assert await due(99) == []
    assert await due(100) == ["b-c2"]
    assert await due(199) == ["b-c2"]
    assert await due(300) == ["b-c1", "b-c2", "b-c3"]
    assert await due(300, 2) == ["b-c1", "b-c2"]
    async with database.snapshot() as tx:
        assert await tx.outbox.next_lease_end() == make.at(100)


async def test_there_is_no_next_lease_without_an_open_batch(database, seed, make) -> None:
    async with database.snapshot() as tx:
        assert await tx.outbox.next_lease_end() is None
    await seed.customer()
    batch = await seed.batch()
    async with database.transaction() as tx:
        await tx.outbox.end_batch(batch, "sent", make.at(1))
    async with database.snapshot() as tx:
        assert await tx.outbox.next_lease_end() is None


async def test_a_lease_is_won_by_the_first_and_raises_the_fence(database, seed, make) -> None:
    await seed.customer()
    batch = await seed.batch(until=100)
    async with database.transaction() as tx:
        assert await tx.outbox.lease(batch, "first", make.at(500)) == 2
    async with database.transaction() as tx:
        assert await tx.outbox.lease(batch, "second", make.at(900)) is None
    async with database.snapshot() as tx:
        assert (await tx.outbox.get_batch("b1")).fence == 2
        assert await tx.outbox.next_lease_end() == make.at(500)
        assert await tx.outbox.list_due_batches(make.at(499), 10) == []


async def test_an_ended_batch_can_not_be_leased(database, seed, make) -> None:
    await seed.customer()
    batch = await seed.batch(until=100)
    async with database.transaction() as tx:
        await tx.outbox.end_batch(batch, "sent", make.at(1))
        assert await tx.outbox.lease(batch, "host", make.at(500)) is None


async def test_the_holder_of_an_old_lease_can_change_nothing(database, seed, make, store) -> None:
    await seed.customer()
    old = await seed.batch(until=100)
    async with database.transaction() as tx:
        await tx.outbox.lease(old, "second", make.at(500))
    before = await store.look("SELECT * FROM batch")
    async with database.transaction() as tx:
        assert not await tx.outbox.end_batch(old, "sent", make.at(200))
        assert await tx.outbox.start_attempt(old, "NEW", make.at(200)) is None
        await tx.outbox.put_off(old, make.at(9000), "late")
    assert await store.look("SELECT * FROM batch") == before
    async with database.transaction() as tx:
        assert await tx.outbox.end_batch(replace(old, fence=2), "sent", make.at(300))


async def test_take_over_makes_due_what_this_host_held(database, seed, make) -> None:
    for name, owner in (("c1", "me"), ("c2", "other"), ("c3", "me")):
        await seed.customer(name)
        await seed.batch(f"b-{name}", customer_id=name, owner=owner, until=1000)
    ended = await seed.batch("b-answers", lane=ANSWERS, owner="me", until=1000)
    async with database.transaction() as tx:
        await tx.outbox.end_batch(ended, "sent", make.at(1))
        await tx.outbox.take_over("me")
    async with database.snapshot() as tx:
        assert [b.id for b in await tx.outbox.list_due_batches(make.at(5), 10)] == ["b-c1", "b-c3"]


async def test_a_new_attempt_has_a_number_a_device_and_a_beginning(database, seed, make) -> None:
    await seed.customer()
    batch = await seed.batch()
    async with database.transaction() as tx:
        assert await tx.outbox.start_attempt(batch, "NEW", make.at(77)) == 2
    async with database.snapshot() as tx:
        expected = replace(batch, attempt=2, device_id="NEW", first_tried_at=make.at(77))
        assert await tx.outbox.get_batch("b1") == expected


async def test_a_batch_put_off_is_due_again_then_and_counts_its_tries(database, seed, make, store) -> None:
    await seed.customer()
    batch = await seed.batch(until=1000)
    async with database.transaction() as tx:
        await tx.outbox.put_off(batch, make.at(5000), "M_LIMIT_EXCEEDED (429)")
        await tx.outbox.put_off(batch, make.at(6000), "(502)")
    async with database.snapshot() as tx:
        assert await tx.outbox.list_due_batches(make.at(5999), 10) == []
        assert await tx.outbox.list_due_batches(make.at(6000), 10) == [replace(batch, tries=2)]
    assert await store.look("SELECT error, state FROM batch") == [("(502)", "open")]


@pytest.mark.parametrize("state", ["sent", "held", "failed"])
async def test_a_batch_ends_once_and_loses_its_bodies(database, seed, make, store, state) -> None:
    await seed.customer()
    await seed.messages(1)
    batch = await seed.batch(until=100)
    async with database.transaction() as tx:
        assert await tx.outbox.end_batch(batch, state, make.at(50), "why")
        assert not await tx.outbox.end_batch(batch, "sent", make.at(60))
    assert await store.look("SELECT state, ended_at, error, parts, part_count FROM batch") == [
        (state, round(make.at(50).timestamp() * 1000), "why", "[]", 1)
    ]
    async with database.snapshot() as tx:
        assert await tx.outbox.list_due_batches(make.at(1000), 10) == []
        assert await tx.outbox.list_rows("c1", 10) == []


async def test_a_batch_is_confirmed_once_all_its_parts_are_in_the_room(database, seed, make, store) -> None:
    await seed.customer()
    batch = await seed.batch(parts=("one", "two"))
    async with database.transaction() as tx:
        await tx.inbox.add_post("$one", batch, 0)
        await tx.outbox.confirm_sent("b1", make.at(10))
    assert await store.look("SELECT state, ended_at FROM batch") == [("open", None)]
    async with database.transaction() as tx:
        await tx.inbox.add_post("$two", batch, 1)
        await tx.outbox.confirm_sent("b1", make.at(20))
    ended = round(make.at(20).timestamp() * 1000)
    assert await store.look("SELECT state, ended_at, parts FROM batch") == [("sent", ended, "[]")]


async def test_one_part_twice_in_the_room_does_not_stand_for_two(database, seed, make, store) -> None:
    """Two attempts may both have brought the first part; the second part is still to be sent."""
    await seed.customer()
    batch = await seed.batch(parts=("one", "two"))
    async with database.transaction() as tx:
        await tx.inbox.add_post("$one", batch, 0)
        await tx.inbox.add_post("$one-again", batch, 0)
        await tx.outbox.confirm_sent("b1", make.at(10))
    assert await store.look("SELECT state FROM batch") == [("open",)]


@pytest.mark.parametrize("state", ["held", "failed", "sent"])
async def test_what_is_ended_is_not_confirmed_anew(database, seed, make, store, state) -> None:
    await seed.customer()
    batch = await seed.batch()
    async with database.transaction() as tx:
        await tx.outbox.end_batch(batch, state, make.at(10))
        await tx.inbox.add_post("$one", batch, 0)
        await tx.outbox.confirm_sent("b1", make.at(20))
    ended = round(make.at(10).timestamp() * 1000)
    assert await store.look("SELECT state, ended_at FROM batch") == [(state, ended)]


async def test_what_was_sent_counts_by_its_end_and_its_posts(database, seed, make) -> None:
    for name, at, state in (("c1", 30, "sent"), ("c2", 10, "sent"), ("c3", 20, "failed"), ("c4", 20, "held")):
        await seed.customer(name)
        batch = await seed.batch(f"b-{name}", customer_id=name, parts=("x",) * (at // 10))
        async with database.transaction() as tx:
            await tx.outbox.end_batch(batch, state, make.at(at))
    async with database.snapshot() as tx:
        assert await tx.outbox.list_sent_since(make.at(0)) == [(make.at(10), 1), (make.at(30), 3)]
        assert await tx.outbox.list_sent_since(make.at(9)) == [(make.at(10), 1), (make.at(30), 3)]
        assert await tx.outbox.list_sent_since(make.at(10)) == [(make.at(30), 3)]
        assert await tx.outbox.list_sent_since(make.at(30)) == []
