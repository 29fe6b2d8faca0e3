"""How long a customer's POST takes until it is stored, beside a handler that stores nothing."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from itertools import islice

from stack.json_api import JsonApi

from .desk import Desk
from .figures import Aim, Figure, Measured, Plan, Row, Series, alternate, percentile
from .sockets import Line

_CUSTOMERS = 40
_PACE = 20.0
"""Posts a second: more than a thousand customers who write once a minute."""
_LOADS = (10, 20, 40, 80, 160, 320)
_CHART = "Latency over load"


async def _offer(targets: list[tuple[JsonApi, str]], rate: float, count: int) -> list[float]:
    """Post at a pace that doesn't wait for answers; return the milliseconds each took from its due time."""
    lines = [await Line.open(api) for api, _ in targets]
    free = [asyncio.Lock() for _ in lines]
    began = time.perf_counter() + 0.05

    async def post(number: int) -> float:
        place, due = number % len(targets), began + number / rate
        await asyncio.sleep(due - time.perf_counter())
        started = time.perf_counter()
        api, path = targets[place]
        async with free[place]:
            body = {"client_id": str(uuid.uuid4()), "text": f"Where is order {number}, please?"}
            await lines[place].post(api, path, body)
        # A customer's own former post may still be on the line: the wait for that counts, too.
        return (time.perf_counter() - started) * 1000

    try:
        return await asyncio.gather(*map(post, range(count)))
    finally:
        for line in lines:
            line.close()


def _targets(desk: Desk, ours: list[JsonApi]) -> tuple[list[tuple[JsonApi, str]], list[tuple[JsonApi, str]]]:
    return [(api, "/v1/messages") for api in ours], [(desk.bare, "/messages")] * len(ours)


async def measure(plan: Plan) -> Measured:
    """Measure at a fixed pace for the figures, and at growing ones for the chart."""
    async with Desk() as desk:
        customers = await desk.open_customers(_CUSTOMERS)
        ours, bare = _targets(desk, [customer.api for customer in customers])
        await _offer(ours, _PACE, _CUSTOMERS)
        await _offer(bare, _PACE, _CUSTOMERS)
        count = plan.scaled(400, 100)
        pairs = await alternate(
            plan.runs, lambda: _offer(ours, _PACE, count), lambda: _offer(bare, _PACE, count)
        )
        for percent, most in ((50, 3.0), (99, 10.0)):
            found = [(percentile(mine, percent), percentile(other, percent)) for mine, other in pairs]
            yield Figure.of(
                f"POST v1/messages → 201, p{percent}",
                statistics.median(mine for mine, _ in found),
                baseline=statistics.median(other for _, other in found),
                value=statistics.median(mine - other for mine, other in found),
                unit="ms",
                aim=Aim(compared="more", bound=most),
                notes=f"{count} posts a run at {_PACE:g} a second, {plan.runs} alternating runs; relay on"
                if percent == 99
                else "",
            )
        for series in await _chart(plan, ours, bare):
            yield series


async def _chart(
    plan: Plan, ours: list[tuple[JsonApi, str]], bare: list[tuple[JsonApi, str]]
) -> list[Series]:
    points: dict[str, list[tuple[float, float]]] = {}
    for load in islice(_LOADS, plan.scaled(len(_LOADS), 3)):
        plan.say(f"{load} posts a second")
        for side, targets in (("POST v1/messages", ours), ("bare handler", bare)):
            took = await _offer(targets, load, max(load * plan.scaled(8, 2), 50))
            for percent in (50, 99):
                points.setdefault(f"{side}, p{percent}", []).append((load, percentile(took, percent)))
    return [
        Series(
            chart=_CHART,
            label=label,
            x_label="posts offered a second",
            y_label="milliseconds to the answer",
            points=tuple(line),
            logarithmic="xy",
        )
        for label, line in points.items()
    ]


ROW = Row(name="posts", title="A customer's POST until it is stored", measure=measure)
