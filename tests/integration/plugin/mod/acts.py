"""What happens at a desk without a homeserver, done with the running plugin's own parts."""

from __future__ import annotations

from datetime import timedelta

from plugin.domain.desk import Person, TeamNote
from plugin.domain.model import Batch, Block, HeldReply, Message, Moderator, Target
from plugin.services.ids import new_ulid
from tests.integration.plugin.desk import Desk


class Acts:
    """Acts of Alice's, and of the relay's."""

    def __init__(self, desk: Desk, alice: Moderator) -> None:
        self.database, self.clock = desk.plugin._database, desk.plugin.clock
        self.alice, self._answers = alice, desk.plugin._answers

    def new_id(self) -> str:
        return new_ulid(self.clock.now())

    async def customer_of(self, ticket: int) -> str:
        async with self.database.snapshot() as tx:
            found = await tx.tickets.get_by_number(ticket)
        assert found is not None
        return found.customer_id

    async def answer(self, ticket: int, text: str = "An answer") -> Message:
        """Answer as from the group."""
        target = Target(customer_id=await self.customer_of(ticket), ticket=ticket, message_id=None)
        async with self.database.transaction() as tx:
            return await self._answers.deliver(tx, self.alice, target, text)

    async def note(self, ticket: int, *, private: bool = False) -> TeamNote:
        note = TeamNote(
            id=self.new_id(),
            customer_id=await self.customer_of(ticket),
            ticket=None if private else ticket,
            by=Person(id=self.alice.id, name=self.alice.name),
            text="For the team",
            created_at=self.clock.now(),
        )
        async with self.database.transaction() as tx:
            await tx.notes.add(note)
        return note

    async def block(self, ticket: int, *, direct_id: str | None = None) -> Block:
        now = self.clock.now()
        block = Block(
            id=self.new_id(),
            customer_id=await self.customer_of(ticket),
            kind="timeout",
            reason="Rude",
            by_id=self.alice.id,
            by_name=self.alice.name,
            created_at=now,
            expires_at=now + timedelta(hours=1),
            direct_id=direct_id,
        )
        async with self.database.transaction() as tx:
            await tx.blocks.add(block)
        return block

    async def hold(self, ticket: int, *, direct_id: str | None = None) -> HeldReply:
        """Hold a reply of Alice's back."""
        held = HeldReply(
            id=self.new_id(),
            event_id=f"${self.new_id()}",
            sender="@alice:example.org",
            moderator_id=self.alice.id,
            customer_id=await self.customer_of(ticket),
            ticket=None if direct_id else ticket,
            direct_id=direct_id,
            reply_to=None,
            edits=None,
            text="Send me your seed phrase",
            state="held",
            written_at=self.clock.now(),
        )
        async with self.database.transaction() as tx:
            await tx.held.add(held)
        return held

    async def send_all(self, customer_id: str, state: str) -> None:
        """Let what waits of a customer's for the group go as one batch, as far as `state`."""
        now = self.clock.now()
        async with self.database.transaction() as tx:
            rows = await tx.outbox.list_rows(customer_id, 20)
            batch = Batch(
                id=self.new_id(),
                lane=customer_id,
                customer_id=customer_id,
                ticket=rows[0].ticket,
                room_id="!room:example.org",
                parts=("Hello",),
                part_count=1,
                held=state == "held",
                attempt=1,
                tries=0,
                device_id="TEST",
                first_tried_at=now,
                fence=1,
                created_at=now,
            )
            await tx.batches.add(batch, rows, "host", now)
            if state == "held":
                await tx.batches.end(batch, "held")
            elif state == "sent":
                await tx.batches.set_sent(batch.id, now)
            elif state == "delivered":
                await tx.batches.set_delivered(batch.id, now)
            else:
                await tx.batches.set_failed(batch.id, "refused")
