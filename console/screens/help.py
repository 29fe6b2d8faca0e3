"""Every key of the screen below."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from ..widgets.keybar import Command, all_commands

_KEYS = 15
"""Cells for the keys."""


class HelpScreen(ModalScreen[None]):
    """A list of keys in groups."""

    KEYS_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "Close", tooltip="Closes this"),
        Binding("down,j", "scroll(1)", "Down", show=False, tooltip="Shows more"),
        Binding("up,k", "scroll(-1)", "Up", show=False, tooltip="Shows what was above"),
    ]

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """Show the groups."""
        with VerticalScroll(id="frame") as frame:
            frame.border_title = "Keys"
            frame.border_subtitle = "esc closes"
            groups = all_commands(self.app, self._about)
            for title, commands in groups:
                yield Static(_group(title, commands), classes="group")

    def action_scroll(self, by: int) -> None:
        """Show more of a long list."""
        self.query_one("#frame").scroll_relative(y=by, animate=False)


def _group(title: str, commands: list[Command]) -> Content:
    lines: list[Content] = [Content.styled(title, "bold $text-accent")]
    for command in commands:
        keys = Content.styled("  " + " ".join(command.keys), "bold $primary")
        words = command.help or command.name
        lines.append(
            Content.assemble(keys.truncate(_KEYS, pad=True) if keys.cell_length < _KEYS else keys, " ", words)
        )
    return Content("\n").join(lines)
