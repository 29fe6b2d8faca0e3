"""What the room has taken is noted together, and each for itself where one can't be noted."""

from __future__ import annotations

import asyncio

import pytest

from plugin.domain.errors import Unavailable
from plugin.services.post_notes import PostNotes


@pytest.fixture
async def batches(desk, host):
    """Return four leased batches of as many customers."""
    desk.configure(join_within=0, per_minute=0)
    for _ in range(4):
        await desk.write(host, await desk.customer(host), "Hello")
    found, _ = await desk.take(host)
    assert len(found) == 4
    return found


class Delivery:
    """Notes as the real one does; counts, and fails where it is told to."""

    def __init__(self, inner) -> None:
        self.inner, self.noted, self.transactions = inner, [], set()
        self.failing: dict[str, Exception] = {}
        self.reached, self.may_go = asyncio.Event(), asyncio.Event()
        self.may_go.set()

    async def note_posts(self, tx, batch, *args):
        self.reached.set()
        await self.may_go.wait()
        if batch.id in self.failing:
            raise self.failing[batch.id]
        self.transactions.add(id(tx))
        self.noted.append(batch.id)
        return await self.inner.note_posts(tx, batch, *args)


@pytest.fixture
def delivery(host) -> Delivery:
    return Delivery(host.relay._delivery)


@pytest.fixture
def notes(host, delivery, desk) -> PostNotes:
    return PostNotes(host.database, delivery, desk.bot)


async def _note_all(desk, notes, delivery, batches, first: int = 0) -> list[asyncio.Task[bool]]:
    """Let one be written, and the others come meanwhile."""
    delivery.may_go.clear()
    order = [batches[first], *(batch for batch in batches if batch is not batches[first])]
    tasks = [asyncio.create_task(_note(desk, notes, order[0]))]
    await delivery.reached.wait()
    tasks += [asyncio.create_task(_note(desk, notes, batch)) for batch in reversed(order[1:])]
    await desk.eventually(lambda: len(notes._waiting) == len(batches), "all wait")
    delivery.may_go.set()
    return tasks


async def _note(desk, notes, batch) -> bool:
    return await notes.note(batch, {0: desk.server.add_post(batch, 0)})


async def test_who_comes_while_one_is_written_goes_with_the_next(desk, notes, delivery, batches) -> None:
    transactions = []
    write = notes._write

    async def count(group):
        transactions.append([entry.batch.id for entry in group])
        await write(group)

    notes._write = count
    tasks = await _note_all(desk, notes, delivery, batches)
    assert await asyncio.gather(*tasks) == [False] * 4
    # In the order of their ids, whoever came first: so nobody who locks several waits in a ring.
    assert transactions == [[batches[0].id], [batch.id for batch in batches[1:]]]
    assert await desk.states() == ["sent"] * 4


async def test_one_that_can_not_be_noted_keeps_no_other_from_it(desk, notes, delivery, batches) -> None:
    delivery.failing[batches[2].id] = ValueError("what is this?")
    tasks = await _note_all(desk, notes, delivery, batches)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(map(repr, results)) == ["False"] * 3 + ["ValueError('what is this?')"]
    assert await desk.states() == ["sent", "sent", "open", "sent"]
    assert notes._waiting == []


async def test_while_the_database_is_away_all_are_told(desk, notes, delivery, batches) -> None:
    delivery.failing[batches[1].id] = Unavailable(retry_after=2)
    tasks = await _note_all(desk, notes, delivery, batches)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [bool, Unavailable, Unavailable, Unavailable]
    assert await desk.states() == ["sent", "open", "open", "open"]
    assert notes._waiting == []


async def test_one_that_is_cancelled_takes_no_other_with_it(desk, notes, delivery, batches) -> None:
    tasks = await _note_all(desk, notes, delivery, batches)
    delivery.may_go.clear()
    delivery.reached.clear()
    await tasks[0]
    await delivery.reached.wait()
    tasks[1].cancel()
    delivery.may_go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["CancelledError", "bool", "bool", "bool"]
    assert (await desk.states()).count("sent") >= 3
    assert notes._waiting == []


async def test_a_batch_taken_back_meanwhile_is_told_to_its_own(desk, host, notes, delivery, batches) -> None:
    async with host.database.transaction() as tx:
        await tx.batches.drop(batches[3].id)
    tasks = await _note_all(desk, notes, delivery, batches)
    assert sorted(await asyncio.gather(*tasks)) == [False, False, False, True]
