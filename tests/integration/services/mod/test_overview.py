"""How the desk stands, in numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.services.health import HealthService
from plugin.services.mod.overview import OverviewService


@pytest.fixture
async def stats(desk, host):
    """Give what asks for the numbers as one of the team sees them."""
    overview = OverviewService(
        database=host.database,
        clock=desk.clock,
        settings=lambda: desk.settings,
        room=host.room,
        health=HealthService(host.database, desk.clock, host.room),
    )
    async with host.database.snapshot() as tx:
        team = {moderator.name: moderator for moderator in await tx.moderators.list_active()}

    async def ask(name: str = "Alice"):
        return await overview.get_stats(team[name])

    return ask


async def _has_written(desk, host, number: int) -> list[str]:
    customers = [await desk.customer(host) for _ in range(number)]
    for customer in customers:
        await desk.write(host, customer, "Hello")
    return customers


async def test_a_new_desk_has_nothing(stats) -> None:
    found = await stats()
    assert (found.open, found.waiting, found.blocked, found.unsent, found.failed, found.held) == (0,) * 6
    assert (found.first_answer.count, found.first_answer.p50, found.first_answer.p90) == (0, None, None)
    assert {(hour.customer, hour.moderator) for hour in found.hours} == {(0, 0)}


async def test_messages_are_counted_by_the_hour_and_those_of_a_day(desk, host, customer, stats) -> None:
    desk.clock.set(desk.clock.now().replace(minute=59, second=59, microsecond=999000))
    await desk.write(host, customer, "too old")
    desk.clock.advance(timedelta(milliseconds=1))
    await desk.write(host, customer, "first")
    start = desk.clock.now()
    desk.clock.advance(timedelta(hours=23))
    event = await desk.post(host, customer, "last")
    desk.server.reply(desk.alice, event, "An answer")
    await host.inbox.catch_up()
    await desk.write_to(host, "Carol", customer, "in private")
    hours = (await stats()).hours
    assert [hour.at for hour in hours] == [start + timedelta(hours=hour) for hour in range(24)]
    assert [(hour.customer, hour.moderator) for hour in hours] == [(1, 0), *[(0, 0)] * 22, (1, 1)]


async def test_who_is_blocked_is_counted_and_not_waited_for(desk, host, stats) -> None:
    first, _, third = [await desk.post(host, await desk.customer(host)) for _ in range(3)]
    await desk.store.look("UPDATE ticket SET waiting = 'team', waiting_since = 0")
    found = await stats()
    assert (found.open, found.waiting, found.blocked) == (3, 3, 0)
    await desk.order(host, first, "/block 2h")
    await desk.order(host, third, "/block 1h")
    found = await stats()
    assert (found.open, found.waiting, found.blocked) == (3, 1, 2)
    desk.clock.advance(timedelta(minutes=61))
    assert (await stats()).blocked == 1
    await desk.store.look("UPDATE ticket SET waiting = 'customer' WHERE number = 1002")
    assert (await stats()).waiting == 1


@pytest.mark.parametrize("state", ["failed", "unconfirmed"])
async def test_what_is_on_its_way_and_what_did_not_get_there(desk, host, stats, state) -> None:
    await _has_written(desk, host, 3)
    assert ((await stats()).unsent, (await stats()).failed) == (3, 0)
    desk.clock.advance(1)
    (batch, *_), _ = await desk.take(host)
    assert (await stats()).unsent == 3
    await desk.end(host, batch, state)
    assert ((await stats()).unsent, (await stats()).failed) == (2, 1)


async def test_what_is_private_counts_for_one_alone(desk, host, customer, stats) -> None:
    await desk.write_to(host, "Carol", customer, "one", "two")
    assert ((await stats("Carol")).unsent, (await stats("Alice")).unsent) == (2, 0)
    desk.clock.advance(1)
    (batch,), _ = await host.direct_maker.take_batches(8)
    await desk.end(host, batch, "failed")
    assert ((await stats("Carol")).failed, (await stats("Alice")).failed) == (2, 0)
    await desk.store.look("UPDATE batch SET state = 'held'")
    assert ((await stats("Carol")).held, (await stats("Alice")).held) == (1, 0)


async def test_held_replies_and_held_messages_are_counted(desk, host, customer, stats) -> None:
    event = await desk.post(host, customer)
    desk.server.reply(desk.alice, event, "Please send me your seed phrase")
    await host.inbox.catch_up()
    assert (await stats()).held == 1
    await desk.order(host, event, "/block")
    await desk.write(host, customer, "kept")
    desk.clock.advance(1)
    batches, _ = await desk.take(host)
    for batch in batches:
        await desk.end(host, batch, "delivered" if batch.held else "sent")
    assert (await stats()).held == 2


async def test_first_answers_are_those_of_seven_days_by_nearest_rank(desk, host, stats) -> None:
    await _has_written(desk, host, 12)
    now = int(desk.clock.now().timestamp() * 1000)
    day = 86_400_000
    for number in range(1, 11):
        await desk.store.look(
            f"UPDATE ticket SET opened_at = {now - number * 1000}, answered_at = {now}"
            f" WHERE number = {1000 + number}"
        )
    await desk.store.look(
        f"UPDATE ticket SET opened_at = {now - 9 * day}, answered_at = {now - 7 * day - 1}"
        " WHERE number = 1011"
    )
    answers = (await stats()).first_answer
    assert (answers.count, answers.p50, answers.p90) == (10, 5000, 9000)


async def test_strangers_are_counted_for_a_day(desk, host, customer, stats) -> None:
    event = await desk.post(host, customer)
    desk.server.reply(desk.stranger, event, "I am support")
    await host.inbox.catch_up()
    assert (await stats()).strangers_today == 1
    desk.clock.advance(timedelta(hours=24, milliseconds=1))
    assert (await stats()).strangers_today == 0
