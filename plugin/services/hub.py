"""Says whose streams may have something new to tell. The database is the truth; this is only a hint."""

from __future__ import annotations

from collections.abc import Callable

TEAM = "team"
"""What the moderators' streams listen for, in the place of a customer's id."""


class Hub:
    """Carries hints inside this process."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str | None], None]] = []

    def listen(self, hear: Callable[[str | None], None]) -> None:
        """Have `hear` called with each customer's id whose conversation may have moved on.

        With TEAM it is the moderators' streams that are to look, and with None all.
        """
        self._listeners.append(hear)

    def wake_team(self) -> None:
        """Tell the moderators' streams to look."""
        self.wake(TEAM)

    def wake_all(self) -> None:
        """Tell every stream to look."""
        self._tell(None)

    def wake(self, customer_id: str) -> None:
        """Tell the customer's streams to look."""
        self._tell(customer_id)

    def _tell(self, topic: str | None) -> None:
        for hear in self._listeners:
            hear(topic)
