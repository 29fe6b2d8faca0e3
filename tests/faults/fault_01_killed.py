"""maubot dies at any moment of a burst; nothing is lost and nothing is doubled."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator

from stack.conditions import all_of, until
from stack.system import System
from tests.faults.crowd import PATIENCE, Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED

GOING_AGAIN = 10.0
"""Seconds from the start of maubot to the next message that is taken."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Kill maubot at random points while all customers write."""
    customers, each, kills = plan.of((20, 50, 50), (5, 8, 4))
    # Not in the last round: there has to be a message to take after each.
    points = sorted(plan.random.sample(range(1, customers * (each - 1)), kills))
    async with System(config=UNPACED) as system, open_crowd(system, customers) as crowd:
        await crowd.burst(1)
        await crowd.find_posts()
        points = [crowd.taken + point for point in points]
        heals: list[float] = []
        await all_of(crowd.burst(each), _kill(crowd, points, heals), _reply(crowd, points))
        await crowd.settle()
        yield Row(
            case=f"kill -9 at {kills} random points",
            load=f"{crowd.taken} messages of {customers} customers, {kills} replies",
            counts=await crowd.check(),
            heal=max(heals),
            failures=plan.bound("going again", max(heals), GOING_AGAIN, "s"),
        )


async def _kill(crowd: Crowd, points: list[int], heals: list[float]) -> None:
    for point in points:
        await _reach(crowd, point)
        await crowd.system.kill_maubot()
        began, taken = time.monotonic(), crowd.taken
        await crowd.system.start_maubot()
        await _reach(crowd, taken + 1)
        heals.append(time.monotonic() - began)


async def _reply(crowd: Crowd, points: list[int]) -> None:
    """Let moderators reply while maubot dies."""
    for point, visitor in zip(points, itertools.cycle(crowd.visitors), strict=False):
        await _reach(crowd, point)
        await visitor.next_reply(crowd.system)


async def _reach(crowd: Crowd, count: int) -> None:
    async def is_reached() -> bool:
        return crowd.taken >= count

    await until(is_reached, f"{count} messages taken", within=PATIENCE, every=0.001)


FAULT = Fault(name="1", title="maubot killed at random points", run=run)
