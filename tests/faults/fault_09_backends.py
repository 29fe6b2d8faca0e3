"""PostgreSQL ends all connections, or allows no writing for a while: customers hardly notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from yarl import URL

from stack.conditions import until
from stack.postgres import Postgres
from stack.system import System
from tests.faults.crowd import PATIENCE, Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.faults.steady import check_refusals, load_of, refused, taken_again, writing
from tests.systems import UNPACED

DELAY = 2.0
"""Seconds."""
OURS = {"application_name": "fault"}
"""Of the connections that are no part of what is tested."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Let it happen again and again while all write."""
    async with Postgres() as postgres:
        url = await postgres.create_database()
        async with System(config=UNPACED, postgres=url) as system:
            for case in (_terminated, _read_only):
                async with open_crowd(system, plan.of(20, 4)) as crowd:
                    yield await case(plan, crowd, url)


async def _terminated(plan: Plan, crowd: Crowd, url: str) -> Row:
    times, delays = plan.of(20, 3), []
    async with writing(crowd, plan):
        for _ in range(times):
            await asyncio.sleep(plan.random.uniform(0, 0.5))
            await _end_backends(url)
            delays.append(await _everybody_is_taken(crowd))
    await crowd.settle()
    return Row(
        case=f"all backends terminated {times} times",
        load=load_of(crowd),
        counts=await crowd.check(),
        heal=max(delays),
        notes=(f"{len(crowd.refusals)} times refused meanwhile",),
        failures=(*check_refusals(crowd, {503}), *plan.bound("delay", max(delays), DELAY, "s")),
    )


async def _read_only(plan: Plan, crowd: Crowd, url: str) -> Row:
    async with writing(crowd, plan):
        async with _read_only_database(url):
            await refused(crowd)
            await asyncio.sleep(plan.of(10.0, 0.0))
        heal = await taken_again(crowd)
    await crowd.settle()
    return Row(
        case="read-only, as after a fail-over",
        load=load_of(crowd),
        counts=await crowd.check(),
        heal=heal,
        notes=(f"{len(crowd.refusals)} times refused meanwhile",),
        failures=(*check_refusals(crowd, {503}), *plan.bound("the next message is taken", heal, 5.0, "s")),
    )


@asynccontextmanager
async def _read_only_database(url: str) -> AsyncIterator[None]:
    name = URL(url).path.lstrip("/")
    connection = await asyncpg.connect(url, server_settings=OURS)
    try:
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await _end_backends(url)
        yield
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await _end_backends(url)
    finally:
        if not connection.is_closed():
            await connection.close()


async def _end_backends(url: str) -> None:
    """Terminate every connection to the database but those of tests."""
    connection = await asyncpg.connect(url, server_settings=OURS)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND application_name <> '{OURS['application_name']}'"
        )
    finally:
        await connection.close()


async def _everybody_is_taken(crowd: Crowd) -> float:
    """Wait until every customer has one more message taken; return the longest of their waits."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), [len(visitor.taken) for visitor in crowd.visitors]

    async def is_taken() -> bool:
        return all(len(visitor.taken) > count for visitor, count in zip(crowd.visitors, before, strict=True))

    await until(is_taken, "everybody has one more message taken", within=PATIENCE, every=0.005)
    return loop.time() - began


FAULT = Fault(name="9", title="PostgreSQL's backends terminated; read-only", run=run)
