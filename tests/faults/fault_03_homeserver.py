"""The homeserver is away, refuses, or answers as over a bad line; customers don't notice, and all is sent."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from stack.system import System
from tests.faults.clock import Clock
from tests.faults.crowd import Crowd, open_crowd
from tests.faults.homeserver import MANY, is_any, is_send, part_of, proxy_of
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED

STEPS = 5
"""So often the clock is moved while the homeserver is away."""

MORE_MEMORY = 64.0
"""MiB that maubot may grow by while everything waits."""

TOO_MANY = {"errcode": "M_LIMIT_EXCEEDED", "error": "", "retry_after_ms": 1}


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Take the homeserver away for 5, 60 and 600 s, then spoil a part of the answers in each way."""
    customers, each = plan.of((20, 50), (3, 2))
    async with System(config=UNPACED, homeserver_proxy=True) as system:
        clock = Clock(system)
        for seconds in plan.of((5.0, 60.0, 600.0), (600.0,)):
            async with open_crowd(system, customers) as crowd:
                yield await _be_away(plan, crowd, clock, seconds, each)
        for case, spoilt in SPOILT.items():
            async with open_crowd(system, customers) as crowd:
                with spoilt(system, plan):
                    await crowd.burst(each)
                    began = time.monotonic()
                    await crowd.reach_group()
                    took = time.monotonic() - began
                await crowd.find_posts()
                for visitor in crowd.visitors:
                    await visitor.next_reply(system)
                await crowd.settle()
                yield Row(
                    case=case,
                    load=f"{customers * each} messages of {customers} customers",
                    counts=await crowd.check(),
                    notes=(f"all in the group {took:.1f} s after the last was written",),
                    failures=_refusals(crowd),
                )


async def _be_away(plan: Plan, crowd: Crowd, clock: Clock, seconds: float, each: int) -> Row:
    system = crowd.system
    proxy, pid = proxy_of(system), system.maubot.pid
    assert pid is not None
    await crowd.burst(1)
    await crowd.find_posts()
    before = _memory(pid)
    await proxy.stop()
    for _ in range(STEPS):
        await crowd.burst(each)
        clock.advance(seconds / STEPS)
    for visitor in crowd.visitors:
        await visitor.next_reply(system)
    grown = _memory(pid) - before
    began = time.monotonic()
    await proxy.start()
    await crowd.arrive()
    heal = time.monotonic() - began
    await crowd.settle()
    messages = STEPS * each * len(crowd.visitors)
    return Row(
        case=f"away for {seconds:g} s",
        load=f"{messages} messages meanwhile, {len(crowd.visitors)} replies",
        counts=await crowd.check(),
        heal=heal,
        notes=(f"maubot's memory grew by {grown:.1f} MiB meanwhile",),
        failures=_refusals(crowd) + plan.bound("memory", grown, MORE_MEMORY, "MiB"),
    )


def _refusals(crowd: Crowd) -> tuple[str, ...]:
    """Return a failure where a customer got anything but a 201."""
    return tuple(f"a customer got {status}" for status in sorted(set(crowd.refusals)))


def _memory(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    (line,) = [
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    ]
    return int(line.split()[1]) / 1024


@contextmanager
def _bad_gateway(system: System, plan: Plan) -> Iterator[None]:
    failure = proxy_of(system).fail(part_of(is_any, plan, 0.3), 502, {}, MANY)
    yield
    failure.left = 0


@contextmanager
def _limits(system: System, plan: Plan) -> Iterator[None]:
    failure = proxy_of(system).fail(part_of(is_send, plan, 0.5), 429, TOO_MANY, MANY)
    yield
    failure.left = 0


@contextmanager
def _bad_line(system: System, plan: Plan) -> Iterator[None]:
    proxy = proxy_of(system)
    cut = proxy.cut(part_of(is_any, plan, 0.2), lambda length: plan.random.randrange(length), MANY)
    repeat = proxy.repeat(part_of(is_send, plan, 0.2), MANY)
    with proxy.delay(is_send, lambda: plan.random.uniform(0, 0.1)):
        yield
    cut.left = repeat.left = 0


SPOILT: dict[str, Callable[[System, Plan], AbstractContextManager[None]]] = {
    "30 % of all requests get a 502": _bad_gateway,
    "half of the posts get a 429": _limits,
    "answers cut, posts delayed and repeated": _bad_line,
}


FAULT = Fault(name="3", title="the homeserver away or refusing", run=run)
