"""The plugin is reloaded again and again under load: nobody is lost, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

from stack.conditions import NotInTimeError, until
from stack.system import System
from stack.watch import list_open_files
from tests.faults.crowd import PATIENCE, Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.faults.steady import check_refusals, load_of, writing
from tests.systems import UNPACED

PLUGIN = "chat.headset"
BACK = 5.0
"""Seconds until every client's stream is open again, and its next message taken."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Reload while all write and read."""
    customers, times = plan.of((20, 20), (4, 3))
    async with System(config=UNPACED) as system:
        # Once before: the first reload makes what then stays, such as caches of the loader.
        await system.maubot.reload_plugin(PLUGIN)
        before = await _what_is_open(system)
        async with open_crowd(system, customers) as crowd:
            backs = []
            async with writing(crowd, plan):
                for _ in range(times):
                    await asyncio.sleep(plan.random.uniform(0, 0.5))
                    backs.append(await _reload(crowd))
            await crowd.settle()
            counts = await crowd.check()
        yield Row(
            case=f"reloaded {times} times",
            load=load_of(crowd),
            counts=counts,
            heal=max(backs),
            notes=(f"median {sorted(backs)[len(backs) // 2]:.1f} s", f"{before.total()} tasks and files"),
            failures=(
                *await _leaks(system, before),
                # 404 is maubot's while an instance is not there.
                *check_refusals(crowd, {0, 404, 503}),
                *plan.bound("clients are back", max(backs), BACK, "s"),
            ),
        )


async def _reload(crowd: Crowd) -> float:
    """Reload, and return the seconds until everybody has a new stream and one more message taken."""
    streams = [visitor.connections for visitor in crowd.visitors]
    taken = [len(visitor.taken) for visitor in crowd.visitors]
    began = time.monotonic()
    await crowd.system.maubot.reload_plugin(PLUGIN)

    async def is_back() -> bool:
        return all(
            visitor.connections > connections and len(visitor.taken) > count
            for visitor, connections, count in zip(crowd.visitors, streams, taken, strict=True)
        )

    await until(is_back, "everybody is back", within=PATIENCE, every=0.01)
    return time.monotonic() - began


async def _what_is_open(system: System) -> Counter[str]:
    """Count the process's tasks and files; what a request under way has is gone in a moment."""
    pid = system.maubot.pid
    assert pid is not None
    tasks = await system.maubot.watch.list_tasks(pid)
    # Others than the plugin's have numbers for names.
    named = ("a task" if name.startswith("Task-") else f"task {name}" for name in tasks)
    return Counter([*named, *list_open_files(pid)])


async def _leaks(system: System, before: Counter[str]) -> list[str]:
    more: Counter[str] = Counter()

    async def is_nothing_left() -> bool:
        nonlocal more
        # This program's own client, too, closes what it kept for the next request.
        more = await _what_is_open(system) - before
        return not more

    try:
        await until(is_nothing_left, "nothing is left of what was reloaded", within=PATIENCE, every=0.5)
    except NotInTimeError:
        return [f"left behind: {name}, {number} times" for name, number in sorted(more.items())]
    return []


FAULT = Fault(name="13", title="plugin reloaded under load", run=run)
