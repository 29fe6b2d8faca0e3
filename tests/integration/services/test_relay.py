"""The way into the room: each post once and in order, whatever fails on the way."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import timedelta

import pytest

from plugin.services.relay import SLOTS
from stack.conditions import PATIENCE
from tests.integration.services.relaying import (
    GONE,
    REFUSED,
    all_ended,
    run_until_all_ended,
    texts,
    tries_are,
)

pytestmark = pytest.mark.usefixtures("at_once")


async def test_messages_reach_the_room_and_are_known_as_the_tickets(desk, host, customer) -> None:
    await desk.write(host, customer, "one", "two")
    host.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "it is sent")
    assert desk.server.bodies == ["#1001 · anonymous\none\n\ntwo"]
    async with host.database.snapshot() as tx:
        target = await tx.inbox.get_target(desk.server.events[0].event_id)
    assert (target.customer_id, target.ticket, target.message_id) == (customer, 1001, None)
    assert await desk.states() == ["sent"]


async def test_a_message_that_comes_in_wakes_the_relay(desk, host, customer) -> None:
    host.relay.worker.start()
    await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it sleeps")
    await desk.write(host, customer, "Hello")
    await desk.eventually(lambda: texts(desk) == ["Hello"], "it is sent")


async def test_the_order_of_each_customer_holds_over_temporary_failures(desk, host) -> None:
    customers = [await desk.customer(host) for _ in range(4)]
    desk.server.failures.extend(GONE if i % 3 else None for i in range(40))
    host.relay.worker.start()
    for number, customer in itertools.product(range(5), customers):
        await desk.write(host, customer, f"{customers.index(customer)}.{number}")
    await run_until_all_ended(desk, host)
    for index in range(4):
        mine = [text for text in texts(desk) if text.startswith(f"{index}.")]
        assert mine == [f"{index}.{number}" for number in range(5)]
    assert set(await desk.states()) == {"sent"}


async def test_it_backs_off_asks_with_one_batch_and_recovers(desk, host) -> None:
    customers = [await desk.customer(host) for _ in range(12)]
    desk.server.down = GONE
    began = desk.clock.now()
    for customer in customers:
        await desk.write(host, customer, "Hello")
    host.relay.worker.start()
    await desk.eventually(lambda: len(desk.server.requests) == 8, "the first ones meet the failure")
    await desk.eventually(lambda: tries_are(desk, 8), "they are put off")
    # Woken as often as one likes: nothing is tried before its time.
    for _ in range(5):
        host.relay.worker.wake()
        await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it has looked")
    assert len(desk.server.requests) == 8
    tries = 8
    for _ in range(4):
        desk.clock.advance(15)
        tries += 1
        host.relay.worker.wake()
        await desk.eventually(lambda tries=tries: tries_are(desk, tries), "one more is tried")
        assert len(desk.server.requests) == tries
    assert desk.server.bodies == []
    desk.server.down = None
    desk.clock.advance(15)
    host.relay.worker.wake()
    await run_until_all_ended(desk, host)
    assert len(desk.server.bodies) == 12
    assert desk.clock.now() - began < timedelta(minutes=10)


async def test_the_pause_grows_and_begins_anew_after_a_success(desk, host, customer) -> None:
    """The pauses as the database has them: half a second, one, two, …, at most fifteen."""
    pauses = []
    desk.server.failures.extend([GONE] * 7 + [None] + [GONE])
    await desk.write(host, customer, "one")
    host.relay.worker.start()
    for tries in range(1, 8):
        await desk.eventually(lambda tries=tries: tries_are(desk, tries), "it is put off")
        ((until,),) = await desk.store.look("SELECT due_at FROM batch WHERE state = 'open'")
        pauses.append(until / 1000 - desk.clock.now().timestamp())
        desk.clock.advance(pauses[-1])
        host.relay.worker.wake()
    assert [round(pause, 3) for pause in pauses] == [0.5, 1, 2, 4, 8, 15, 15]
    await desk.eventually(lambda: all_ended(desk), "it is sent")
    await desk.write(host, customer, "two")
    await desk.eventually(lambda: tries_are(desk, 8), "the next one is put off")
    ((until,),) = await desk.store.look("SELECT due_at FROM batch WHERE state = 'open'")
    assert round(until / 1000 - desk.clock.now().timestamp(), 3) == 0.5
    await run_until_all_ended(desk, host)
    assert texts(desk) == ["one", "two"]


async def test_what_is_refused_for_good_is_failed_and_the_conversation_goes_on(desk, host, customer) -> None:
    desk.server.failures.append(REFUSED)
    await desk.write(host, customer, "refused")
    host.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "it is given up")
    await desk.write(host, customer, "taken")
    await desk.eventually(lambda: texts(desk) == ["taken"], "the next one is sent")
    await desk.eventually(lambda: all_ended(desk), "and ended")
    rows = await desk.store.look("SELECT state, error FROM batch WHERE lane <> 'answers' ORDER BY state")
    assert rows == [("failed", "M_TOO_LARGE (413)"), ("sent", None)]
    # The team is told. A refusal is no reason to pause.
    (notice,) = [body for body in desk.server.bodies if body.startswith("⚠ #1001")]
    assert "M_TOO_LARGE (413)" in notice
    assert len(desk.server.requests) == 3


async def test_a_lost_answer_makes_no_second_post(desk, host, customer) -> None:
    desk.server.lost_answers = 3
    await desk.write(host, customer, "x" * 4000)
    host.relay.worker.start()
    await run_until_all_ended(desk, host)
    assert len(desk.server.bodies) == 2
    assert desk.server.bodies == sorted(desk.server.bodies)
    posts = [post for _, post in desk.server.requests]
    assert len(posts) > 2
    assert {post.attempt for post in posts} == {1}
    assert len({post.batch_id for post in posts}) == 1


async def test_at_most_so_many_are_under_way_and_one_of_a_customer(desk, host) -> None:
    desk.server.open.clear()
    customers = [await desk.customer(host) for _ in range(SLOTS + 4)]
    for customer in customers:
        await desk.write(host, customer, "one")
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == SLOTS, "as many as may are under way")
    for customer in customers:
        await desk.write(host, customer, "two")
    host.relay.worker.wake()
    await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it has looked")
    assert desk.server.waiting == SLOTS
    assert max(Counter(post.batch_id for _, post in desk.server.requests).values()) == 1
    assert all(post.body.endswith("\none") for _, post in desk.server.requests)
    desk.server.open.set()
    await run_until_all_ended(desk, host, advance=0)
    assert Counter(texts(desk)) == Counter({"one": SLOTS + 4, "two": SLOTS + 4})


async def test_dots_stand_in_for_what_is_held_and_the_next_one_goes(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    await desk.order(host, event_id, "/timeout 1h")
    requests = len(desk.server.requests)
    await desk.write(host, customer, "held")
    host.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "all is ended")
    assert "held" in await desk.states()
    posts = {post.room_id: post.body for _, post in desk.server.requests[requests:]}
    assert posts == {
        desk.room: "✓ #1001 until 01 Mar 13:00 UTC",
        desk.quiet: "." * len("#1001 · anonymous\nheld".encode()),
    }
    desk.clock.advance(3600)
    await desk.write(host, customer, "free")
    await desk.eventually(lambda: "free" in texts(desk), "the block is over")
    assert "held" not in texts(desk)


async def test_stopping_waits_for_nothing_that_hangs(desk, host, customer) -> None:
    desk.server.open.clear()
    await desk.write(host, customer, "Hello")
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 1, "it is under way")
    await asyncio.wait_for(host.relay.stop(), PATIENCE)
    assert desk.server.waiting == 0
    assert await desk.states() == ["open"]


async def test_the_relay_is_quiet_when_nothing_is_due(desk, host, customer) -> None:
    """No turn follows another without a reason, also with the minute spent and a batch to be tried again."""
    desk.configure(per_minute=1)
    await desk.write(host, customer, "put off")
    desk.server.failures.append(GONE)
    host.relay.worker.start()
    await desk.eventually(lambda: tries_are(desk, 1), "it is put off")
    other = await desk.customer(host)
    desk.configure(per_minute=2)
    await desk.write(host, other, "sent")
    desk.clock.advance(0.5)
    await run_until_all_ended(desk, host, advance=0)
    await desk.write(host, customer, "waits for its minute")
    await host.relay.worker.stop()
    host.relay.worker._woken.clear()
    desk.configure(per_minute=1)
    desk.clock.advance(2)  # it is ready by now, but for the minute
    assert await host.relay._turn() > 0
    assert not host.relay.worker._woken.is_set()
