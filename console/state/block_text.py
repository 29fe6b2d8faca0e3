"""Blocks, in words: whose, by whom, why, until when."""

from __future__ import annotations

from datetime import datetime

from ..api.models import Block
from .countdown import time_left
from .desk import name_of
from .facts import Facts, moment
from .lengths import format_length


def is_active(block: Block, now: datetime) -> bool:
    """Tell whether a block is in force."""
    return block.lifted_at is None and (block.expires_at is None or now < block.expires_at)


def left(block: Block, now: datetime) -> str:
    """Return what is left of it."""
    return time_left(block.expires_at, block.lifted_at, now)


def reason_of(block: Block) -> str:
    """Return why it was made, as far as one may know."""
    return block.reason or ("private" if block.private else "")


def facts_of(block: Block, now: datetime) -> Facts:
    """Return all that is known of a block."""
    ended = block.lifted_at if left(block, now) == "lifted" else block.expires_at
    until = "it is lifted" if ended is None else moment(ended, now)
    held = f"{block.held} messages" if block.held != 1 else "1 message"
    return Facts(
        title=f"{name_of(block.customer)}{f' · #{block.ticket}' if block.ticket else ''}",
        facts=(
            ("Kind", block.kind),
            ("By", block.by.name),
            ("From", moment(block.created_at, now)),
            ("Until", until),
            ("State", _state(block, now)),
            ("Held", held if block.held else ""),
        ),
        text=reason_of(block),
    )


def _state(block: Block, now: datetime) -> str:
    if not is_active(block, now):
        return left(block, now)
    return "in force" if block.expires_at is None else f"{format_length(block.expires_at - now)} left"
