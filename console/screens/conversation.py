"""One ticket: what was said, and the answer."""

from __future__ import annotations

from ..api.models import Ticket
from .base import BaseScreen


class ConversationScreen(BaseScreen):
    """A ticket's conversation."""

    SECTION = "tickets"
    KEYS_TITLE = "Conversation"

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self._ticket = ticket
