"""What a conversation's pane needs from outside: where messages go, and where drafts are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..api.messages import Held, Message, Note
from ..api.people import Canned
from ..api.records import Page


class Drafts(Protocol):
    """Texts that were begun, kept over a crash."""

    def get(self, key: str) -> str:
        """Return a draft, or nothing."""

    def set(self, key: str, text: str) -> None:
        """Keep a draft."""


class Channel(Protocol):
    """Where a pane's messages come from and go to."""

    key: str
    """Of the drafts, such as `t1042`."""
    answer_to: str
    """Title of the field."""

    async def messages(self, before: str | None) -> Page[Message]:
        """Return the newest page, or the one before a `seq`."""

    async def notes(self) -> Sequence[Note]:
        """Return all notes."""

    async def held(self) -> Sequence[Held]:
        """Return replies that are held."""

    async def answer(self, *, client_id: str, text: str) -> Message | Held:
        """Answer the customer."""

    async def add_note(self, *, client_id: str, text: str) -> Note:
        """Keep a note."""

    async def resend(self, message_id: str) -> Message:
        """Send a failed message again."""

    async def canned(self) -> Sequence[Canned]:
        """Return the canned replies."""

    def variables(self) -> Mapping[str, str]:
        """Return what stands for the variables of a canned reply."""

    def owns(self, about: Message | Note | Held) -> bool:
        """Tell whether something from the stream belongs here."""

    def seen(self, seq: int) -> None:
        """Remember up to where one has read."""
