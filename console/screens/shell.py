"""What screens may ask of the console as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ..api.client import Client
from ..state.desk import Desk
from ..state.storage import Store


class Shell(Protocol):
    """The console, as its screens see it."""

    client: Client
    desk: Desk
    storage: Store

    def now(self) -> datetime:
        """Return the time, aware."""

    def hurry(self) -> None:
        """Try a lost connection again now."""

    def ask_for_login(self) -> None:
        """Say that the token is not valid any more, and ask for a code."""

    def counts_changed(self) -> None:
        """Have the numbers in the tabs fetched again soon."""

    def action_toggle_theme(self) -> None:
        """Change between dark and light, and remember it."""
