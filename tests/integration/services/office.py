"""The services that time moves, over one database."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from plugin.config import Settings
from plugin.domain.blocks import is_held
from plugin.domain.model import Block
from plugin.services.background import Worker
from plugin.services.directs import DirectService
from plugin.services.housekeeping import Housekeeping
from plugin.services.hub import Hub
from plugin.services.intake import Intake
from plugin.services.sessions import SessionService
from plugin.services.tickets import TicketService

LOG = logging.getLogger("test.time")


async def do_nothing() -> float:
    return 3600.0


@dataclass
class Office:
    """The services that time moves, over one database."""

    database: Any
    clock: Any
    settings: Settings

    def __post_init__(self) -> None:
        hub = Hub()
        self.sessions = SessionService(self.database, self.clock, hub, lambda: self.settings)
        self.tickets = TicketService(self.database, self.clock, hub, lambda: self.settings, LOG)
        relay = Worker("relay", do_nothing, LOG)
        self.intake = Intake(
            database=self.database,
            clock=self.clock,
            hub=hub,
            relays={"team": relay},
            wake_redactions=relay.wake,
            tickets=self.tickets,
            directs=DirectService(self.database),
        )
        self.housekeeping = Housekeeping(self.database, self.clock, lambda: self.settings, LOG)

    async def open_customer(self, address: str = "") -> str:
        _, visit = await self.sessions.open_session(None, None, address)
        return visit.customer.id

    async def write(self, customer_id: str) -> int:
        message, _ = await self.intake.take_message(customer_id, str(uuid.uuid4()), "hello")
        assert message.ticket is not None
        return message.ticket

    async def status(self, number: int) -> str:
        async with self.database.snapshot() as tx:
            ticket = await tx.tickets.get_by_number(number)
            assert ticket is not None
            status: str = ticket.status
            return status

    async def block(self, customer_id: str, length: timedelta | None) -> Block:
        now = self.clock.now()
        block = Block(
            id=str(uuid.uuid4()),
            customer_id=customer_id,
            kind="block",
            reason=None,
            by_id="M1",
            by_name="Alice",
            created_at=now,
            expires_at=None if length is None else now + length,
        )
        async with self.database.transaction() as tx:
            await tx.blocks.add(block)
        return block

    async def is_held(self, customer_id: str) -> bool:
        now = self.clock.now()
        async with self.database.snapshot() as tx:
            return is_held(await tx.blocks.list_not_over_before(customer_id, now), now, now)
