"""The way into the room: each post once and in order, whatever fails on the way."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from plugin.db.batches import BatchRepository
from plugin.domain.errors import Unavailable
from plugin.services.batches import LEASE
from plugin.services.ports import MatrixFailed
from plugin.services.relay import SLOTS, TRANSACTION_IDS_HOLD
from stack.conditions import PATIENCE
from tests.integration.services.relaying import (
    GONE,
    REFUSED,
    all_ended,
    crash,
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


# --- crashes


async def test_after_a_crash_the_same_posts_go_out_under_the_same_ids(desk, host, customer) -> None:
    """Killed with the request on its way; what was written since does not get into the batch."""
    await desk.write(host, customer, "x" * 4000)
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 1, "the first part is on its way")
    await crash(host)
    desk.server.open.set()
    await desk.write(host, customer, "written since")
    restarted = await desk.start_host()
    await restarted.maker.take_over()
    restarted.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "all is sent")
    first, *rest = [(post.batch_id, post.attempt, post.part, post.body) for _, post in desk.server.requests]
    assert rest[0] == first
    assert [body.split("\n")[0] for body in desk.server.bodies] == [
        "#1001 · anonymous (1/2)",
        "#1001 · anonymous (2/2)",
        "#1001 · anonymous",
    ]


async def test_killed_between_the_answer_and_the_commit_nothing_is_double(desk, host, customer) -> None:
    """Fault 2."""
    await desk.write(host, customer, "Hello")
    (batch,), _ = await desk.take(host)
    sent = asyncio.create_task(host.relay._send(batch))
    held = asyncio.Event()
    lock = await _hold_the_database(desk, held)
    await desk.eventually(lambda: len(desk.server.bodies) == 1, "the homeserver has it")
    sent.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait([sent], timeout=0.05)
    held.set()
    await lock
    with suppress(asyncio.CancelledError):
        await sent
    assert await desk.states() == ["open"]
    restarted = await desk.start_host()
    await restarted.maker.take_over()
    restarted.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "it is known as sent")
    assert desk.server.bodies == ["#1001 · anonymous\nHello"]
    assert len(desk.server.requests) == 2
    async with restarted.database.snapshot() as tx:
        assert set(await tx.batches.list_parts(batch.id)) == {0}


async def _hold_the_database(desk, until: asyncio.Event) -> asyncio.Task[None]:
    """Hold all of the database's connections, so that no commit can begin."""
    holding = []

    async def hold() -> None:
        async with desk.store.inner.acquire_direct():
            holding.append(1)
            await until.wait()

    connections = 1 if desk.store.engine == "sqlite" else 3
    tasks = [asyncio.create_task(hold()) for _ in range(connections)]
    await desk.eventually(lambda: len(holding) == connections, "the connections are held")

    async def wait() -> None:
        await asyncio.gather(*tasks)

    return asyncio.create_task(wait())


async def test_crashing_again_and_again_loses_nothing_and_doubles_nothing(desk, host) -> None:
    """Fault 1, in one process: stopped at ever other points, with an answer lost now and then."""
    customers = [await desk.customer(host) for _ in range(3)]
    running = host
    written = []
    for round_ in range(15):
        for customer in customers:
            text = f"{customers.index(customer)}.{round_:02}"
            await desk.write(running, customer, text)
            written.append(text)
        desk.server.lost_answers = round_ % 2
        running.relay.worker.start()
        for _ in range(round_ * 4):
            await asyncio.sleep(0)
        await crash(running)
        desk.clock.advance(1)
        running = await desk.start_host()
        await running.maker.take_over()
    running.relay.worker.start()
    await run_until_all_ended(desk, running)
    assert sorted(texts(desk)) == sorted(written)
    for index in range(3):
        mine = [text for text in texts(desk) if text.startswith(f"{index}.")]
        assert mine == sorted(mine)


async def test_a_database_that_fails_at_the_commit_costs_a_lease_and_no_second_post(
    desk, host, customer, monkeypatch
) -> None:
    await desk.write(host, customer, "Hello")
    set_sent, failed = BatchRepository.set_sent, []

    async def fail_once(*args, **options):
        if not failed:
            failed.append(1)
            raise Unavailable(retry_after=2)
        return await set_sent(*args, **options)

    monkeypatch.setattr(BatchRepository, "set_sent", fail_once)
    host.relay.worker.start()
    await desk.eventually(lambda: failed and not host.relay._under_way, "the commit fails")
    assert await desk.states() == ["open"]
    desk.clock.advance(LEASE)
    host.relay.worker.wake()
    await desk.eventually(lambda: all_ended(desk), "it is known as sent")
    assert desk.server.bodies == ["#1001 · anonymous\nHello"]
    assert len(desk.server.requests) == 2


# --- where transaction ids hold no more


async def _left_behind(desk, host, customer, text: str, parts_in_room: int) -> None:
    """Leave a batch of which so many parts are in the room, though nobody has noted it."""
    await desk.write(host, customer, text)
    desk.server.failures.extend([None] * parts_in_room + [GONE])
    (batch,), _ = await desk.take(host)
    with pytest.raises(MatrixFailed):
        await host.relay._send(batch)
    assert len(desk.server.bodies) == parts_in_room


@pytest.mark.parametrize("parts_in_room", [0, 1])
@pytest.mark.parametrize("why", ["a day later", "another device"])
async def test_the_room_is_asked_first_and_only_the_missing_parts_go(
    desk, host, customer, why, parts_in_room
) -> None:
    await _left_behind(desk, host, customer, "x" * 4000, parts_in_room)
    if why == "a day later":
        desk.clock.advance(TRANSACTION_IDS_HOLD)
    else:
        desk.server.device = "ANOTHER"
    desk.server.forget_transactions()
    asked = len(desk.server.requests)
    restarted = await desk.start_host()
    await restarted.maker.take_over()
    restarted.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "it is sent")
    assert [body.split("\n")[0] for body in desk.server.bodies] == [
        "#1001 · anonymous (1/2)",
        "#1001 · anonymous (2/2)",
    ]
    again = desk.server.requests[asked:]
    assert [post.part for _, post in again] == list(range(parts_in_room, 2))
    assert {post.attempt for _, post in again} == {2}
    assert await desk.store.look("SELECT attempt, device_id, state FROM batch") == [
        (2, desk.server.device, "sent")
    ]


async def test_what_is_in_the_room_as_a_whole_is_not_sent_again(desk, host, customer) -> None:
    await desk.write(host, customer, "x" * 4000)
    (batch,), _ = await desk.take(host)
    desk.server.lost_answers = 0
    for part, body in enumerate(batch.parts):
        desk.server.add_post(batch, part, body)
    desk.server.device = "ANOTHER"
    restarted = await desk.start_host()
    await restarted.maker.take_over()
    restarted.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "it is known as sent")
    assert desk.server.requests == []
    assert await desk.states() == ["sent"]


async def test_within_the_day_and_on_the_same_device_the_room_is_not_asked(desk, host, customer) -> None:
    await _left_behind(desk, host, customer, "Hello", 0)
    desk.clock.advance(TRANSACTION_IDS_HOLD - timedelta(seconds=1))
    desk.server.unreadable = GONE
    restarted = await desk.start_host()
    await restarted.maker.take_over()
    restarted.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "it is sent")
    assert [post.attempt for _, post in desk.server.requests] == [1, 1]


async def test_where_the_room_can_not_be_read_nothing_is_sent_blindly(desk, host, customer) -> None:
    await _left_behind(desk, host, customer, "x" * 4000, 1)
    desk.clock.advance(TRANSACTION_IDS_HOLD)
    desk.server.forget_transactions()
    desk.server.unreadable = GONE
    restarted = await desk.start_host()
    await restarted.maker.take_over()
    restarted.relay.worker.start()
    await desk.eventually(lambda: tries_are(desk, 1), "it is put off")
    assert len(desk.server.bodies) == 1
    desk.server.unreadable = None
    await run_until_all_ended(desk, restarted)
    assert len(desk.server.bodies) == 2


async def test_a_host_that_stood_still_for_its_lease_sends_nothing_twice(desk, host, customer) -> None:
    """Fault 10: the other one took the batch, and the first goes on with it all the same."""
    other = await desk.start_host(await desk.store.open(), "other")
    await desk.write(host, customer, "Hello")
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 1, "the first host is about to send")
    await host.relay.worker.stop()
    desk.clock.advance(LEASE)
    other.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 2, "the second host does too")
    desk.server.open.set()
    await desk.eventually(lambda: all_ended(desk), "it is sent")
    await desk.eventually(lambda: not host.relay._under_way, "the first host is through")
    assert desk.server.bodies == ["#1001 · anonymous\nHello"]
    assert await desk.states() == ["sent"]


async def test_a_host_that_stood_still_while_it_asked_the_room_sends_nothing_twice(
    desk, host, customer
) -> None:
    await _left_behind(desk, host, customer, "x" * 4000, 1)
    desk.server.device = "ANOTHER"
    slow = await desk.start_host(name="slow")
    quick = await desk.start_host(await desk.store.open(), "quick")
    reached, goes_on = asyncio.Event(), asyncio.Event()
    catch_up = slow.inbox.catch_up

    async def ask_and_stand_still() -> None:
        await catch_up()
        reached.set()
        await goes_on.wait()

    slow.relay._catch_up = ask_and_stand_still
    desk.clock.advance(LEASE)
    slow.relay.worker.start()
    await reached.wait()
    await slow.relay.worker.stop()
    desk.clock.advance(LEASE)
    quick.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "the quick one has sent it")
    goes_on.set()
    await desk.eventually(lambda: not slow.relay._under_way, "the slow one is through")
    assert [body.split("\n")[0] for body in desk.server.bodies] == [
        "#1001 · anonymous (1/2)",
        "#1001 · anonymous (2/2)",
    ]
    assert await desk.states() == ["sent"]


# --- held


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
