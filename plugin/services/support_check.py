"""Is this really support? A handle, or a message, that a customer met somewhere else."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from ..db.database import Database
from ..domain.errors import TextEmpty
from ..domain.text import normalise, refuse_too_long

_LONGEST_HANDLE = 100
_PREFIX = re.compile(r"(?:(?:https?://)?(?:www\.)?(?:t|telegram)\.me/)?@?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class CheckedHandle:
    """Whether a handle is one of the team's."""

    official: bool


@dataclass(frozen=True, kw_only=True)
class CheckedMessage:
    """Whether a moderator said exactly this to this customer, here."""

    in_conversation: bool


class SupportCheck:
    """Answers yes or no, and nothing by which the team could be listed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, customer_id: str, text: str) -> CheckedHandle | CheckedMessage:
        """Say what is known of a pasted text: one word is a handle, anything else a message.

        Raises:
            TextEmpty, TextTooLong
        """
        refuse_too_long(text)
        words = normalise(text).split()
        if not words:
            raise TextEmpty
        if len(words) == 1 and len(words[0]) <= _LONGEST_HANDLE:
            return CheckedHandle(official=await self._is_official(_handle(text)))
        return CheckedMessage(in_conversation=await self._was_said(customer_id, words))

    async def _is_official(self, handle: bytes) -> bool:
        async with self._database.snapshot() as tx:
            team = await tx.moderators.list_active()
        # Each is compared, whole and in constant time: how long it takes says nothing of who is near.
        known = [name.encode() for moderator in team for name in moderator.handles]
        return sum([hmac.compare_digest(handle, name) for name in known]) > 0

    async def _was_said(self, customer_id: str, words: list[str]) -> bool:
        """Compare whole messages: a true beginning must not vouch for what was added to it."""
        async with self._database.snapshot() as tx:
            answers = await tx.conversations.list_answers(customer_id)
        return any(normalise(answer).split() == words for answer in answers)


def _handle(text: str) -> bytes:
    """Return a handle without what may stand before it.

    Nothing else is made equal: a letter that only looks like another, or can't be seen, is another.
    """
    handle = text.strip()
    plain = _PREFIX.sub("", handle, count=1).removesuffix("/") if handle.isascii() else handle
    return plain.lower().encode("utf-8", "replace") if plain.isascii() else handle.encode("utf-8", "replace")
