"""Somebody's place on the allow-list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Static

from ..api.people import Moderator
from ..state.moderator_text import ModeratorWish, problem, wish_from
from ..state.plain import plain
from .dialog import Dialog


class ModeratorForm(Dialog[ModeratorWish | None]):
    """Name, Telegram id, Matrix id, role."""

    KEYS = (("tab", "Next field"), ("space", "Tick"), ("enter", "Save"), ("esc", "Cancel"))

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "save", "Save", priority=True)]

    DEFAULT_CSS = """
    ModeratorForm .label { color: $text-muted; margin-top: 1; }
    ModeratorForm .label.-first { margin-top: 0; }
    ModeratorForm Checkbox { margin-top: 1; }
    ModeratorForm Checkbox > .toggle--button { color: $panel; background: $panel; }
    ModeratorForm Checkbox.-on > .toggle--button { color: $text-success; background: $panel; }
    """

    def __init__(self, title: str, known: Moderator | None = None) -> None:
        super().__init__(title)
        self._known = known

    def compose_body(self) -> Iterable[Widget]:
        """Show the fields."""
        known = self._known
        yield Static("Name, as customers see it", classes="label -first")
        yield Input(plain(known.name) if known else "", id="name", select_on_focus=False)
        yield Static("Telegram id, a number (Telegram: @userinfobot tells it)", classes="label")
        telegram_id = known.telegram_id if known else None
        yield Input("" if telegram_id is None else str(telegram_id), id="telegram", select_on_focus=False)
        yield Static("Matrix id, such as @alice:example.org", classes="label")
        yield Input(plain(known.mxid or "") if known else "", id="mxid", select_on_focus=False)
        yield Checkbox(
            "Admin: may change this list and end logins",
            known is not None and known.role == "admin",
            id="admin",
            compact=True,
        )
        yield Static("", id="problem", classes="wrong", markup=False)

    def on_mount(self) -> None:
        """Begin with the name."""
        self.query_one("#problem").display = False
        self.set_focus(self.query_one("#name"))

    def _value(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value

    def action_save(self) -> None:
        """Give the entry, or say what is wrong with it."""
        self.after_typing(self._save)

    def _save(self) -> None:
        fields = {name: self._value(name) for name in ("name", "telegram", "mxid")}
        wrong = problem(**fields)
        line = self.query_one("#problem", Static)
        line.update(wrong or "")
        line.display = wrong is not None
        if wrong is None:
            self.dismiss(wish_from(**fields, is_admin=self.query_one("#admin", Checkbox).value))

    @on(Input.Changed)
    def typed(self) -> None:
        """Say nothing of a mistake that is being mended."""
        self.query_one("#problem").display = False
