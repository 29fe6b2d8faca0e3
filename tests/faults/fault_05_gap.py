"""More happens in the room at once than one sync holds; every reply in it is found all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from stack.conditions import PATIENCE, all_of
from stack.system import System
from stack.telegram_client import ALICE, BOB
from tests.faults.checker import Token, reply_token
from tests.faults.crowd import Crowd, Visitor, open_crowd
from tests.faults.fault_04_down import start_instance, stop_instance
from tests.faults.homeserver import A_SYNC, MORE_THAN_A_SYNC, is_sync, proxy_of
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED

Away = Callable[[System], AbstractAsyncContextManager[None]]

TALK_EVERY = 4
"""Replies to a customer, after which somebody says something to the group."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Keep the plugin from reading in each way, while replies and talk come.

    The bridge brings some 20 messages a second: in the short form they are fewer than a sync holds, and talk
    of those who are in Matrix makes up for that.
    """
    rounds, customers, each, ways = plan.of((3, 10, 12, AWAY), (1, 5, 5, SHORT))
    async with System(config=UNPACED, homeserver_proxy=True) as system:
        for way, away in ways.items():
            async with open_crowd(system, customers) as crowd:
                heal = max([await _leave_gap(crowd, away, each) for _ in range(rounds)])
                await crowd.settle()
                yield Row(
                    case=f"a limited sync, as {way}",
                    load=f"{rounds} times {customers * each} replies to {customers} customers, much talk",
                    counts=await crowd.check(),
                    heal=heal,
                )


async def _leave_gap(crowd: Crowd, away: Away, each: int) -> float:
    """Return the seconds from when the plugin reads again until everybody has every reply."""
    system = crowd.system
    await crowd.burst(1)
    await crowd.find_posts()
    async with away(system):
        since = (await system.admin.sync(system.room_id, limit=A_SYNC))["next_batch"]
        talk = MORE_THAN_A_SYNC - each * len(crowd.visitors)
        await all_of(_talk(system, talk), *(_reply_and_talk(crowd, one, each) for one in crowd.visitors))
        await crowd.replies_in_room()
        seen = await system.admin.sync(system.room_id, limit=A_SYNC, since=since)
        assert seen["rooms"]["join"][system.room_id]["timeline"]["limited"], "there was no gap"
        began = time.monotonic()
    await crowd.arrive()
    return time.monotonic() - began


async def _talk(system: System, count: int) -> None:
    for _ in range(0, count, 10):
        await all_of(*(system.admin.send_text(system.room_id, "talk") for _ in range(10)))


async def _reply_and_talk(crowd: Crowd, visitor: Visitor, replies: int) -> None:
    for number in range(replies):
        await visitor.next_reply(crowd.system, BOB if number % 2 else ALICE)
        if number % TALK_EVERY == 0:
            # As a reply that nobody has made: whoever gets it has what was not for them.
            talk = Token(crowd=visitor.crowd, customer=len(crowd.visitors), number=number)
            await crowd.system.telegram.send(BOB, f"talk {reply_token(talk)}")


@asynccontextmanager
async def _instance_stopped(system: System) -> AsyncIterator[None]:
    await stop_instance(system)
    yield
    await start_instance(system)


@asynccontextmanager
async def _syncs_held_back(system: System) -> AsyncIterator[None]:
    with proxy_of(system).hold_responses(is_sync) as hold:
        # Of any room: the first word makes the sync end that is under way.
        await system.admin.send_text(system.room_id, "hello")
        await asyncio.wait_for(hold.held.wait(), PATIENCE)
        yield


SHORT: dict[str, Away] = {"answers to its syncs are late": _syncs_held_back}
AWAY = {"the instance is stopped": _instance_stopped, **SHORT}


FAULT = Fault(name="5", title="more at once than a sync holds", run=run)
