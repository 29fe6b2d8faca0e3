"""Batches: their rows, leases, fences and states, on both engines."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.model import ANSWERS


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
        await tx.batches.add(batch, [], "host", make.at(1000))
    async with database.snapshot() as tx:
        assert await tx.batches.get("b1") == batch
        assert await tx.batches.get("b2") is None


async def test_a_batch_takes_its_rows_and_leaves_the_others(database, seed, make, store) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    await seed.messages(3, "c1")
    await seed.messages(1, "c2")
    async with database.transaction() as tx:
        rows = await tx.outbox.list_rows("c1", 2)
        await tx.batches.add(make.batch(), rows, "host", make.at(1000))
    async with database.snapshot() as tx:
        assert [row.text for row in await tx.outbox.list_rows("c1", 10)] == ["text 3"]
        # A lane with a batch under way waits for it.
        assert [lane for lane, _ in await tx.outbox.list_heads(10, wait_for_reports=False)] == ["c2"]
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
        await tx.batches.set_sent(first.id, make.at(20))

    # How it is refused is open; that the text is not sent anew is not.
    with suppress(Exception):
        async with database.transaction() as tx:
            await tx.batches.add(make.batch("b2"), rows, "other host", make.at(1000))
    async with database.snapshot() as tx:
        assert await tx.batches.get("b2") is None


async def test_a_batch_is_due_when_its_lease_is_over_to_the_millisecond(database, seed, make) -> None:
    for name, until in (("c1", 200), ("c2", 100), ("c3", 300)):
        await seed.customer(name)
        await seed.messages(1, name)
        await seed.batch(f"b-{name}", customer_id=name, until=until)

    async def due(at: int, limit: int = 10) -> list[str]:
        async with database.snapshot() as tx:
            return [batch.id for batch in await tx.batches.list_due(make.at(at), limit)]

    assert await due(99) == []
    assert await due(100) == ["b-c2"]
    assert await due(199) == ["b-c2"]
    assert await due(300) == ["b-c1", "b-c2", "b-c3"]
    assert await due(300, 2) == ["b-c1", "b-c2"]
    async with database.snapshot() as tx:
        assert await tx.batches.get_next_due() == make.at(100)


async def test_there_is_no_next_lease_without_an_open_batch(database, seed, make) -> None:
    async with database.snapshot() as tx:
        assert await tx.batches.get_next_due() is None
    await seed.customer()
    batch = await seed.batch()
    async with database.transaction() as tx:
        await tx.batches.set_sent(batch.id, make.at(1))
    async with database.snapshot() as tx:
        assert await tx.batches.get_next_due() is None


async def test_a_lease_is_won_by_the_first_and_raises_the_fence(database, seed, make) -> None:
    await seed.customer()
    batch = await seed.batch(until=100)
    async with database.transaction() as tx:
        assert await tx.batches.lease(batch, "first", make.at(500)) == 2
    async with database.transaction() as tx:
        assert await tx.batches.lease(batch, "second", make.at(900)) is None
    async with database.snapshot() as tx:
        assert (await tx.batches.get("b1")).fence == 2
        assert await tx.batches.get_next_due() == make.at(500)
        assert await tx.batches.list_due(make.at(499), 10) == []


async def test_an_ended_batch_can_not_be_leased(database, seed, make) -> None:
    await seed.customer()
    batch = await seed.batch(until=100)
    async with database.transaction() as tx:
        await tx.batches.set_sent(batch.id, make.at(1))
        assert await tx.batches.lease(batch, "host", make.at(500)) is None


async def test_the_holder_of_an_old_lease_can_change_nothing(database, seed, make, store) -> None:
    await seed.customer()
    old = await seed.batch(until=100)
    async with database.transaction() as tx:
        await tx.batches.lease(old, "second", make.at(500))
    before = await store.look("SELECT * FROM batch")
    async with database.transaction() as tx:
        assert not await tx.batches.end(old, "failed")
        assert await tx.batches.start_attempt(old, "NEW", make.at(200)) is None
        await tx.batches.put_off(old, make.at(9000), "late")
    assert await store.look("SELECT * FROM batch") == before
    async with database.transaction() as tx:
        assert await tx.batches.end(replace(old, fence=2), "failed")


async def test_take_over_makes_due_what_this_host_held(database, seed, make) -> None:
    for name, owner in (("c1", "me"), ("c2", "other"), ("c3", "me")):
        await seed.customer(name)
        await seed.batch(f"b-{name}", customer_id=name, owner=owner, until=1000)
    ended = await seed.batch("b-answers", lane=ANSWERS, owner="me", until=1000)
    async with database.transaction() as tx:
        await tx.batches.set_sent(ended.id, make.at(1))
        await tx.batches.take_over("me")
    async with database.snapshot() as tx:
        assert [b.id for b in await tx.batches.list_due(make.at(6), 10)] == ["b-c1", "b-c3"]


async def test_a_new_attempt_has_a_number_a_device_and_a_beginning(database, seed, make) -> None:
    await seed.customer()
    batch = await seed.batch()
    async with database.transaction() as tx:
        assert await tx.batches.start_attempt(batch, "NEW", make.at(77)) == 2
    async with database.snapshot() as tx:
        expected = replace(batch, attempt=2, device_id="NEW", first_tried_at=make.at(77))
        assert await tx.batches.get("b1") == expected


async def test_a_batch_put_off_is_due_again_then_and_counts_its_tries(database, seed, make, store) -> None:
    await seed.customer()
    batch = await seed.batch(until=1000)
    async with database.transaction() as tx:
        await tx.batches.put_off(batch, make.at(5000), "M_LIMIT_EXCEEDED (429)")
        await tx.batches.put_off(batch, make.at(6000), "(502)")
    async with database.snapshot() as tx:
        assert await tx.batches.get_next_due() == make.at(6000)
        assert await tx.batches.list_due(make.at(5999), 10) == []
        assert await tx.batches.list_due(make.at(6000), 10) == [replace(batch, tries=2)]
    assert await store.look("SELECT error, state FROM batch") == [("(502)", "open")]


async def test_taking_over_makes_nothing_due_before_its_time(database, seed, make) -> None:
    """A restart ends the former process's leases; the pauses that the bridge asked for stay."""
    await seed.customer()
    batch = await seed.batch(owner="me")
    async with database.transaction() as tx:
        await tx.batches.put_off(batch, make.at(5000), "(502)")
        await tx.batches.take_over("me")
    async with database.snapshot() as tx:
        assert await tx.batches.list_due(make.at(4999), 10) == []
        assert len(await tx.batches.list_due(make.at(5000), 10)) == 1


@pytest.mark.parametrize("state", ["delivered", "failed"])
async def test_a_batch_is_ended_once_and_by_its_holder(database, seed, make, store, state) -> None:
    await seed.customer()
    await seed.messages(1)
    batch = await seed.batch(until=100)
    async with database.transaction() as tx:
        assert await tx.batches.end(batch, state, "why")
        assert not await tx.batches.end(batch, "failed", "again")
    assert await store.look("SELECT state, error FROM batch") == [(state, "why")]
    async with database.snapshot() as tx:
        assert await tx.batches.get_state("b1") == state
        assert await tx.batches.list_due(make.at(1000), 10) == []
        assert await tx.outbox.list_rows("c1", 10) == []


async def test_from_sent_to_delivered(database, seed, make, store) -> None:
    await seed.customer()
    await seed.batch(parts=("one", "two"))
    async with database.transaction() as tx:
        assert await tx.batches.get_oldest_unconfirmed() is None
        await tx.batches.set_sent("b1", make.at(10))
        await tx.batches.set_sent("b1", make.at(20))
        assert await tx.batches.get_oldest_unconfirmed() == make.at(10)
        assert (await tx.batches.get("b1")).parts == ("one", "two")
        await tx.batches.set_delivered("b1", make.at(30))
        assert await tx.batches.get_oldest_unconfirmed() is None
    async with database.snapshot() as tx:
        # The bodies go, the number of posts stays: they count in their minute.
        assert (await tx.batches.get("b1")).parts == ()
        assert (await tx.batches.get("b1")).part_count == 2
        assert await tx.batches.get_state("b1") == "delivered"
        assert await tx.batches.get_state("b2") is None
    sent = round(make.at(10).timestamp() * 1000)
    assert await store.look("SELECT sent_at FROM batch") == [(sent,)]


async def test_what_the_bridge_says_nothing_of_expires(database, seed, make) -> None:
    for name, at in (("c1", 10), ("c2", 20), ("c3", 30)):
        await seed.customer(name)
        await seed.batch(f"b-{name}", customer_id=name)
        async with database.transaction() as tx:
            await tx.batches.set_sent(f"b-{name}", make.at(at))
    async with database.transaction() as tx:
        assert await tx.batches.expire_unconfirmed(make.at(9)) == []
        expired = await tx.batches.expire_unconfirmed(make.at(20))
        assert sorted(batch.id for batch in expired) == ["b-c1", "b-c2"]
        assert [await tx.batches.get_state(f"b-c{i}") for i in (1, 2, 3)] == [
            "unconfirmed",
            "unconfirmed",
            "sent",
        ]
        assert await tx.batches.count_undelivered() == {"unconfirmed": 2}


async def test_the_bridge_counts_as_reporting_from_its_first_word_until_three_silences(
    database, make
) -> None:
    async with database.transaction() as tx:
        assert not await tx.batches.bridge_reports()
        await tx.batches.note_report(make.at(50))
        assert await tx.batches.bridge_reports()
        await tx.batches.note_silence(2)
        assert await tx.batches.bridge_reports()
        await tx.batches.note_report(make.at(50))
        await tx.batches.note_silence(3)
        assert not await tx.batches.bridge_reports()


async def test_sent_again_it_is_a_new_attempt_that_no_old_holder_can_end(database, seed, make, store) -> None:
    await seed.customer()
    batch = await seed.batch(until=9000)
    async with database.transaction() as tx:
        await tx.batches.set_sent("b1", make.at(10))
        await tx.batches.send_again("b1", make.at(20), timedelta(seconds=5), "flood")
        assert not await tx.batches.end(batch, "failed")
    async with database.snapshot() as tx:
        assert await tx.batches.list_due(make.at(5019), 10) == []
        assert await tx.batches.list_due(make.at(5020), 10) == [
            replace(batch, attempt=2, first_tried_at=make.at(20), fence=2)
        ]


async def test_what_was_held_is_released_as_open(database, seed, make) -> None:
    for name in ("c1", "c2"):
        await seed.customer(name)
        await seed.batch(f"b-{name}", customer_id=name, held=True)
    async with database.transaction() as tx:
        assert await tx.batches.release_held("c1", make.at(50)) == 1
        assert await tx.batches.release_held("c1", make.at(50)) == 0
    async with database.snapshot() as tx:
        (released,) = await tx.batches.list_due(make.at(50), 10)
        assert (released.id, released.held, released.attempt) == ("b-c1", False, 2)
        assert await tx.batches.get_state("b-c2") == "held"


async def test_what_was_sent_while_the_bridge_did_not_report_is_left_alone(database, seed, make) -> None:
    await seed.customer()
    await seed.batch("b1")
    async with database.transaction() as tx:
        await tx.batches.set_sent("b1", make.at(10))
        await tx.batches.note_report(make.at(50))
        assert await tx.batches.get_state("b1") == "unreported"
        assert await tx.batches.expire_unconfirmed(make.at(9999)) == []
        assert await tx.batches.count_undelivered() == {}


async def test_the_undelivered_of_a_ticket_and_its_last_batch(database, seed, make) -> None:
    await seed.customer("c1")
    for name, state in (
        ("b1", "failed"),
        ("b2", "sent"),
        ("b3", "unconfirmed"),
        ("b4", "open"),
        ("b5", "held"),
    ):
        batch = await seed.batch(name, held=state == "held")
        async with database.transaction() as tx:
            if state in ("sent", "unconfirmed"):
                await tx.batches.set_sent(name, make.at(10))
            if state == "unconfirmed":
                await tx.batches.expire_unconfirmed(make.at(10))
                await tx.batches.set_failed("b2", None)
            if state == "failed":
                assert await tx.batches.end(batch, state)
    async with database.snapshot() as tx:
        assert [b.id for b in await tx.batches.list_undelivered_of_ticket(1001)] == ["b1", "b2", "b3"]
        assert await tx.batches.list_undelivered_of_ticket(1002) == []
        assert (await tx.batches.get_last_of_ticket(1001)).id == "b3"
        assert await tx.batches.get_last_of_ticket(1002) is None
