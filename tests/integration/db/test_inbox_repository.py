"""The inbox: cursor, events, targets, on both engines."""

from __future__ import annotations

import pytest

from plugin.domain.delivery import Part
from plugin.domain.model import ANSWERS, Delivered, Target


async def test_the_cursor_begins_once(database) -> None:
    async with database.transaction() as tx:
        assert await tx.inbox.get_cursor() is None
        await tx.inbox.start_at("s1")
        await tx.inbox.start_at("s2")
        assert await tx.inbox.get_cursor() == "s1"


async def test_the_cursor_moves_only_from_where_it_stands(database) -> None:
    async with database.transaction() as tx:
        assert await tx.inbox.move_cursor("s1", "s2", 1) is None
        await tx.inbox.start_at("s1")
        assert await tx.inbox.move_cursor("s1", "s2", 3) == 0
        assert await tx.inbox.move_cursor("s1", "s9", 3) is None
        assert await tx.inbox.get_cursor() == "s2"
        assert await tx.inbox.move_cursor("s2", "s3", 2) == 3
        assert await tx.inbox.move_cursor("s3", "s3", 0) == 5


async def test_an_event_comes_back_with_every_field(database, make) -> None:
    event = make.event(
        1,
        event_id="$a/b+c",
        room_id="!no-server",
        sender="@ünï:example.org",
        type="m.sticker",
        content={"body": "x\u0000 \ud83e 🦊 ✓", "n": 1, "deep": {"list": [None, True, 1.5]}},
        sent_at=make.at(1),
    )
    async with database.transaction() as tx:
        await tx.inbox.add_events([event], handled={})
    async with database.snapshot() as tx:
        assert await tx.inbox.list_waiting(10) == [event]


async def test_waiting_events_come_in_room_order_and_up_to_a_limit(database, make) -> None:
    async with database.transaction() as tx:
        for position in (3, 11, 1, 2, 10):
            await tx.inbox.add_events([make.event(position, sent_at=make.at(100 - position))], handled={})
    async with database.snapshot() as tx:
        assert [e.position for e in await tx.inbox.list_waiting(10)] == [1, 2, 3, 10, 11]
        assert [e.position for e in await tx.inbox.list_waiting(2)] == [1, 2]


async def test_an_event_seen_twice_is_one_and_stays_handled(database, make) -> None:
    async with database.transaction() as tx:
        await tx.inbox.add_events([make.event(1)], handled={})
        await tx.inbox.add_events(
            [make.event(2, event_id="$event1", content={"body": "another"})], handled={}
        )
        assert await tx.inbox.list_waiting(10) == [make.event(1)]
        assert await tx.inbox.finish("$event1", "answer")
    async with database.transaction() as tx:
        await tx.inbox.add_events([make.event(3, event_id="$event1")], handled={})
        assert await tx.inbox.list_waiting(10) == []


async def test_a_position_is_used_once(database, make) -> None:
    async with database.transaction() as tx:
        await tx.inbox.add_events([make.event(1)], handled={})
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.inbox.add_events([make.event(1, event_id="$other")], handled={})


async def test_an_event_is_finished_once_and_its_text_is_gone(database, make, store) -> None:
    async with database.transaction() as tx:
        await tx.inbox.add_events([make.event(1)], handled={})
        await tx.inbox.add_events([make.event(2)], handled={})
    async with database.transaction() as tx:
        assert await tx.inbox.finish("$event1", "answer")
        assert not await tx.inbox.finish("$event1", "command")
        assert not await tx.inbox.finish("$nothing", "answer")
    assert await store.look("SELECT outcome, content FROM room_event ORDER BY position") == [
        ("answer", None),
        (None, '{"body": "body 2"}'),
    ]


async def test_an_event_set_aside_keeps_its_text_and_waits_no_more(database, make, store) -> None:
    async with database.transaction() as tx:
        await tx.inbox.add_events([make.event(1)], handled={})
        await tx.inbox.set_aside("$event1", "error")
        assert await tx.inbox.list_waiting(10) == []
        assert not await tx.inbox.finish("$event1", "answer")
    assert await store.look("SELECT outcome, content FROM room_event") == [("error", '{"body": "body 1"}')]


async def test_a_post_is_a_target_of_its_ticket(database, seed, make) -> None:
    await seed.customer("c1")
    batch = await seed.batch(ticket=1007)
    async with database.transaction() as tx:
        await tx.inbox.add_post("$post", "@bot:x", batch, 0, 1)
    async with database.snapshot() as tx:
        assert await tx.inbox.get_target("$post") == Target(
            customer_id="c1", ticket=1007, message_id=None, batch_id="b1"
        )
        assert await tx.inbox.get_target("$other") is None


async def test_an_answer_to_a_command_is_no_target(database, seed, make) -> None:
    await seed.customer("c1")
    batch = await seed.batch(lane=ANSWERS)
    async with database.transaction() as tx:
        await tx.inbox.add_post("$answer", "@bot:x", batch, 0, 1)
    async with database.snapshot() as tx:
        assert await tx.inbox.get_target("$answer") is None
        assert set(await tx.batches.list_parts(batch.id)) == {0}


async def test_a_delivered_reply_is_a_target_too(database, seed, make) -> None:
    await seed.customer("c1")
    (message,) = await seed.messages(1)
    target = Target(customer_id="c1", ticket=1001, message_id=None)
    async with database.transaction() as tx:
        await tx.inbox.add_reply("$reply", "@alice:x", target, message.id)
    async with database.snapshot() as tx:
        found = await tx.inbox.get_target("$reply")
    assert found == Target(customer_id="c1", ticket=1001, message_id=message.id)


async def test_the_first_word_on_an_event_stays(database, seed, make) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    first, second = await seed.batch("b1"), await seed.batch("b2", customer_id="c2")
    async with database.transaction() as tx:
        await tx.inbox.add_post("$post", "@bot:x", first, 0, 1)
        await tx.inbox.add_post("$post", "@bot:x", second, 0, 1)
        assert (await tx.inbox.get_target("$post")).customer_id == "c1"
        assert await tx.batches.list_parts("b2") == {}


async def test_the_newest_post_of_each_part_of_a_batch(database, seed, make) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    batch = await seed.batch(parts=("a", "b", "c"))
    other = await seed.batch("b2", customer_id="c2")
    async with database.transaction() as tx:
        assert await tx.batches.list_parts("b1") == {}
        await tx.inbox.add_post("$2 again", "@bot:x", batch, 2, 2)
        await tx.inbox.add_post("$2", "@bot:x", batch, 2, 1)
        await tx.inbox.add_post("$0", "@bot:x", batch, 0, 1)
        await tx.inbox.add_post("$other", "@bot:x", other, 1, 1)
        assert await tx.batches.list_parts("b1") == {
            0: Part(attempt=1, status="sent"),
            2: Part(attempt=2, status="sent"),
        }
        assert await tx.batches.get_last_event("b1") == "$2 again"


async def test_what_the_bridge_says_of_a_post(database, seed, make) -> None:
    """What was delivered stays so, and a word on anything else is nothing."""
    await seed.customer("c1")
    (message,) = await seed.messages(1)
    batch = await seed.batch(parts=("a", "b"))
    async with database.transaction() as tx:
        await tx.inbox.add_post("$0", "@bot:x", batch, 0, 1)
        await tx.inbox.add_post("$1", "@bot:x", batch, 1, 1)
        target = Target(customer_id="c1", ticket=1001, message_id=None)
        await tx.inbox.add_reply("$reply", "@alice:x", target, message.id)
        assert await tx.inbox.report("$0", "retriable", "flood", make.at(1)) == "b1"
        assert await tx.batches.get_reason("b1") == "flood"
        assert await tx.inbox.report("$0", "delivered", None, make.at(2)) == "b1"
        assert await tx.inbox.report("$0", "permanent", "late", make.at(3)) is None
        assert await tx.inbox.report("$reply", "delivered", None, make.at(3)) is None
        assert await tx.inbox.report("$nothing", "delivered", None, make.at(3)) is None
        assert await tx.batches.list_parts("b1") == {
            0: Part(attempt=1, status="delivered"),
            1: Part(attempt=1, status="sent"),
        }


async def test_who_sent_a_delivered_reply(database, seed, make) -> None:
    await seed.customer("c1")
    (message,) = await seed.messages(1)
    batch = await seed.batch()
    async with database.transaction() as tx:
        await tx.inbox.add_post("$post", "@bot:x", batch, 0, 1)
        target = Target(customer_id="c1", ticket=1001, message_id=None)
        await tx.inbox.add_reply("$reply", "@alice:x", target, message.id)
    async with database.snapshot() as tx:
        assert await tx.inbox.get_reply("$reply") == Delivered(
            sender="@alice:x", message_id=message.id, direct_id=None, is_copy=False
        )
        assert await tx.inbox.get_reply("$post") is None
        assert await tx.inbox.get_reply("$other") is None


async def test_the_room_that_goes_on_where_one_ended(database) -> None:
    async with database.transaction() as tx:
        assert await tx.inbox.get_replacement("!old") is None
        await tx.inbox.add_replacement("!old", "!new")
        await tx.inbox.add_replacement("!old", "!other")
        assert await tx.inbox.get_replacement("!old") == "!new"
