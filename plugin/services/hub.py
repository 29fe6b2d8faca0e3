"""Wakes the streams of customers and of moderators. The database is the truth; a wake-up is only a hint."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

TEAM = "team"
"""What the moderators' streams wait for, in the place of a customer's id."""


class Hub:
    """Streams that are open in this process, by customer, and the moderators' together."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def subscribed(self, customer_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever the customer's conversation may have moved on."""
        woken = asyncio.Event()
        self._waiting.setdefault(customer_id, set()).add(woken)
        try:
            yield woken
        finally:
            others = self._waiting[customer_id]
            others.discard(woken)
            if not others:
                del self._waiting[customer_id]

    def wake_team(self) -> None:
        """Tell the moderators' streams to look."""
        self.wake(TEAM)

    def wake_all(self) -> None:
        """Tell every stream to look."""
        for topic in self._waiting:
            self.wake(topic)

    def wake(self, customer_id: str) -> None:
        """Tell the customer's streams to look."""
        for woken in self._waiting.get(customer_id, ()):
            woken.set()
