"""The outbox: what waits in which lane, and which lane goes first, on both engines."""

from __future__ import annotations

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
        assert await tx.outbox.list_heads(10, wait_for_reports=False) == [("c1", message.created_at)]


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


async def test_heads_come_up_to_a_limit_the_oldest_first(database, seed, make) -> None:
    for name, at in (("c1", 30), ("c2", 10), ("c3", 20)):
        await seed.customer(name)
        await seed.messages(2, name, created_at=make.at(at))
    async with database.snapshot() as tx:
        heads = [("c2", make.at(10)), ("c3", make.at(20)), ("c1", make.at(30))]
        assert await tx.outbox.list_heads(10, wait_for_reports=False) == heads
        assert await tx.outbox.list_heads(2, wait_for_reports=False) == heads[:2]


async def test_a_message_is_put_on_its_way_once(database, seed, make) -> None:
    await seed.customer()
    (message,) = await seed.messages(1)
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.outbox.add_message(message)
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.outbox.add_message(replace(message, id="m-other"))


async def test_where_the_bridge_reports_a_lane_waits_for_its_word(database, seed, make) -> None:
    await seed.customer()
    await seed.messages(1)
    await seed.batch()
    await seed.messages(1)
    for state in ("open", "sent", "delivered"):
        async with database.transaction() as tx:
            if state == "sent":
                await tx.batches.set_sent("b1", make.at(20))
            if state == "delivered":
                await tx.batches.set_delivered("b1", make.at(20))
        async with database.snapshot() as tx:
            waits = len(await tx.outbox.list_heads(10, wait_for_reports=True))
            goes = len(await tx.outbox.list_heads(10, wait_for_reports=False))
        assert (waits, goes) == {"open": (0, 0), "sent": (0, 1), "delivered": (1, 1)}[state]


async def test_a_mark_is_asked_for_once_at_a_time(database, seed, make) -> None:
    await seed.customer()
    row = make.answer("r1", lane="mark:1001", text="")
    async with database.transaction() as tx:
        await tx.outbox.ask_for_mark(row)
        await tx.outbox.ask_for_mark(replace(row, id="r2"))
        assert [r.id for r in await tx.outbox.list_rows("mark:1001", 10)] == ["r1"]
        await tx.outbox.drop_waiting("mark:1001")
        assert await tx.outbox.list_rows("mark:1001", 10) == []
        await tx.outbox.ask_for_mark(replace(row, id="r3"))
        assert [r.id for r in await tx.outbox.list_rows("mark:1001", 10)] == ["r3"]


async def test_the_most_urgent_goes_first(database, seed, make) -> None:
    """A customer's first message, then answers, then other messages, marks last; each the oldest first."""
    await seed.customer("c1")
    await seed.customer("c2")
    await seed.customer("c3")
    async with database.transaction() as tx:
        await tx.outbox.ask_for_mark(make.answer("m1", lane="mark:1001", created_at=make.at(1)))
        await tx.outbox.add_answer(make.answer("a1", created_at=make.at(3)))
    await seed.messages(1, "c1", created_at=make.at(2))
    await seed.batch(customer_id="c1")
    async with database.transaction() as tx:
        await tx.batches.set_delivered("b1", make.at(2))
    await seed.messages(1, "c1", created_at=make.at(2))
    await seed.messages(1, "c2", created_at=make.at(9))
    await seed.messages(1, "c3", created_at=make.at(8))
    async with database.snapshot() as tx:
        heads = await tx.outbox.list_heads(10, wait_for_reports=False)
    assert [lane for lane, _ in heads] == ["c3", "c2", ANSWERS, "c1", "mark:1001"]


async def test_what_waits_is_counted_until_it_is_in_the_room(database, seed, make) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        assert await tx.outbox.count_waiting_messages() == (0, None)
        await tx.outbox.add_answer(make.answer("a1", created_at=make.at(0)))
    await seed.messages(2)
    await seed.batch()
    (third,) = await seed.messages(1)
    async with database.snapshot() as tx:
        assert await tx.outbox.count_waiting_messages() == (3, make.at(1))
        assert await tx.outbox.list_texts("b1") == ["text 1", "text 2"]
    async with database.transaction() as tx:
        await tx.batches.set_sent("b1", make.at(9))
        assert await tx.outbox.count_waiting_messages() == (1, third.created_at)
