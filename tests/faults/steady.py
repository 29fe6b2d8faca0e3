"""Customers who write all the while, so that a fault of any length meets messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stack.conditions import all_of, until
from tests.faults.crowd import PATIENCE, Crowd, Visitor
from tests.faults.plan import Plan


@asynccontextmanager
async def writing(crowd: Crowd, plan: Plan, *, every: float = 0.5) -> AsyncIterator[None]:
    """Let every customer write, one message each `every` seconds on average, until the block ends."""
    ended = False

    async def keep_on(visitor: Visitor) -> None:
        while not ended:
            await asyncio.sleep(plan.random.uniform(0, 2 * every))
            await visitor.write()

    tasks = [asyncio.create_task(keep_on(visitor)) for visitor in crowd.visitors]
    try:
        await taken_again(crowd)
        yield
        ended = True
        await all_of(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def taken_again(crowd: Crowd) -> float:
    """Wait until one more message is taken; return the seconds that it took."""
    began, taken = time.monotonic(), crowd.taken

    async def is_taken() -> bool:
        return crowd.taken > taken

    await until(is_taken, "one more message is taken", within=PATIENCE, every=0.005)
    return time.monotonic() - began


async def refused(crowd: Crowd) -> None:
    """Wait until one more message is refused."""
    refusals = len(crowd.refusals)

    async def is_refused() -> bool:
        return len(crowd.refusals) > refusals

    await until(is_refused, "one more message is refused", within=PATIENCE, every=0.005)


def load_of(crowd: Crowd) -> str:
    """Return what the crowd has written, for the table."""
    return f"{crowd.taken} messages of {len(crowd.visitors)} customers"


def check_refusals(crowd: Crowd, allowed: set[int]) -> list[str]:
    """Return what is wrong with how messages were refused."""
    wrong = sorted(set(crowd.refusals) - allowed)
    return [f"refused with {wrong}, and not with {sorted(allowed)} alone"] if wrong else []
