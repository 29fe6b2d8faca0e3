"""The line of keys at the bottom, and what all keys of a screen are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.binding import Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

_OURS = __name__.partition(".")[0]

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "full_stop": ".",
    "comma": ",",
    "semicolon": ";",
}


@dataclass(frozen=True, kw_only=True)
class Command:
    """What one or several keys do."""

    keys: tuple[str, ...]
    name: str
    help: str


def key_name(key: str) -> str:
    """Return a key as it stands on the screen and in the guide."""
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, _NAMES.get(last, last)])


def commands_of(owner: type[DOMNode]) -> list[Command]:
    """Return the commands that a class of the console's own adds, in their order."""
    bindings = Binding.make_bindings(owner.__dict__.get("BINDINGS", ()))
    keys: dict[str, list[str]] = {}
    first: dict[str, Binding] = {}
    for binding in bindings:
        keys.setdefault(binding.action, []).append(key_name(binding.key))
        first.setdefault(binding.action, binding)
    return [
        Command(keys=tuple(keys[action]), name=binding.description, help=binding.tooltip)
        for action, binding in first.items()
    ]


def groups_of(nodes: Iterable[DOMNode]) -> list[tuple[str, list[Command]]]:
    """Return the commands of screens and widgets under their classes' titles, each class once."""
    groups: dict[type[DOMNode], list[Command]] = {}
    for node in nodes:
        for owner in type(node).__mro__:
            if owner not in groups and owner.__module__.startswith(_OURS) and issubclass(owner, DOMNode):
                groups[owner] = commands_of(owner)
    return [(title_of(owner), commands) for owner, commands in groups.items() if commands]


def title_of(owner: type[DOMNode]) -> str:
    """Return what a group of keys is called."""
    return str(getattr(owner, "KEYS_TITLE", owner.__name__))


class KeyBar(Widget):
    """As many of the keys that work now as fit, most useful first; help is always there."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; width: 100%; padding: 0 1; text-wrap: nowrap; }
    """

    def on_mount(self) -> None:
        """Follow what the focus changes."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[Any]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Return the line."""
        end = self._entry("?", "Help") if self._works("question_mark") else Content("")
        room = self.size.width - end.cell_length - 2
        parts: list[Content] = []
        for key, name in self._active():
            entry = self._entry(key, name)
            if entry.cell_length + 2 > room:
                break
            parts += [entry, Content("  ")]
            room -= entry.cell_length + 2
        return Content.assemble(*parts, " " * max(0, room), "  ", end)

    def _works(self, key: str) -> bool:
        """Tell whether a key is a command now, and not a letter that is typed."""
        focused = self.screen.focused
        name = key_name(key)
        return focused is None or len(name) > 1 or not focused.check_consume_key(key, name)

    def _active(self) -> list[tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action != "help" and self._works(binding.key):
                found.setdefault(binding.action, (key_name(binding.key), binding.description))
        return list(found.values())

    @staticmethod
    def _entry(key: str, name: str) -> Content:
        return Content.assemble((key, "bold $primary"), " ", (name, "$text-muted"))


def all_commands(app: App[Any], screen: Screen[Any]) -> list[tuple[str, list[Command]]]:
    """Return every key of a screen: its own, its widgets', and those that work everywhere."""
    widgets = [node for node in screen.walk_children(Widget) if node.can_focus]
    return groups_of([screen, *widgets, app])
