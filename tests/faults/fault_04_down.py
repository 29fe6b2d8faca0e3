"""Moderators reply while the plugin is down; each reply reaches its own customer once it is back."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from stack.conditions import all_of
from stack.instance import INSTANCE
from stack.system import System
from stack.telegram_client import ALICE, BOB
from tests.faults.crowd import Crowd, Visitor, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED

Step = Callable[[System], Awaitable[None]]

ON_THE_WAY_UP = 2
"""Replies to each customer while the plugin starts: some are read with those before, others heard live."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Take the plugin away in each way, and let moderators reply."""
    cases = plan.of(
        list(itertools.product(WAYS, (1, 51, 500))),
        [("maubot is killed", 51), ("the instance is stopped", 1)],
    )
    async with System(config=UNPACED) as system:
        for way, replies in cases:
            async with open_crowd(system, plan.of(10, 3)) as crowd:
                heal = await _be_down(crowd, *WAYS[way], replies)
                yield Row(
                    case=f"replies while {way}: {replies}",
                    load=f"{sum(len(one.replies) for one in crowd.visitors)} replies to "
                    f"{len(crowd.visitors)} customers",
                    counts=await crowd.check(),
                    heal=heal,
                )


async def _be_down(crowd: Crowd, go: Step, come_back: Step, replies: int) -> float:
    """Return the seconds from the start until everybody has every reply."""
    await crowd.burst(1)
    await crowd.find_posts()
    # At once: where it is killed, it may not have stored yet what became of the posts.
    await go(crowd.system)
    each, left = divmod(replies, len(crowd.visitors))
    await all_of(*(_reply(crowd, one, each + (one.number < left)) for one in crowd.visitors))
    await crowd.replies_in_room()
    began = time.monotonic()
    await all_of(
        come_back(crowd.system),
        *(_reply(crowd, one, ON_THE_WAY_UP) for one in crowd.visitors),
    )
    await crowd.arrive()
    heal = time.monotonic() - began
    await crowd.settle()
    return heal


async def _reply(crowd: Crowd, visitor: Visitor, count: int) -> None:
    """Let the moderators reply in turn."""
    for sender in itertools.islice(itertools.cycle((ALICE, BOB)), count):
        await visitor.next_reply(crowd.system, sender)


async def stop_instance(system: System) -> None:
    """Stop the plugin alone; maubot goes on reading the room."""
    await system.maubot.stop_instance(INSTANCE)


async def start_instance(system: System) -> None:
    """Start it again, and return once it answers."""
    await system.maubot.start_instance(INSTANCE)
    await system.wait_for_plugin()


WAYS: dict[str, tuple[Step, Step]] = {
    "maubot is stopped": (System.stop_maubot, System.start_maubot),
    "maubot is killed": (System.kill_maubot, System.start_maubot),
    "the instance is stopped": (stop_instance, start_instance),
}


FAULT = Fault(name="4", title="replies while nobody listens", run=run)
