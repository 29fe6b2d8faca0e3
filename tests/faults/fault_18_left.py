"""The bot is out of its room for a while; nothing that was said meanwhile is missed after it is back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

from stack.conditions import all_of, until
from stack.matrix import CLIENT
from stack.system import System
from tests.faults.crowd import Crowd, open_crowd
from tests.faults.homeserver import MORE_THAN_A_SYNC
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Let the bot leave, or be put out, while customers and moderators go on."""
    customers, each, replies = plan.of((10, 20, 10), (3, 2, 2))
    async with System(config=UNPACED, homeserver_proxy=True) as system:
        other_room = await system.admin.create_room(invite=[system.support_bot.mxid])
        await system.support_bot.join(other_room)
        for case, go in plan.of([("leaves", leave), ("is kicked", kick)], [("is kicked", kick)]):
            async with open_crowd(system, customers) as crowd:
                heal = await _be_out(crowd, go, other_room, each, replies)
                yield Row(
                    case=f"the bot {case} and is invited again",
                    load=f"{customers * each} messages, {customers * replies} replies, much talk",
                    counts=await crowd.check(),
                    heal=heal,
                )


async def leave(system: System) -> None:
    """Let the bot's account leave, as somebody at another client of it may."""
    await system.support_bot.leave(system.room_id)


async def kick(system: System) -> None:
    """Let the room's admin put the bot out."""
    body = {"user_id": system.support_bot.mxid}
    await system.admin.api.call("POST", f"{CLIENT}/rooms/{system.room_id}/kick", body)


async def _be_out(
    crowd: Crowd, go: Callable[[System], Awaitable[None]], other_room: str, each: int, replies: int
) -> float:
    """Return the seconds from the new invitation until everything has arrived."""
    system = crowd.system
    await crowd.burst(1)
    await crowd.find_posts()
    await go(system)
    await _wake_inbox(system, other_room)
    await crowd.burst(each)
    for _ in range(replies):
        for visitor in crowd.visitors:
            await visitor.next_reply(system)
        await _wake_inbox(system, other_room)
    await crowd.replies_in_room()
    for _ in range(0, MORE_THAN_A_SYNC, 10):
        await all_of(*(system.admin.send_text(system.room_id, "talk") for _ in range(10)))
    await _wake_inbox(system, other_room)
    began = time.monotonic()
    await system.admin.invite(system.room_id, system.support_bot.mxid)
    await crowd.arrive()
    healed = time.monotonic() - began
    await crowd.settle()
    return healed


async def _wake_inbox(system: System, room_id: str) -> None:
    """Have the inbox look what happened up to now, though the bot hears nothing of its own room."""
    assert system.proxy is not None
    proxy = system.proxy

    async def has_synced(before: int) -> bool:
        return sum(path.endswith("/sync") for _, path in proxy.requests) > before

    # Several times: maubot syncs again once it has handed the words on, and the inbox reads beside that.
    for _ in range(3):
        before = sum(path.endswith("/sync") for _, path in proxy.requests)
        await system.admin.send_text(room_id, "hello")
        await until(lambda before=before: has_synced(before), "maubot has heard it")


FAULT = Fault(name="18", title="the bot is out of the room for a while", run=run)
