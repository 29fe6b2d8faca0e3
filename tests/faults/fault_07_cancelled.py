"""Requests and the plugin itself are cancelled anywhere; the database holds all of a message or nothing."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing

import asyncpg

from stack.conditions import all_of, until
from stack.instance import INSTANCE
from stack.postgres import Postgres
from stack.system import System
from tests.faults.crowd import ONE_REQUEST, PATIENCE, Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED

_BROKEN = {
    "messages without an event": """SELECT COUNT(*) FROM message m WHERE NOT EXISTS (
        SELECT 1 FROM conversation_event e WHERE e.message_id = m.id AND e.type = 'message.created')""",
    "messages that are not to be sent": """SELECT COUNT(*) FROM message m WHERE author_kind = 'customer'
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id)""",
    "messages without a ticket": """SELECT COUNT(*) FROM message m WHERE NOT EXISTS (
        SELECT 1 FROM ticket t WHERE t.number = m.ticket)""",
    "customers whose numbers of messages are not whole": """SELECT COUNT(*) FROM customer c
        WHERE last_seq <> (SELECT COUNT(*) FROM message m WHERE m.customer_id = c.id)""",
    "customers whose newest message is another": """SELECT COUNT(*) FROM customer c WHERE last_seq <> (
        SELECT COALESCE(MAX(seq), 0) FROM message m WHERE m.customer_id = c.id)""",
    "customers whose numbers of events are not whole": """SELECT COUNT(*) FROM customer c
        WHERE last_event <> (SELECT COUNT(*) FROM conversation_event e WHERE e.customer_id = c.id)""",
    "customers whose newest event is another": """SELECT COUNT(*) FROM customer c WHERE last_event <> (
        SELECT COALESCE(MAX(number), 0) FROM conversation_event e WHERE e.customer_id = c.id)""",
    "ticket numbers that nobody has": """SELECT value - (SELECT MAX(number) FROM ticket) FROM counter
        WHERE name = 'ticket'""",
}
"""What a part of a transaction would leave: each must be 0."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Give requests up, and stop the plugin, at random moments, on both engines."""
    async with Postgres() as postgres:
        urls = {"SQLite": None, "PostgreSQL": await postgres.create_database()}
        rows = await all_of(*(_run_on(plan, engine, url) for engine, url in urls.items()))
    for row in rows:
        yield row


async def _run_on(plan: Plan, engine: str, url: str | None) -> Row:
    customers, each, stops = plan.of((20, 50, 50), (4, 10, 5))
    system = System(config=UNPACED, postgres=url)
    system.maubot.watch.cancel_handlers()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(system)
        crowd = await stack.enter_async_context(open_crowd(system, customers))
        await _be_impatient(crowd, plan)
        _, given_up = await all_of(crowd.burst(each), _stop_often(system, plan, stops))
        for visitor in crowd.visitors:
            visitor.patience = lambda: ONE_REQUEST
        began = time.monotonic()
        await crowd.arrive()
        healed = time.monotonic() - began
        await crowd.settle()
        repeated = sum(visitor.repeated for visitor in crowd.visitors)
        return Row(
            case=f"requests and {given_up} of {stops} stops given up, {engine}",
            load=f"{crowd.taken} messages of {customers} customers",
            counts=await crowd.check(),
            heal=healed,
            notes=(f"{crowd.refusals.count(0)} requests given up, {repeated} messages were taken by then",),
            failures=tuple(await _find_broken(system, url)),
        )


async def _be_impatient(crowd: Crowd, plan: Plan) -> None:
    """Have most requests given up at some moment of the time that one takes here."""
    began = time.monotonic()
    await crowd.burst(2)
    takes = (time.monotonic() - began) / 2

    def patience() -> float:
        return ONE_REQUEST if plan.random.random() < 0.3 else plan.random.uniform(0, takes)

    for visitor in crowd.visitors:
        visitor.patience = patience


async def _stop_often(system: System, plan: Plan, stops: int) -> int:
    """Stop and start the plugin; give most stops up meanwhile, and return how many those were."""
    given_up, takes = 0, ONE_REQUEST
    for _ in range(stops):
        await asyncio.sleep(plan.random.uniform(0, 0.3))
        began = time.monotonic()
        try:
            await asyncio.wait_for(system.maubot.stop_instance(INSTANCE), plan.random.uniform(0, takes))
            takes = min(takes, time.monotonic() - began)
        except asyncio.TimeoutError:
            given_up += 1
            await _have_stopped(system)
        await system.maubot.start_instance(INSTANCE)
    return given_up


async def _have_stopped(system: System) -> None:
    """Return once nothing of the plugin goes on, or it was not stopped at all."""
    pid = system.maubot.pid
    assert pid is not None

    async def is_over() -> bool:
        if (await system.maubot.get_instance(INSTANCE))["started"]:
            return True
        names = await system.maubot.watch.list_tasks(pid)
        return not any(name.startswith("headset ") for name in names)

    await until(is_over, "a stop that was given up comes to its end", within=PATIENCE)


async def _find_broken(system: System, url: str | None) -> list[str]:
    """Return what the database holds of transactions that did not come to their end."""
    if url is None:
        path = system.maubot.databases / f"{INSTANCE}.db"
        with closing(sqlite3.connect(path, timeout=60)) as sqlite:
            found = {name: sqlite.execute(query).fetchone()[0] for name, query in _BROKEN.items()}
    else:
        connection = await asyncpg.connect(url)
        try:
            # maubot gives each instance a schema of its own.
            schema = await connection.fetchval(
                "SELECT schemaname FROM pg_tables WHERE tablename = 'conversation_event'"
            )
            await connection.execute(f'SET search_path TO "{schema}"')
            found = {name: await connection.fetchval(query) for name, query in _BROKEN.items()}
        finally:
            await connection.close()
    return [f"{number} {name}" for name, number in found.items() if number]


FAULT = Fault(name="7", title="cancelled inside a transaction", run=run)
