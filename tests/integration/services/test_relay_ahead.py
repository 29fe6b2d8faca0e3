"""Batches made before their turn: quicker, and in the same order, whatever fails."""

from __future__ import annotations

import asyncio

import pytest

from plugin.services.batches import LEASE
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


async def _write_behind_one_under_way(desk, host, customer) -> None:
    """Let one message be on its way and the next one made behind it."""
    await desk.write(host, customer, "one")
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 1, "one is on its way")
    await desk.write(host, customer, "two")
    await desk.eventually(lambda: len(host.relay._ready) == 1, "two is made")


async def _made(desk, batches: int) -> bool:
    return await desk.states() == ["open"] * batches


async def test_the_next_one_is_made_while_one_is_on_its_way_and_goes_after_it(desk, host, customer) -> None:
    await _write_behind_one_under_way(desk, host, customer)
    await desk.write(host, customer, "three")
    host.relay.worker.wake()
    await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it has looked")
    # One behind the one on its way is enough; what comes meanwhile joins what waits.
    assert await _made(desk, 2)
    assert len(desk.server.requests) == 1
    desk.server.open.set()
    await run_until_all_ended(desk, host, advance=0)
    assert texts(desk) == ["one", "two", "three"]


async def test_behind_one_that_does_not_get_in_nothing_goes(desk, host, customer) -> None:
    await _write_behind_one_under_way(desk, host, customer)
    desk.server.failures.extend([GONE, GONE, GONE])
    desk.server.open.set()
    for tries in (1, 2, 3):
        await desk.eventually(lambda tries=tries: tries_are(desk, tries), "it is put off")
        desk.clock.advance(15)
        host.relay.worker.wake()
    await run_until_all_ended(desk, host)
    assert [post.body.split("\n")[1] for _, post in desk.server.requests] == [*["one"] * 4, "two"]


async def test_what_is_made_while_the_one_before_it_fails_does_not_go(desk, host, customer) -> None:
    """The turn that makes it has begun before the failure, and ends after it."""
    await desk.write(host, customer, "one")
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 1, "one is on its way")
    take, may_end = host.maker.take_batches, asyncio.Event()
    made = []

    async def take_and_wait(*args, **options):
        found = await take(*args, **options)
        made.extend(found[0])
        await may_end.wait()
        return found

    host.maker.take_batches = take_and_wait
    await desk.write(host, customer, "two")
    await desk.eventually(lambda: len(made) == 1, "two is made")
    desk.server.failures.append(GONE)
    desk.server.open.set()
    await desk.eventually(lambda: tries_are(desk, 1), "one is put off")
    await desk.eventually(lambda: not host.relay._under_way, "and let go")
    host.maker.take_batches = take
    may_end.set()
    await run_until_all_ended(desk, host)
    assert texts(desk) == ["one", "two"]


async def test_a_refusal_for_good_lets_the_next_one_go(desk, host, customer) -> None:
    await _write_behind_one_under_way(desk, host, customer)
    desk.server.failures.append(REFUSED)
    desk.server.open.set()
    await run_until_all_ended(desk, host, advance=0)
    assert texts(desk) == ["two"]


async def test_what_was_taken_back_while_it_waited_long_is_not_sent(desk, host, customer) -> None:
    await _write_behind_one_under_way(desk, host, customer)
    ((second,),) = await desk.store.look("SELECT MAX(id) FROM batch")
    async with host.database.transaction() as tx:
        await tx.batches.drop(second)
    desk.clock.advance(2)
    desk.server.open.set()
    await run_until_all_ended(desk, host, advance=0)
    assert texts(desk) == ["one"]
    assert len(desk.server.requests) == 1


async def test_a_lease_that_ran_out_while_it_waited_is_taken_anew(desk, host, customer) -> None:
    await _write_behind_one_under_way(desk, host, customer)
    desk.clock.advance(LEASE * 2)
    host.relay.worker.wake()
    await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it has looked")
    desk.server.open.set()
    await run_until_all_ended(desk, host, advance=0)
    assert texts(desk) == ["one", "two"]
    assert len(desk.server.requests) == 2
    assert await desk.store.look("SELECT fence FROM batch ORDER BY id") == [(1,), (2,)]


async def test_nothing_is_made_ahead_where_posts_are_counted(desk, host, customer) -> None:
    """What waits joins what comes meanwhile, so that fewer posts are needed."""
    desk.configure(join_within=0, per_minute=20)
    await desk.write(host, customer, "one")
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 1, "one is on its way")
    for text in ("two", "three"):
        await desk.write(host, customer, text)
        host.relay.worker.wake()
        await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it has looked")
    assert await _made(desk, 1)
    desk.server.open.set()
    await run_until_all_ended(desk, host, advance=0)
    assert desk.server.bodies == ["#1001 · anonymous\none", "#1001 · anonymous\ntwo\n\nthree"]


async def test_nothing_is_made_ahead_of_the_bridges_word(desk, host, customer) -> None:
    async with host.database.transaction() as tx:
        await tx.batches.note_report(desk.clock.now())
    await desk.write(host, customer, "one")
    host.relay.worker.start()
    await desk.eventually(lambda: texts(desk) == ["one"], "one is in the room")
    await desk.eventually(lambda: not host.relay._under_way, "and noted")
    await desk.write(host, customer, "two")
    host.relay.worker.wake()
    await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it has looked")
    assert await desk.states() == ["sent"]


async def test_a_crash_with_one_made_ahead_keeps_the_order(desk, host, customer) -> None:
    await _write_behind_one_under_way(desk, host, customer)
    await crash(host)
    desk.server.open.set()
    restarted = await desk.start_host()
    await restarted.maker.take_over()
    restarted.relay.worker.start()
    await desk.eventually(lambda: all_ended(desk), "all is sent")
    assert texts(desk) == ["one", "two"]
