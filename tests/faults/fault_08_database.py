"""SQLite's file is locked, or its disk full: customers are told to wait, and it heals by itself."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from stack.conditions import all_of, until
from stack.instance import INSTANCE
from stack.system import System
from tests.faults.crowd import Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.faults.steady import check_refusals, load_of, refused, taken_again, writing
from tests.systems import UNPACED

DISK = 8 * 2**20
LOCKED = 10.0
"""Seconds."""
WRITE_LOCK = 120
"""The byte that SQLite locks there while it writes."""
HEALED = 5.0
"""Seconds until the next message is taken."""

Break = Callable[[System], AbstractAsyncContextManager[None]]


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Let each happen while all customers write."""
    async with System(config=UNPACED, disk_size=DISK) as system:
        real = system.maubot.disk is not None and system.maubot.disk.is_real
        full = "disk full" if real else "disk full (files may not grow)"
        cases: list[tuple[str, Break, float]] = [
            (f"database locked {LOCKED:g} s", locked, plan.of(LOCKED, 0.0)),
            (full, filled, plan.of(10.0, 0.0)),
        ]
        for name, break_, lasts in cases:
            async with open_crowd(system, plan.of(20, 4)) as crowd:
                heal, failures = await _meet(crowd, plan, break_, lasts)
                await crowd.settle()
                yield Row(
                    case=name,
                    load=load_of(crowd),
                    counts=await crowd.check(),
                    heal=heal,
                    notes=(f"{len(crowd.refusals)} times refused meanwhile",),
                    failures=(*failures, *plan.bound("the next message is taken", heal, HEALED, "s")),
                )


@asynccontextmanager
async def locked(system: System) -> AsyncIterator[None]:
    """Let another process hold SQLite's lock."""
    # As it does it itself, by a byte of its journal's index: SQLite would follow /proc/…/root to our own /.
    path = f"/proc/{system.maubot.pid}/root{system.maubot.databases}/{INSTANCE}.db-shm"
    index = os.open(path, os.O_RDWR)
    try:
        await asyncio.to_thread(fcntl.lockf, index, fcntl.LOCK_EX, 1, WRITE_LOCK)
        yield
    finally:
        os.close(index)


@asynccontextmanager
async def filled(system: System) -> AsyncIterator[None]:
    """Leave no byte on the disk."""
    assert system.maubot.disk is not None
    assert system.maubot.pid is not None
    with system.maubot.disk.filled(system.maubot.pid):
        yield


async def _meet(crowd: Crowd, plan: Plan, break_: Break, lasts: float) -> tuple[float, list[str]]:
    """Break and mend while all write; return the seconds that mending took, and what was wrong."""
    # On a slow machine five seconds for the lock may be too many for a customer's patience.
    allowed = plan.of({503}, {0, 503})
    async with writing(crowd, plan):
        async with break_(crowd.system):
            began = time.monotonic()
            failures, _ = await all_of(_refusal(crowd.system), refused(crowd))
            await asyncio.sleep(max(0.0, began + lasts - time.monotonic()))
        heal = await taken_again(crowd)
    return heal, [*failures, *check_refusals(crowd, allowed)]


async def _refusal(system: System) -> list[str]:
    """Return what is wrong with the answer to somebody new, once it is a refusal."""

    async def ask() -> tuple[list[str]] | None:
        answer = await system.api.request("POST", "/v1/sessions", {})
        if answer.status == 201:
            return None
        after = answer.headers.get("Retry-After", "")
        fine = answer.status == 503 and after.isdecimal() and answer.json["code"] == "unavailable"
        wrong = f"refused with {answer.status}, Retry-After {after!r}: {answer.text[:200]}"
        return ([] if fine else [wrong],)

    return (await until(ask, "somebody new is refused", every=0.01))[0]


FAULT = Fault(name="8", title="database locked, disk full", run=run)
