"""Asking for a new code when the desk does not know the login any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from ..api.client import exchange_code
from ..api.errors import DeskError
from ..api.records import NewToken
from ..state.plain import plain
from ..widgets.dialog import Dialog


class LoginScreen(Dialog[NewToken | None]):
    """One line for the code; what was typed elsewhere stays where it is."""

    KEYS_TITLE = "Login"
    KEYS = (("enter", "Log in"), ("esc", "Later"), ("ctrl+q", "Quit"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "app.quit", "Quit", tooltip="Quits; drafts are kept"),
        Binding("escape", "later", "Later", tooltip="Goes on without the desk; nothing can be sent"),
    ]

    def __init__(self, url: str) -> None:
        super().__init__("Log in again")
        self._url = url
        self._is_asking = False

    def compose_body(self) -> Iterable[Widget]:
        """Show what happened and where to get a code."""
        yield Static(
            plain(
                f"The desk at {self._url} does not know this login any more. Nothing that you typed is lost."
            ),
            markup=False,
        )
        yield Static("Ask the bot for a code: !headset token", classes="hint", markup=False)
        yield Input(placeholder="Code", id="code")
        yield Static("", id="wrong", classes="wrong", markup=False)

    @on(Input.Submitted)
    def log_in(self, event: Input.Submitted) -> None:
        """Exchange the code."""
        code = event.value.strip()
        if code and not self._is_asking:
            self._is_asking = True
            self.query_one("#wrong", Static).update("Asking the desk …")
            self.run_worker(self._exchange(code), exclusive=True)

    async def _exchange(self, code: str) -> None:
        try:
            new = await exchange_code(self._url, code)
        except DeskError as error:
            self.query_one("#wrong", Static).update(plain(f"Not logged in. {error.detail}"))
        else:
            self.dismiss(new)
        finally:
            self._is_asking = False

    def action_later(self) -> None:
        """Go on without the desk."""
        self.dismiss(None)
