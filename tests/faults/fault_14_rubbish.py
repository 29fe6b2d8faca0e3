"""Requests that are no requests: each is refused, and others hardly notice."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from stack.customer import Customer
from stack.system import System
from stack.telegram_centre import ROOT
from tests.faults.crowd import Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.faults.rubbish import CASES
from tests.faults.strangers import percentile, time_posts
from tests.systems import UNPACED

_SLOWER = 2.0
"""So many times what it is without may others' p99 be."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Send rubbish of each kind while customers write."""
    customers = plan.of(20, 3)
    config = {**UNPACED, "limits": {"messages_per_minute": 1_000_000, "sessions_per_hour": 1_000_000}}
    async with System(config=config) as system, open_crowd(system, customers) as crowd:
        await crowd.burst(1)
        writers = [await system.customer() for _ in range(4)]
        # A short run settles once, after all of them.
        for cases in plan.of([[case] for case in CASES], [list(CASES)]):
            yield await _run_cases(plan, crowd, writers, cases)


async def _run_cases(plan: Plan, crowd: Crowd, writers: Sequence[Customer], cases: Sequence[str]) -> Row:
    posts, notes, failures = plan.of(1500, 20), [], []
    for case in cases:
        usual = percentile(await time_posts(writers, posts), 0.99)
        async with _sender(crowd.system, plan, case) as sender:
            slowed = percentile(await time_posts(writers, posts), 0.99)
            await crowd.burst(1)
        notes.append(f"{case}: others' p99 {usual * 1000:.0f} ms, meanwhile {slowed * 1000:.0f} ms")
        failures += [*sender.wrong, *plan.bound("others' p99", slowed / usual, _SLOWER, "times")]
    began = time.monotonic()
    await crowd.settle()
    return Row(
        case=", ".join(cases),
        load=f"{crowd.taken} messages, {2 * posts * len(cases)} more",
        counts=await crowd.check(),
        heal=time.monotonic() - began,
        notes=tuple(notes),
        failures=tuple(failures),
    )


@dataclass(kw_only=True)
class _Sender:
    wrong: list[str] = field(default_factory=list)
    """The answers that were wrong, once it has ended."""


@asynccontextmanager
async def _sender(system: System, plan: Plan, case: str) -> AsyncIterator[_Sender]:
    """Another process that sends rubbish: one that shares a processor's turn with us would slow us itself."""
    much = plan.of(("300", "100", "1"), ("30", "8", "0"))
    arguments = [case, system.api_url, str(plan.random.randrange(2**32)), *much]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.rubbish",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    sender = _Sender()
    try:
        yield sender
        said, _ = await process.communicate(b"")
        sender.wrong += json.loads(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


FAULT = Fault(name="14", title="half-sent heads, huge bodies, bad JSON", run=run)
