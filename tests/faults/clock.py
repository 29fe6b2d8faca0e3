"""maubot's clock, which goes on by as much as a fault would otherwise have to wait, or jumps."""

from __future__ import annotations

import time

from stack.system import System


class Clock:
    """The real one, and moved."""

    def __init__(self, system: System) -> None:
        self._watch = system.maubot.watch
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Let as much time pass, at once; negative: set the clock back."""
        self._ahead += seconds
        self._watch.move_clock(self._ahead)

    def now(self) -> float:
        """Return the time that maubot has, in seconds since 1970."""
        return time.time() + self._ahead
