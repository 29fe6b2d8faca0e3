"""What a crash leaves half done, or a host that stood still: each post goes out, and none twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from plugin.db.batches import BatchRepository
from plugin.domain.errors import Unavailable
from plugin.services.batches import LEASE
from plugin.services.ports import MatrixFailed
from plugin.services.relay import TRANSACTION_IDS_HOLD
from tests.integration.services.relaying import (
    GONE,
    all_ended,
    crash,
    run_until_all_ended,
    texts,
    tries_are,
)

pytestmark = pytest.mark.usefixtures("at_once")


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
