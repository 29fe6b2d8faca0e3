"""Blocks: their length, and whether one holds a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .model import Block

_SECOND = timedelta(seconds=1)
_MOMENT = timedelta(milliseconds=1)
"""What times are stored in."""


@dataclass(frozen=True, kw_only=True)
class BlockRules:
    """How long a block lasts."""

    default: timedelta
    longest: timedelta | None
    """A longer wish is cut to this; None: no limit."""


def block_length(wish: timedelta | None, rules: BlockRules) -> timedelta:
    """Return the length of a new block for the moderator's `wish`, which may be absent.

    A block for ever is not a length: whether it may be had is `rules.longest` being None.
    """
    length = rules.default if wish is None else wish
    return length if rules.longest is None else min(length, rules.longest)


def is_allowed(length: timedelta | None, rules: BlockRules) -> bool:
    """Tell whether a block may last so long, None being for ever, without being cut."""
    return rules.longest is None or (length is not None and length <= rules.longest)


def holds(block: Block, at: datetime) -> bool:
    """Tell whether `block` is in force at `at`."""
    if at < block.created_at:
        return False
    ended = min(t for t in (block.expires_at, block.lifted_at, datetime.max.replace(tzinfo=at.tzinfo)) if t)
    return at < ended


def lift_time(written_at: datetime, now: datetime) -> datetime:
    """Return when a block ends that was lifted by a command, written then and read `now`.

    Telegram's times are whole seconds. A command counts from the end of its own, so that no message of
    the same second that was written before it is let out.
    """
    if written_at.microsecond or written_at > now:
        return written_at
    return min(written_at + _SECOND - _MOMENT, now)


def is_in_force(block: Block, now: datetime) -> bool:
    """Tell whether `block` runs now.

    When it began is not looked at: one that begins later is of a clock that was ahead of this one.
    """
    return block.lifted_at is None and (block.expires_at is None or now < block.expires_at)


def is_held(blocks: Iterable[Block], written_at: datetime, now: datetime) -> bool:
    """Tell whether a message is held: its customer was blocked when it was written, or is now.

    So a block that ends does not let out what was written under it, and one that begins while a
    message waits still catches it.
    """
    return any(holds(block, written_at) or is_in_force(block, now) for block in blocks)
