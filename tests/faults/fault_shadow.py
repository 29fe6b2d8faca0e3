"""A block must not show: not by the clock, and in the rooms by nothing but dots."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from urllib.parse import quote

from plugin.matrix.events import STATUS_TYPE
from stack.conditions import until
from stack.instance import SERVER_NAME
from stack.matrix import CLIENT, Event
from stack.operators import open_console
from stack.system import System
from stack.telegram_client import ALICE
from tests.faults.checker import messages_in
from tests.faults.crowd import Crowd, open_crowd
from tests.faults.plan import Counts, Fault, Plan, Row
from tests.faults.shadow import (
    HOLDS,
    Timing,
    make_classes,
    measure_bursts,
    measure_singles,
    post_to,
    post_to_team,
    rest,
    wait_until_unreported,
)
from tests.systems import UNPACED

_QUIET_ALIAS = f"#headset-direct-quiet:{SERVER_NAME}"
_HELD = 2
_POSTS = 2000
"""Of each class, in each way of posting."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Hold a customer's words and release them; then, in the long form, measure with the bridge off."""
    config = {**UNPACED, "relay": {**UNPACED["relay"], "status_timeout": plan.of("2s", "60s")}}
    async with System(config=config) as system:
        async with open_crowd(system, 2) as crowd:
            yield await _hold_and_release(crowd)
        if plan.short:
            # By the clock nothing can be told on a machine that does other things, too.
            return
        classes = await make_classes(system)
        await system.bridge.stop()
        await wait_until_unreported(system, classes)
        yield _row(await measure_singles(classes, post_to_team, _POSTS, plan.random))
        await rest(system)
        for timing in await measure_bursts(system, classes, post_to_team, _POSTS, plan.random):
            yield _row(timing)
        post = post_to((await classes.others[0].moderators())["Bob"])
        for customer in (*classes.others, *classes.blocked):
            await post(customer)
        await rest(system)
        for timing in await measure_bursts(system, classes, post, _POSTS, plan.random):
            yield _row(timing, " in private")


async def _hold_and_release(crowd: Crowd) -> Row:
    """Block one of two; what that one writes makes dots, and arrives once it is released."""
    system, (free, blocked) = crowd.system, crowd.visitors
    console = await open_console(system, ALICE)
    await crowd.burst(1)
    await crowd.find_posts()
    body = {"customer": blocked.customer.session["customer"]["id"], "duration": "1h"}
    block = await console.call("POST", "/v1/mod/blocks", body)
    for _ in range(_HELD):
        await free.write()
        await blocked.write()
        # The next one goes once the word on this one has come.
        await rest(system)
    dots, words = await _wait_for_quiet(system)
    failures = []
    if any(set(event["content"].get("body", ".")) != {"."} for event in dots):
        failures.append("there are words in the quiet room")
    leaked = {token for text in await _group(system) for token in messages_in(text)} & set(blocked.taken[1:])
    if leaked:
        failures.append(f"{len(leaked)} held messages are in the group")
    began = time.monotonic()
    await console.call("DELETE", f"/v1/mod/blocks/{block['id']}")
    # The list has the newest first.
    for item in reversed((await console.call("GET", "/v1/mod/held"))["items"]):
        await console.call("POST", f"/v1/mod/held/{item['id']}/release")
    await crowd.arrive()
    healed = time.monotonic() - began
    await crowd.settle()
    return Row(
        case="held, and released",
        load=f"{crowd.taken} messages of 2 customers",
        counts=await crowd.check(),
        heal=healed,
        notes=(f"{len(dots)} posts and {words} reports stood in for {_HELD} held messages",),
        failures=tuple(failures),
    )


async def _group(system: System) -> list[str]:
    return [message.text for message in await system.telegram.relayed()]


async def _wait_for_quiet(system: System) -> tuple[list[Event], int]:
    """Return the posts in the quiet room, and how many reports, once each has one."""
    bot = system.support_bot
    found = await bot.api.call("GET", f"{CLIENT}/directory/room/{quote(_QUIET_ALIAS)}")
    room_id = found["room_id"]

    async def look() -> tuple[list[Event], int] | None:
        events = await bot.events(room_id)
        dots = [event for event in events if event["type"] == "m.room.message"]
        words = sum(event["type"] == STATUS_TYPE for event in events)
        return (dots, words) if len(dots) == words == _HELD else None

    return await until(look, f"{_HELD} posts in the quiet room, each with its report")


def _row(timing: Timing, where: str = "") -> Row:
    least, most = HOLDS
    figures = (
        f"AUC {timing.auc:.3f}, n = {timing.number} a class",
        f"median {timing.blocked_ms:.1f} ms blocked, {timing.others_ms:.1f} ms not",
    )
    holds = least <= timing.auc <= most
    return Row(
        case=f"{timing.name}{where}",
        load=f"{timing.number} of each class",
        counts=Counts(),
        notes=figures,
        failures=() if holds else (f"AUC {timing.auc:.3f}, not within {least:.2f} to {most:.2f}",),
    )


FAULT = Fault(name="shadow", title="a block shows by nothing", run=run)
