"""The bridge refuses, is silent, or is away: what it did not take is sent again, or shown as failed."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote

from plugin.matrix.events import STATUS_TYPE
from stack.conditions import NotInTimeError, until
from stack.instance import BRIDGE_BOT, INSTANCE, mxid
from stack.json_api import JsonApi
from stack.matrix import CLIENT
from stack.system import System
from tests.e2e.acts import find_event
from tests.faults.checker import Token, message_token
from tests.faults.clock import Clock
from tests.faults.crowd import PATIENCE, Crowd, Visitor, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED

SEND = "messages.SendMessage"
STEP = 35.0
"""Seconds by which the clock goes on at a time: longer than the rests after the first two refusals, and
shorter than the plugin waits for the bridge's word: one that is on its way just then is not too late."""
_STEPS_OF_SILENCE = 2
"""What the bridge has said nothing of by then is given up."""
_WORD_WITHIN = 2.0
"""Real seconds in which a bridge that reports has told of what it was sent."""

LONGEST_SLEEP = 60
"""Seconds of a flood wait that the bridge sits out; it refuses what would take longer."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What befalls the bridge while a crowd writes `each` messages."""

    name: str
    strike: Callable[[Crowd, int], Awaitable[None]]
    """Does it, with so many messages of everybody written in it."""
    is_long: bool = False
    """Left out of the short form: it takes long, and another case has its mechanism."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Go through all that can befall the bridge, one after the other."""
    customers, each = plan.of((10, 10), (2, 2))
    async with System(config=UNPACED) as system:
        clock = Clock(system)
        for case in [case for case in CASES if not (plan.short and case.is_long)]:
            async with open_crowd(system, customers) as crowd:
                await crowd.burst(1)
                await crowd.reach_group()
                before = max([message.id for message in await system.telegram.relayed()])
                await case.strike(crowd, each)
                began = time.monotonic()
                missing = await _let_time_pass(crowd, clock)
                heal = time.monotonic() - began
                failures = await _not_shown(crowd, clock, missing, before)
                await crowd.settle(excused=missing)
                yield Row(
                    case=case.name,
                    load=f"{each * customers} messages of {customers} customers",
                    counts=await crowd.check(excused=missing),
                    heal=heal,
                    notes=(f"{len(missing)} not delivered, and shown to the team",) if missing else (),
                    failures=failures,
                )


async def _let_time_pass(crowd: Crowd, clock: Clock) -> set[Token]:
    """Move the clock on until everybody's last message is in the group; return what is not there by then."""
    last = {visitor.taken[-1] for visitor in crowd.visitors}

    async def goes_on() -> bool:
        await crowd.reach_group(within=1)
        if last.isdisjoint(await crowd.missing()):
            return True
        await _move_on(crowd.system, clock)
        return False

    await until(goes_on, "every conversation goes on", within=PATIENCE)
    # What comes next must not wait for a bridge that says nothing of what came last.
    for _ in range(_STEPS_OF_SILENCE):
        await _move_on(crowd.system, clock)
    return await crowd.missing()


async def _move_on(system: System, clock: Clock) -> None:
    with contextlib.suppress(NotInTimeError):
        await until(lambda: _is_told_of_all(system), "the bridge's word on every post", within=_WORD_WITHIN)
    clock.advance(STEP)
    # Wakes the plugin, whose timers know nothing of a clock that is moved.
    await system.configure(UNPACED)


async def _is_told_of_all(system: System) -> bool:
    with closing(sqlite3.connect(system.maubot.databases / f"{INSTANCE}.db", timeout=60)) as sqlite:
        waiting = sqlite.execute("SELECT count(*) FROM batch WHERE state = 'sent'").fetchone()[0]
    return bool(waiting == 0)


async def _not_shown(crowd: Crowd, clock: Clock, missing: set[Token], before: int) -> tuple[str, ...]:
    """Return a failure for each customer of whom something is missing and the team is not told."""
    untold = {token.customer for token in missing}

    async def all_told() -> bool:
        shown = [m.text for m in await crowd.system.telegram.relayed() if m.id > before]
        for number in list(untold):
            warnings = tuple(f"⚠ #{ticket}" for ticket in crowd.visitors[number].written.tickets)
            if any(text.startswith(warnings) for text in shown):
                untold.remove(number)
        if untold:
            await _move_on(crowd.system, clock)
        return not untold

    with contextlib.suppress(NotInTimeError):
        await until(all_told, "the team is told", every=1)
    return tuple(f"customer {number} misses a message, and the team was not told" for number in untold)


async def _flood_wait(crowd: Crowd, each: int, seconds: int) -> None:
    await crowd.system.telegram.fault(SEND, f"FLOOD_WAIT_{seconds}", code=420)
    await crowd.burst(each)


async def _short_flood_wait(crowd: Crowd, each: int) -> None:
    await _flood_wait(crowd, each, 2)


async def _long_flood_wait(crowd: Crowd, each: int) -> None:
    await _flood_wait(crowd, each, LONGEST_SLEEP + 1)


async def _refuse_next(system: System, visitor: Visitor, *, count: int) -> str:
    """Let Telegram refuse a customer's next message so often; return what the message is known by."""
    following = Token(crowd=visitor.crowd, customer=visitor.number, number=len(visitor.taken))
    text = message_token(following)
    body = {"method": SEND, "error": "CHAT_WRITE_FORBIDDEN", "code": 403, "count": count, "contains": text}
    await system.telegram.api.call("POST", "/fault", body)
    return text


async def _refuse(crowd: Crowd, each: int) -> None:
    for visitor in crowd.visitors:
        await _refuse_next(crowd.system, visitor, count=2)
    await crowd.burst(each)


async def _give_up(crowd: Crowd, each: int) -> None:
    """Say in the place of the bridge, which is silent, that a message will never be delivered.

    It says so itself only of events that the plugin never sends.
    """
    system = crowd.system
    text = await _refuse_next(system, crowd.visitors[0], count=1)
    await crowd.burst(1)
    post = await find_event(system, text)
    bridge = JsonApi(system.session, system.synapse.url).with_token(system.state.as_token)
    room = f"{CLIENT}/rooms/{quote(system.room_id)}"
    word = {
        "m.relates_to": {"rel_type": "m.reference", "event_id": post["event_id"]},
        "status": "FAIL_PERMANENT",
        "reason": "m.event_not_handled",
    }
    path = f"{room}/send/{STATUS_TYPE}/{uuid.uuid4()}?user_id={quote(mxid(BRIDGE_BOT))}"
    await bridge.call("PUT", path, word)
    await crowd.burst(each)


async def _drop_connections(crowd: Crowd, each: int) -> None:
    for _ in range(each):
        await crowd.burst(1)
        await crowd.system.telegram.drop_connections()


async def _fall_silent(crowd: Crowd, each: int) -> None:
    await crowd.system.restart_bridge({"message_status_events": False})
    await crowd.burst(each)


async def _report_again(crowd: Crowd, each: int) -> None:
    await crowd.system.restart_bridge({})
    await crowd.burst(each)


async def _stop(crowd: Crowd, each: int) -> None:
    await crowd.system.bridge.stop()
    await crowd.burst(each)
    await crowd.system.start_bridge()
    await crowd.burst(each)


async def _kill(crowd: Crowd, each: int) -> None:
    await crowd.system.bridge.kill()
    await crowd.burst(each)
    await crowd.system.start_bridge()
    await crowd.burst(each)


CASES = (
    Case(name="a flood wait that the bridge sits out", strike=_short_flood_wait),
    Case(name="a flood wait that is too long for it", strike=_long_flood_wait, is_long=True),
    Case(name="Telegram refuses twice", strike=_refuse),
    Case(name="connections to Telegram cut", strike=_drop_connections),
    Case(name="the bridge is killed", strike=_kill),
    Case(name="the bridge is stopped", strike=_stop, is_long=True),
    Case(name="the bridge says nothing", strike=_fall_silent),
    Case(name="a message is given up for good", strike=_give_up),
    Case(name="the bridge reports again", strike=_report_again),
)

FAULT = Fault(name="15", title="the bridge refuses, is silent, or is away", run=run)
