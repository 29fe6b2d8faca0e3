"""What maubot takes in memory over 1,000,000 stored messages, and after many have gone through it."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from mautrix.util.async_db import Database

from plugin.db.migrations import upgrade_table
from stack.customer import Customer
from stack.instance import INSTANCE

from .desk import Desk
from .figures import Figure, Measured, Plan, Row
from .large_desk import MESSAGES_PER_TICKET, fill

_CUSTOMERS = 20
_KIB_OF_A_MIB = 1024


class _FilledDesk(Desk):
    """A desk on SQLite that has had so many messages."""

    def __init__(self, messages: int) -> None:
        super().__init__()
        self._messages = messages

    async def _start(self) -> None:
        await super()._start()
        await self.maubot.kill()
        database = Database.create(f"sqlite:{self._path}", upgrade_table=upgrade_table)
        await database.start()
        try:
            await fill(database, self._messages // MESSAGES_PER_TICKET)
        finally:
            await database.stop()
        await self.restart_maubot()

    @property
    def _path(self) -> Path:
        return self._folder / "maubot" / "databases" / f"{INSTANCE}.db"


async def _send(customers: list[Customer], count: int) -> None:
    """Let customers write so many messages in all, each of them one after the other."""

    async def write(customer: Customer) -> None:
        for _ in range(count // len(customers)):
            body = {"client_id": str(uuid.uuid4()), "text": "Where is my order, please?"}
            await customer.api.call("POST", "/v1/messages", body)

    await asyncio.gather(*(write(customer) for customer in customers))


async def measure(plan: Plan) -> Measured:
    """Measure a process over a small store, and one over a large one, that do the same."""
    few, many = 1_000, plan.scaled(1_000_000, 10_000)
    count = plan.scaled(4_000, 200)
    taken = {}
    for messages in (few, many):
        async with _FilledDesk(messages) as desk:
            customers = await desk.open_customers(_CUSTOMERS)
            for half in ("first", "second"):
                await _send(customers, count // 2)
                await desk.wait_until_idle()
                taken[messages, half] = desk.memory / _KIB_OF_A_MIB
        plan.say(f"measured over {messages:,}")
    yield Figure.of(
        f"memory over {many:,} stored messages",
        taken[many, "second"],
        baseline=taken[few, "second"],
        unit="MiB",
        notes=f"baseline: over {few:,}; of all of maubot, after {count:,} more have gone through",
    )
    yield Figure.of(
        f"memory after {count:,} messages have gone through",
        taken[many, "second"],
        baseline=taken[many, "first"],
        unit="MiB",
        notes="baseline: after the first half of them",
    )


ROW = Row(name="store-memory", title="Memory over many stored messages", measure=measure)
