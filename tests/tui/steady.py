"""Keys and clicks that have been dealt with: by the app's queues, and not by how busy the machine looks."""

from __future__ import annotations

import unicodedata
from typing import Any

from textual import events
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

from stack.conditions import PATIENCE

_ROUNDS = 30
"""How often everything may have something new to do, before one goes on: an app that never rests would."""


class SteadyPilot(Pilot[Any]):
    """Goes on when every widget has dealt with what it had to.

    Textual's own goes on when this process has used little of the processor for 20 ms. Beside others it then
    goes on before a key was dealt with; and where the plugin works in the same process, it waits seconds.
    """

    async def press(self, *keys: str) -> None:
        """Press keys, each once the one before has been dealt with."""
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            event = _event(key)
            event.set_sender(self.app)
            driver.send_message(event)
            await self.pause()

    async def pause(self, delay: float | None = None) -> None:
        """Return when nothing is left to do but what is awaited from outside, and what has a time."""
        assert delay is None, "there is nothing to wait for but conditions"
        quiet = 0
        for _ in range(_ROUNDS):
            if not await self._wait_for_screen(PATIENCE) or not self.app.is_running:
                return
            # With two apps in one test this is within the other one's context.
            with self.app._context():
                self.app.screen._on_timer_update()
            quiet = quiet + 1 if self._is_quiet() else 0
            if quiet == 2:
                return

    def _is_quiet(self) -> bool:
        screen = self.app.screen
        pumps = [self.app, *screen.walk_children(with_self=True)]
        waiting = any(not pump._message_queue.empty() or pump._next_callbacks for pump in pumps)
        return not waiting and not screen._callbacks


def _event(key: str) -> events.Key:
    """Return what a terminal says of a key, which is named as Textual's own pilot wants it."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        character = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        character = key if len(key) == 1 else None
    return events.Key(key, character)
