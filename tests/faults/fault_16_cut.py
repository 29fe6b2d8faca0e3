"""Connections of customers end in the middle of a byte stream; what was said arrives once and in order."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

from yarl import URL

from stack.cutting_proxy import CuttingProxy
from stack.system import System
from tests.faults.crowd import Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED

_LONGEST = 3000
"""Bytes of the server's before a cut, at most: within the headers, an event, or some events later."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Cut streams, and the answers to posts as well, after random numbers of bytes."""
    customers, cuts = plan.of((20, 1000), (4, 40))
    is_cutting = False

    def next_cut() -> int | None:
        return plan.random.randint(1, _LONGEST) if is_cutting else None

    async with System(config=UNPACED) as system:
        target = URL(system.api_url)
        proxy = CuttingProxy(target=(str(target.host), int(target.port or 0)), next_cut=next_cut)
        async with proxy, open_crowd(system, customers, api_url=proxy.url + target.path) as crowd:
            await crowd.burst(1, _WORDS)
            await crowd.find_posts()
            is_cutting = True
            proxy.cut_all()
            await _talk_until(crowd, lambda: _count_streams(crowd) > customers + cuts)
            is_cutting = False
            began = time.monotonic()
            await crowd.arrive()
            healed = time.monotonic() - began
            await crowd.settle()
            replies = sum(len(visitor.replies) for visitor in crowd.visitors)
            yield Row(
                case="connections cut at random bytes",
                load=f"{crowd.taken} messages, {replies} replies, {_count_streams(crowd)} streams",
                counts=await crowd.check(),
                heal=healed,
                notes=(f"{proxy.cuts} cuts, {crowd.refusals.count(0)} of them in the answer to a post",),
            )


def _count_streams(crowd: Crowd) -> int:
    return sum(visitor.connections for visitor in crowd.visitors)


_WORDS = "né ٣ 🙂 " * 8
"""So that a cut may fall into the middle of a character."""


async def _talk_until(crowd: Crowd, holds: Callable[[], bool]) -> None:
    """Let customers and moderators go on until something is so."""
    while not holds():
        await crowd.burst(1, _WORDS)
        for visitor in crowd.visitors:
            await visitor.next_reply(crowd.system)


FAULT = Fault(name="16", title="streams cut at random bytes", run=run)
