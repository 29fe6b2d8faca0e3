"""What screens may ask of the console as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ..api.client import Client
from ..state.config import Settings
from ..state.desk import Desk


class Drafts(Protocol):
    """Texts that were begun and not sent."""

    def get(self, key: str) -> str:
        """Return a draft, or nothing."""

    def set(self, key: str, text: str) -> None:
        """Keep a draft; an empty one is forgotten."""


class ReadMarks(Protocol):
    """Up to where conversations were read."""

    def get(self, number: int) -> int:
        """Return the newest `seq` that was seen of a ticket; 0 if none was."""

    def set(self, number: int, seq: int) -> None:
        """Keep it."""


class Storage(Protocol):
    """What is kept over a restart."""

    @property
    def drafts(self) -> Drafts: ...

    @property
    def read(self) -> ReadMarks: ...

    @property
    def settings(self) -> Settings: ...

    def change(self, **settings: object) -> object:
        """Change settings, by their names."""


class Shell(Protocol):
    """The console, as its screens see it."""

    client: Client
    desk: Desk
    storage: Storage

    def now(self) -> datetime:
        """Return the time, aware."""

    def hurry(self) -> None:
        """Try a lost connection again now."""

    def ask_for_login(self) -> None:
        """Say that the token is not valid any more, and ask for a code."""

    def counts_changed(self) -> None:
        """Have the numbers in the tabs fetched again soon."""
