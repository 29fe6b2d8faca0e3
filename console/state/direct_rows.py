"""Private conversations in the list: what an event makes of one, and what is new in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..api.events import MessageNews
from ..api.messages import Direct
from ..api.models import Block, CustomerDetail, Last
from .block_text import is_active

_EXCERPT = 140


def read_key(customer_id: str) -> str:
    """Return what the mark of how far one has read is kept under, and the draft."""
    return f"d{customer_id}"


def after_message(direct: Direct, news: MessageNews) -> Direct | None:
    """Return a conversation after a new message; None where it can't be told from the event alone."""
    message = news.message
    if message.seq <= direct.last_seq:
        return None
    last = Last(
        kind=message.author.kind,
        name=message.author.name,
        text=" ".join(message.text.split())[:_EXCERPT],
        created_at=message.created_at,
    )
    return replace(
        direct, last=last, last_seq=message.seq, active_at=max(direct.active_at, message.created_at)
    )


def after_block(customer: CustomerDetail, block: Block, now: datetime) -> CustomerDetail:
    """Return a customer after one of their blocks was made or changed; the newest block stands first."""
    blocks = (block, *(other for other in customer.blocks if other.id != block.id))
    newest_first = tuple(sorted(blocks, key=lambda each: (each.created_at, each.id), reverse=True))
    blocked = any(is_active(each, now) for each in newest_first)
    return replace(customer, blocks=newest_first, blocked=blocked)


def is_unread(direct: Direct, seen: int) -> bool:
    """Tell whether the customer has written after what was read."""
    return direct.last is not None and direct.last.kind == "customer" and direct.last_seq > seen
