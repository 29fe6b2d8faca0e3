"""The journal that the team's page follows: every new, edited and deleted message, numbered."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

from .model import Chat
from .store import Store


class Entry(NamedTuple):
    """One line of the journal."""

    number: int
    event: str
    """"new", "edited" or "deleted"."""
    body: str
    """A message as JSON; of a deleted one only the id."""


class Journal:
    """Appends entries in the store's transaction, and wakes those who follow once it is committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = asyncio.Event()
        self.closed = False

    def append(self, chat: Chat, event: str, message: dict[str, Any]) -> None:
        self._store.append_journal(chat.id, event, json.dumps(message, ensure_ascii=False))

    def read_after(self, chat: Chat, number: int) -> list[Entry]:
        return [Entry(*row) for row in self._store.load_journal_after(chat.id, number)]

    @property
    def last_number(self) -> int:
        return self._store.last_journal_number()

    @property
    def next_change(self) -> asyncio.Event:
        """The event to wait for; take it before reading, so that nothing falls between."""
        return self._changed

    def wake_followers(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def close(self) -> None:
        self.closed = True
        self.wake_followers()
