"""What becomes of a batch once its posts are in the room: the bridge's word, another try, or the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from logging import Logger

from ..db.transaction import Transaction
from ..domain.delivery import judge, pause_after
from ..domain.model import Batch, role_of
from .notices import say_to_team
from .ports import BridgeReport, Clock, PostMark

_BEFORE_THE_END = ("open", "sent", "unconfirmed", "unreported", "failed")


class DeliveryService:
    """Keeps the state of batches in line with what the room says of their posts."""

    def __init__(self, clock: Clock, log: Logger) -> None:
        self._clock, self._log = clock, log

    async def note_post(self, tx: Transaction, event_id: str, sender: str, mark: PostMark) -> bool:
        """Learn from the room itself that a post is there, before any reply to it can be read.

        Return whether it is to be redacted.
        The relay may have died between the homeserver's answer and its own commit.
        """
        batch = await tx.batches.get(mark.batch_id)
        return batch is not None and await self.note_posts(
            tx, batch, mark.attempt, {mark.part: event_id}, sender
        )

    async def note_posts(
        self, tx: Transaction, batch: Batch, attempt: int, posts: Mapping[int, str], sender: str
    ) -> bool:
        """Remember which events are the parts of a batch; return whether they are to be redacted.

        So it is with a batch that was taken back while it was sent.
        """
        # Locked, so that neither of the two misses what the other is about to do.
        state = await tx.batches.lock(batch.id)
        for part, event_id in posts.items():
            await tx.inbox.add_post(event_id, sender, batch, part, attempt)
        if state != "dropped":
            await self.settle(tx, batch.id)
            return False
        await tx.batches.note_late(batch.id, self._clock.now())
        await tx.redactions.add_batch(batch.id, self._clock.now())
        return True

    async def note_report(
        self, tx: Transaction, report: BridgeReport, at: datetime, *, by_bridge: bool = True
    ) -> bool:
        """Take the bridge's word on a post, or what stands in for it; return whether it was one of ours."""
        if by_bridge:
            await tx.batches.note_report(self._clock.now())
        else:
            await tx.batches.bridge_reports()  # the same look: a stand-in costs no less
        batch_id = await tx.inbox.report(report.event_id, report.status, report.reason, at)
        if batch_id is not None:
            await self.settle(tx, batch_id)
            # The bridge passes over the redaction of a message that it has not brought to Telegram yet.
            if report.status == "delivered":
                await tx.redactions.repeat(report.event_id, self._clock.now())
        return batch_id is not None

    async def settle(self, tx: Transaction, batch_id: str) -> None:
        """Draw the conclusion from where the parts of a batch stand."""
        batch, state = await tx.batches.get(batch_id), await tx.batches.get_state(batch_id)
        if batch is None or state not in _BEFORE_THE_END:
            return
        now = self._clock.now()
        verdict = judge(batch.part_count, batch.attempt, await tx.batches.list_parts(batch_id))
        if verdict == "sent" and batch.direct_id:
            # No bridge stands behind a direct room: in the room it is where it was to go.
            await tx.batches.set_delivered(batch_id, now)
        elif verdict == "sent" and state == "open":
            await tx.batches.set_sent(batch_id, now)
        elif verdict == "delivered":
            await tx.batches.set_delivered(batch_id, now)
        elif verdict in ("again", "failed") and state != "failed":
            reason = await tx.batches.get_reason(batch_id)
            self._log.warning("Ticket #%s: attempt %d failed: %s", batch.ticket, batch.attempt, reason)
            if verdict == "again" and role_of(batch) != "mark":
                pause = pause_after(batch.attempt, reason)
                await tx.batches.send_again(batch_id, now, pause, reason)
            else:
                await self.give_up(tx, batch, reason)

    async def give_up(self, tx: Transaction, batch: Batch, reason: str | None) -> None:
        """End a batch as failed, and show it to whom it was for if a customer's words are in it."""
        failed = await tx.batches.set_failed(batch.id, reason)
        if not failed or role_of(batch) != "post":
            return
        now, customer_id = self._clock.now(), batch.customer_id
        if batch.direct_id:
            text = f"⚠ A message of this customer did not get through ({reason or 'refused'})."
            await say_to_team(tx, now, text, customer_id=customer_id, direct_id=batch.direct_id)
        else:
            text = (
                f"⚠ #{batch.ticket}: a message did not get through ({reason or 'refused'})."
                " Reply /resend to a message of that ticket to try again."
            )
            await say_to_team(tx, now, text, customer_id=customer_id, ticket=batch.ticket)
