"""maubot dies when a post is in the room and its database does not know; nothing is doubled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from stack.conditions import PATIENCE
from stack.system import System
from tests.faults.clock import Clock
from tests.faults.crowd import Crowd, open_crowd
from tests.faults.homeserver import is_send, is_sync, proxy_of
from tests.faults.plan import Counts, Fault, Plan, Row
from tests.systems import UNPACED

AWAY = 25 * 3600.0
"""Seconds; the homeserver forgets transaction ids after a day, and the plugin does not trust them by then."""

_REACH = 30.0
"""Seconds that the bridge may take for a post."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Kill maubot between the homeserver's answer and the commit, also for longer than ids are known."""
    crowds, rounds, customers = plan.of((5, 5, 5), (1, 2, 3))
    async with System(config=UNPACED, homeserver_proxy=True) as system:
        clock = Clock(system)
        for case, away in (("started again at once", 0.0), ("started again after 25 h", AWAY)):
            counts, heals = Counts(), []
            for _ in range(crowds):
                async with open_crowd(system, customers) as crowd:
                    # Unheard of only the first time: the next would wait for the bridge's word on it.
                    heals += [await _die(crowd, clock, away, is_heard=n > 0) for n in range(rounds)]
                    await crowd.settle()
                    counts += await crowd.check()
            yield Row(
                case=f"kill -9 between PUT and commit, {case}",
                load=f"{crowds * rounds} times {customers} posts under way, a reply to each",
                counts=counts,
                heal=max(heals),
            )


async def _die(crowd: Crowd, clock: Clock, away: float, *, is_heard: bool) -> float:
    """Kill maubot with a post of everybody in the room, of which it may have heard by its sync or not.

    Return the seconds from its start until all has arrived.
    """
    system = crowd.system
    proxy = proxy_of(system)
    with proxy.hold_responses(lambda *asked: is_send(*asked) or (not is_heard and is_sync(*asked))) as hold:
        await crowd.burst(1)
        await asyncio.wait_for(hold.held.wait(), PATIENCE)
        # What the bridge refuses now is sent again only once maubot hears of it.
        late = {token.customer for token in await crowd.reach_group(within=_REACH)}
        await system.kill_maubot()
    there = [visitor for visitor in crowd.visitors if visitor.number not in late]
    await crowd.find_posts(there)
    for visitor in there:
        await visitor.next_reply(system)
    clock.advance(away)
    began = time.monotonic()
    await system.start_maubot()
    await crowd.arrive()
    return time.monotonic() - began


FAULT = Fault(name="2", title="maubot killed before the commit", run=run)
