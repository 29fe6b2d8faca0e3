"""Turns with one connection: in order, the urgent first, and never lost with whoever is cancelled."""

from __future__ import annotations

import asyncio

import pytest

from plugin.db.turns import Turns


class Queue:
    """Tasks that wait for turns, and the order in which they got theirs."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.order: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def join(self, name: str, *, urgent: bool = False) -> None:
        async def run() -> None:
            async with self.turns.take(urgent=urgent):
                self.order.append(name)
                await asyncio.sleep(0)

        self.tasks[name] = asyncio.create_task(run())
        # As far as it gets by itself.
        await asyncio.sleep(0)

    async def end(self) -> list[str]:
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        return self.order


@pytest.fixture
def queue() -> Queue:
    return Queue()


async def test_turns_come_in_order_and_the_urgent_before_all_that_wait(queue: Queue) -> None:
    async with queue.turns.take(urgent=False):
        for name in ("first", "second"):
            await queue.join(name)
        await queue.join("urgent", urgent=True)
        assert queue.order == []
    # Handed on already: nobody gets in between.
    await queue.join("late")
    assert await queue.end() == ["urgent", "first", "second", "late"]


async def test_whoever_is_cancelled_while_waiting_is_passed_over(queue: Queue) -> None:
    async with queue.turns.take(urgent=False):
        for name in ("first", "second", "third"):
            await queue.join(name)
        queue.tasks["first"].cancel()
        await asyncio.sleep(0)
        queue.tasks["second"].cancel()
    assert await queue.end() == ["third"]


async def test_whoever_is_cancelled_with_the_turn_in_hand_hands_it_on(queue: Queue) -> None:
    async with queue.turns.take(urgent=False):
        for name in ("first", "second"):
            await queue.join(name)
    queue.tasks["first"].cancel()
    assert await queue.end() == ["second"]
    async with queue.turns.take(urgent=False):
        pass
