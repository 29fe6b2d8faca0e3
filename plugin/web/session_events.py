"""What the stream of a customer's session tells."""

from __future__ import annotations

from collections.abc import Collection

from ..domain.model import Session
from ..services.conversations import ConversationService
from .schemas import event_block
from .stream import Stretch


class SessionEvents:
    """The events of the conversation that a session stands for."""

    __slots__ = ("_conversations", "owner", "topic")
    rest, together = 0.0, True

    def __init__(self, conversations: ConversationService, session: Session) -> None:
        self._conversations = conversations
        self.owner, self.topic = session.id, session.customer_id

    async def begin(self, wished: int | None) -> int:
        """Return the number that the client has, or the newest."""
        newest = await self._conversations.get_last_event(self.topic)
        # A number from before a restored backup is ahead of everything; waiting for it would miss all.
        return newest if wished is None else min(wished, newest)

    async def read(self, after: int, limit: int, owners: Collection[str]) -> Stretch:
        """Return what comes after a number, and which of these sessions are ended."""
        page = await self._conversations.read_events(self.topic, after, limit, owners)
        return Stretch(
            blocks=tuple(event_block(event) for event in page.events),
            numbers=tuple(event.number for event in page.events),
            cursor=page.events[-1].number if page.events else after,
            more=len(page.events) == limit,
            ended=page.ended,
        )
