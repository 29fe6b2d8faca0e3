"""maubot dies at any moment of a burst; nothing is lost and nothing is doubled."""

from __future__ import annotations

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
    points = sorted(plan.random.sample(range(1, customers * each), kills))
    async with System(config=UNPACED) as system, open_crowd(system, customers) as crowd:
        heals: list[float] = []
        await all_of(crowd.burst(each), _kill(crowd, points, heals))
        await crowd.settle()
        yield Row(
            case=f"kill -9 at {kills} random points",
            load=f"{customers * each} messages of {customers} customers",
            counts=await crowd.check(),
            heal=max(heals),
            failures=plan.bound("going again", max(heals), GOING_AGAIN, "s"),
        )


async def _kill(crowd: Crowd, points: list[int], heals: list[float]) -> None:
    async def is_reached(point: int) -> bool:
        return crowd.taken >= point

    for point in points:
        await until(
            lambda point=point: is_reached(point), f"{point} messages taken", within=PATIENCE, every=0.001
        )
        await crowd.system.kill_maubot()
        began, taken = time.monotonic(), crowd.taken
        await crowd.system.start_maubot()
        again = taken + 1
        await until(lambda again=again: is_reached(again), "a message is taken again", within=PATIENCE)
        heals.append(time.monotonic() - began)


FAULT = Fault(name="1", title="maubot killed at random points", run=run)
