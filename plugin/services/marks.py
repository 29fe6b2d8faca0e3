"""The delivered mark: the ticket's last post says whose answer the customer has got since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..db.transaction import Transaction
from ..domain.model import OutboxRow, mark_lane
from ..domain.posts import heading, join_and_split, mark_line
from .ids import new_ulid


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An edit of a post in the room."""

    event_id: str
    line: str
    body: str


async def ask_for_mark(tx: Transaction, now: datetime, customer_id: str, ticket: int) -> None:
    """Let the ticket's last post be marked once there is time for it."""
    row = OutboxRow(
        id=new_ulid(now),
        lane=mark_lane(ticket),
        customer_id=customer_id,
        ticket=ticket,
        text="",
        created_at=now,
    )
    await tx.outbox.ask_for_mark(row)


async def find_mark(tx: Transaction, ticket: int) -> Mark | None:
    """Return the edit that is due; None where the last post has not been answered, or says so already."""
    batch = await tx.batches.get_last_of_ticket(ticket)
    if batch is None or batch.customer_id is None:
        return None
    event_id = await tx.batches.get_last_event(batch.id)
    names = await tx.tickets.list_answerers(ticket, batch.id)
    customer = await tx.sessions.get_customer(batch.customer_id)
    if event_id is None or not names or customer is None:
        return None
    line = mark_line(names)
    # The same text again would be refused by Telegram, and reported as a failure.
    if await tx.tickets.get_marked(ticket) == _key(event_id, line):
        return None
    texts = await tx.outbox.list_texts(batch.id)
    # Under another heading than it was sent with the post might be cut elsewhere, and lose words.
    head = batch.heading or heading(ticket, customer)
    return Mark(event_id=event_id, line=line, body=f"{join_and_split(head, texts)[-1]}\n{line}")


async def note_mark(tx: Transaction, ticket: int, mark: Mark) -> None:
    """Remember a mark that is on its way."""
    await tx.tickets.set_marked(ticket, _key(mark.event_id, mark.line))


def _key(event_id: str, line: str) -> str:
    return f"{event_id} {line}"
