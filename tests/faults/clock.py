"""maubot's clock, which goes on by as much as a fault would otherwise have to wait."""

from __future__ import annotations

from stack.system import System


class Clock:
    """Ahead of the real one, more and more."""

    def __init__(self, system: System) -> None:
        self._watch = system.maubot.watch
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Let as much time pass, at once."""
        self._ahead += seconds
        self._watch.move_clock(self._ahead)
