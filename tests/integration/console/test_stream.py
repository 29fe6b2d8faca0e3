"""The console's stream over lines that break: nothing missed, nothing twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from console.api.client import Client
from console.api.errors import Unauthorized
from console.api.events import Event, MessageNews
from console.api.stream import FIRST_WAIT, LONGEST_WAIT, Backoff, Connected, Connecting, Item, Lost, Stream
from stack.conditions import PATIENCE
from stack.customer import Customer

from .line import CutLine


@pytest.fixture
async def over_line(alice: Client, line: CutLine) -> AsyncIterator[Client]:
    """Give Alice's client over the line that breaks."""
    client = Client(line.url, alice.token)
    yield client
    await client.close()


async def hear(stream: Stream, is_last: Callable[[Item], bool]) -> list[Item]:
    """Return what is told up to the last item, without the waits between attempts."""

    async def listen() -> list[Item]:
        told: list[Item] = []
        async with aclosing(stream.__aiter__()) as items:
            async for item in items:
                told.append(item)
                if is_last(item):
                    break
                if isinstance(item, Lost):
                    stream.hurry()
        return told

    return await asyncio.wait_for(listen(), PATIENCE)


def says(text: str) -> Callable[[Item], bool]:
    return lambda item: text_of(item) == text


def text_of(item: Item) -> str | None:
    """Return the words of a new message."""
    if isinstance(item, Event) and item.type == "message.created" and isinstance(item.about, MessageNews):
        return item.about.message.text
    return None


def events(told: list[Item]) -> list[Event]:
    return [item for item in told if isinstance(item, Event)]


async def test_what_happened_since_and_what_comes_is_told(alice: Client, customer: Customer) -> None:
    stream = Stream(alice, (await alice.me()).last_event_id)
    await customer.send("before")
    listening = asyncio.create_task(hear(stream, says("after")))
    await customer.send("after")
    told = await listening
    assert [text for item in told if (text := text_of(item))] == ["before", "after"]
    assert told[:2] == [Connecting(), Connected()]
    created = next(item for item in events(told) if text_of(item) == "before")
    assert isinstance(created.about, MessageNews)
    assert created.about.ticket is not None
    assert created.about.message.ticket == created.about.ticket.number


async def test_cut_at_any_byte_nothing_is_missed_or_told_twice(
    alice: Client, over_line: Client, line: CutLine, customer: Customer
) -> None:
    begin = (await alice.me()).last_event_id
    for number in range(40):
        await customer.send(f"Grüße {number} 👩🏽\u200d👩🏻")
    await customer.send("end")
    whole = events(await hear(Stream(alice, begin), says("end")))

    chance = random.Random(5)
    cuts = 0

    def budget() -> int:
        nonlocal cuts
        cuts += 1
        return chance.choice([0, 1, 200, 400, 1000, 1500, 2500]) + chance.randrange(100)

    line.budget = budget
    told = await hear(Stream(over_line, begin), says("end"))

    assert cuts > 40
    assert [(event.id, event.type) for event in events(told)] == [(event.id, event.type) for event in whole]
    assert len({event.id for event in whole}) == len(whole)


async def test_a_lost_connection_comes_back_by_itself(
    alice: Client, over_line: Client, line: CutLine, customer: Customer
) -> None:
    stream = Stream(over_line, (await alice.me()).last_event_id, backoff=Backoff(chance=lambda: 0.0))
    async with aclosing(stream.__aiter__()) as items:
        assert [await anext(items), await anext(items)] == [Connecting(), Connected()]
        line.is_open = False
        line.cut()
        lost = await asyncio.wait_for(anext(items), PATIENCE)
        assert isinstance(lost, Lost)
        assert lost.retry_in == FIRST_WAIT
        await customer.send("in between")
        line.is_open = True
        item = await asyncio.wait_for(anext(items), PATIENCE)
        while text_of(item) is None:
            item = await asyncio.wait_for(anext(items), PATIENCE)
        assert text_of(item) == "in between"


async def test_a_revoked_token_ends_it(alice: Client, carol: Client) -> None:
    me = await alice.me()
    stream = Stream(alice, me.last_event_id)

    async def revoke(item: Item) -> None:
        if isinstance(item, Connected):
            await carol.revoke_token(me.token_id)

    async def listen() -> None:
        async with aclosing(stream.__aiter__()) as items:
            async for item in items:
                await revoke(item)

    with pytest.raises(Unauthorized):
        await asyncio.wait_for(listen(), PATIENCE)
    with pytest.raises(Unauthorized):
        await asyncio.wait_for(listen(), PATIENCE)


def test_waits_grow_and_stay_within_bounds() -> None:
    steady = Backoff(chance=lambda: 1.0)
    assert [steady.next() for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, LONGEST_WAIT, LONGEST_WAIT]
    steady.reset()
    assert steady.next() == FIRST_WAIT
    lucky = Backoff(chance=lambda: 0.0)
    assert [lucky.next() for _ in range(6)] == [1.0, 1.0, 2.0, 4.0, 7.5, 7.5]
    assert Backoff().next(wished=5) == 5
    assert Backoff().next(wished=3600) == LONGEST_WAIT
