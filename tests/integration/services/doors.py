"""Browsers that come to a desk and sign in."""

from __future__ import annotations

from typing import Any

from plugin.domain.model import Batch, Customer
from plugin.services.identity import IdentityService, Proof
from plugin.services.sessions import SessionService

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
WALLET = Proof(identity="wallet", account=f"eip155:1:{ADDRESS}", also=(f"eip155:10:{ADDRESS}",))
OTHER_CHAIN = Proof(identity="wallet", account=f"eip155:10:{ADDRESS}", also=(f"eip155:1:{ADDRESS}",))
CONTRACT = Proof(identity="wallet", account=f"eip155:10:{ADDRESS}")
ANN = Proof(identity="user", account="user:7", name="Ann", email="ann@example.org")


class Doors:
    """Sessions of browsers, by token."""

    def __init__(self, desk: Any, host: Any) -> None:
        self.desk, self.host = desk, host
        self.sessions = SessionService(host.database, desk.clock, host.hub, lambda: desk.settings)
        self.woken = 0
        self.identities = IdentityService(host.database, desk.clock, host.hub, self.sessions, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def come(self) -> str:
        """Open an anonymous session and return its token."""
        token, _ = await self.sessions.open_session("de", "https://app.example.org/", "192.0.2.1")
        return token

    async def who(self, token: str) -> Customer:
        return (await self.sessions.get_visit(await self.sessions.find_session(token))).customer

    async def sign_in(self, token: str, proof: Proof, *, joins: bool = False) -> str:
        """Sign in and return the new token."""
        session = await self.sessions.find_session(token)
        new, visit = await self.identities.sign_in(session, proof, join_conversation=joins)
        assert visit.customer == await self.who(new)
        return new

    async def write(self, token: str, *texts: str) -> None:
        await self.desk.write(self.host, (await self.who(token)).id, *texts)

    async def post(self, token: str, text: str = "Hello") -> str:
        """Write a text, bring it to the room, and return the event's id."""
        customer = await self.who(token)
        await self.desk.write(self.host, customer.id, text)
        events = {batch.lane: await self._send(batch) for batch in (await self.desk.take(self.host))[0]}
        await self.host.inbox.catch_up()
        return events[customer.id]

    async def _send(self, batch: Batch) -> str:
        event_id = str(self.desk.server.add_post(batch, 0))
        async with self.host.database.transaction() as tx:
            await tx.inbox.add_post(event_id, self.desk.bot, batch, 0, 1)
            await tx.batches.set_sent(batch.id, self.desk.clock.now())
        return event_id

    async def read(self, token: str) -> list[str]:
        customer = await self.who(token)
        async with self.host.database.snapshot() as tx:
            messages = await tx.conversations.list_messages_after(customer.id, 0, 1000)
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
        return [message.text for message in messages]

    async def events(self, token: str, after: int = 0) -> list[tuple[int, str, str | int]]:
        customer = await self.who(token)
        async with self.host.database.snapshot() as tx:
            events = await tx.conversations.list_events_after(customer.id, after, 1000)
        return [(e.number, e.type, e.message.text if e.message else e.ticket.number) for e in events]

    async def is_held(self, token: str) -> bool:
        customer, now = await self.who(token), self.desk.clock.now()
        async with self.host.database.snapshot() as tx:
            return bool(await tx.blocks.list_not_over_before(customer.id, now))
