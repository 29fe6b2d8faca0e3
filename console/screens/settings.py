"""What a moderator chooses for themselves; kept over a restart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from .base import BaseScreen

SWITCHES = {
    "notify_tickets": "Notices of new tickets",
    "notify_direct": "Notices of direct messages",
    "notify_failed": "Notices of failed deliveries",
    "bell": "The terminal's bell with each notice",
}


class SettingsScreen(BaseScreen):
    """The theme, and each notice on or off."""

    PLACE = "Settings"
    KEYS_TITLE = "Settings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "turn", "Change", priority=True, tooltip="Changes the selected setting"),
        Binding("j", "move('cursor_down')", "Down", show=False, tooltip="The next setting"),
        Binding("k", "move('cursor_up')", "Up", show=False, tooltip="The setting before"),
        Binding("escape", "back", "Back", tooltip="Goes back"),
    ]

    DEFAULT_CSS = """
    SettingsScreen OptionList {
        height: auto; max-height: 100%; margin: 1 2 0 2; padding: 0; border: none; background: $background;
    }
    SettingsScreen .hint { margin: 1 2; color: $text-muted; }
    """

    def compose_body(self) -> Iterable[Widget]:
        """Show the settings."""
        yield OptionList(id="settings", markup=False, compact=True)
        yield Static("Kept on this computer, for all your logins.", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin with the first."""
        self._show()
        rows = self.query_one(OptionList)
        rows.highlighted = 0
        rows.focus()

    def _show(self) -> None:
        rows = self.query_one(OptionList)
        at = rows.highlighted
        rows.clear_options()
        rows.add_options([Option(_row("Theme", self.app.theme.removeprefix("headset-")), id="theme")])
        for name, title in SWITCHES.items():
            is_on = bool(getattr(self.storage.settings, name))
            rows.add_option(Option(_row(title, "on" if is_on else "off"), id=name))
        rows.highlighted = at

    @on(OptionList.OptionSelected)
    def clicked(self) -> None:
        """Change what is clicked on."""
        self.action_turn()

    def action_turn(self) -> None:
        """Change the selected setting."""
        rows = self.query_one(OptionList)
        if rows.highlighted is None:
            return
        name = rows.get_option_at_index(rows.highlighted).id or ""
        if name == "theme":
            self.shell.action_toggle_theme()
        else:
            self.storage.change(**{name: not getattr(self.storage.settings, name)})
        self._show()

    def action_move(self, how: str) -> None:
        """Go to another setting."""
        getattr(self.query_one(OptionList), f"action_{how}")()


def _row(title: str, value: str) -> Content:
    colour = "$text-muted" if value == "off" else "bold $text-success"
    return Content.assemble((f" {value:<6}", colour), title)
