"""The long-running tasks: they survive a bad turn, and end when they are told to."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import pytest

from plugin.domain.errors import Unavailable
from plugin.services.background import Worker
from stack.conditions import PATIENCE

LOG = logging.getLogger("headset.test")


@pytest.mark.parametrize("steps", range(8))
async def test_it_ends_however_shortly_it_was_woken_before(steps) -> None:
    """Up to Python 3.11 `asyncio.wait_for` loses a cancel that meets what it waits for."""
    turns = 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        return 60.0

    worker = Worker("test", turn, LOG)
    worker.start()
    for _ in range(20):
        await asyncio.sleep(0)
    assert turns == 1
    worker.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    await asyncio.wait_for(worker.stop(), PATIENCE)
    turns_then = turns
    worker.wake()
    for _ in range(20):
        await asyncio.sleep(0)
    assert turns == turns_then


async def test_it_ends_even_where_a_turn_loses_the_cancel() -> None:
    """As `asyncio.wait_for` within a request does, up to Python 3.11."""
    turns = 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return 0.0

    worker = Worker("test", turn, LOG)
    worker.start()
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.wait_for(worker.stop(), PATIENCE)
    assert turns == 1


@pytest.mark.parametrize("error", [Unavailable(retry_after=2), ZeroDivisionError()])
async def test_a_bad_turn_is_said_and_followed_by_another(error, caplog) -> None:
    turns = 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise error
        return 60.0

    worker = Worker("the test's", turn, LOG)
    worker.start()
    for _ in range(20):
        await asyncio.sleep(0)
    assert turns == 1
    assert "the test's" in caplog.text
    worker.wake()
    for _ in range(20):
        await asyncio.sleep(0)
    assert turns == 2
    await asyncio.wait_for(worker.stop(), PATIENCE)


async def test_it_takes_a_turn_when_its_time_has_come() -> None:
    done = asyncio.Event()
    turns = 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        if turns == 3:
            done.set()
        return 0.001

    worker = Worker("test", turn, LOG)
    worker.start()
    await asyncio.wait_for(done.wait(), PATIENCE)
    await asyncio.wait_for(worker.stop(), PATIENCE)


async def test_a_wake_up_during_a_turn_is_not_lost() -> None:
    goes_on, turns = asyncio.Event(), 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        await goes_on.wait()
        return 60.0

    worker = Worker("test", turn, LOG)
    worker.start()
    for _ in range(20):
        await asyncio.sleep(0)
    worker.wake()
    goes_on.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert turns == 2
    await asyncio.wait_for(worker.stop(), PATIENCE)
    await asyncio.wait_for(worker.stop(), PATIENCE)


async def test_one_that_is_started_twice_runs_once_and_ends() -> None:
    turns = 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        return 60.0

    worker = Worker("only once", turn, LOG)
    for begun in (1, 2):
        worker.start()
        for _ in range(20):
            await asyncio.sleep(0)
        assert turns == begun
    await asyncio.wait_for(worker.stop(), PATIENCE)
    assert not [task for task in asyncio.all_tasks() if "only once" in task.get_name()]
