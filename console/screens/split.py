"""A list with its selected row in full: beside it where there is room, else below."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widget import Widget

from ..api.models import Ticket
from ..state.facts import Facts
from ..widgets.detail import Detail
from ..widgets.listing import Listing
from .base import BaseScreen
from .conversation import ConversationScreen

T = TypeVar("T")
A = TypeVar("A")

_GATHER = 1.0
"""Seconds that a list waits before it is fetched again because of live changes."""


class SplitScreen(BaseScreen, Generic[T]):
    """Such a screen; a subclass gives the list and the facts of a row."""

    KEYS_TITLE = "Beside the list"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("J,shift+down", "read(3)", "Text down", show=False, tooltip="Scrolls the text of the row"),
        Binding("K,shift+up", "read(-3)", "Text up", show=False, tooltip="Scrolls it back"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 # declared by Textual

    DEFAULT_CSS = """
    SplitScreen .split { height: 1fr; layout: vertical; }
    SplitScreen .split > Detail { height: auto; min-height: 5; max-height: 45%; padding: 0 1; }
    SplitScreen.-wide .split { layout: horizontal; }
    SplitScreen.-wide .split > Listing { width: 1fr; height: 100%; }
    SplitScreen.-wide .split > Detail { width: 38%; height: 100%; max-height: 100%; padding: 0 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._reloading: Timer | None = None

    # What a subclass gives

    def compose_list(self) -> Iterable[Widget]:
        """Give the list, and what stands above it."""
        return ()

    def facts_of(self, row: T) -> Facts:
        """Return what is shown of a row."""
        raise NotImplementedError

    # What it has

    def compose_body(self) -> Iterable[Widget]:
        """Show both halves."""
        *above, rows = self.compose_list()
        yield from above
        yield Container(rows, Detail(id="detail"), classes="split")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.listing.focus()

    @property
    def listing(self) -> Listing[T]:
        """Return the list."""
        return self.query_one(Listing)

    def put(self, row: T) -> None:
        """Bring a row's new state into the list, and beside it if it is the selected one."""
        self.listing.put(row)
        selected = self.listing.selected
        if selected is not None and self._key(selected) == self._key(row):
            self.query_one(Detail).show(self.facts_of(row))

    @staticmethod
    def _key(row: Any) -> str:
        return str(row.id)

    @on(Listing.Moved)
    def show_detail(self) -> None:
        """Show the selected row in full."""
        row = self.listing.selected
        self.query_one(Detail).show(None if row is None else self.facts_of(row))

    def time_passed(self) -> None:
        """Show what depends on the time anew, the row in full, too."""
        super().time_passed()
        self.show_detail()

    def reload_soon(self) -> None:
        """Fetch the list again, once for many changes."""
        if self._reloading is None:
            self._reloading = self.set_timer(_GATHER, self._reload)

    def _reload(self) -> None:
        self._reloading = None
        self.listing.reload()

    def action_read(self, lines: int) -> None:
        """Move within a long text while the list keeps the focus."""
        self.query_one(Detail).scroll_relative(y=lines, animate=False)

    def ask(self, dialog: ModalScreen[A | None], then: Callable[[A], object]) -> None:
        """Show a dialog; an answer that is not empty is handed on."""

        def answered(answer: A | None) -> None:
            if answer is not None and answer is not False:
                then(answer)

        self.app.push_screen(dialog, answered)

    def open_ticket(self, number: int | None) -> None:
        """Go to a ticket's conversation."""
        if number is None:
            self.say("There is no ticket to open.")
            return

        def then(ticket: Ticket) -> None:
            # Not over whatever one has gone on to while a slow desk was asked.
            if self.is_current:
                self.app.push_screen(ConversationScreen(ticket))

        self.act(f"#{number} not opened", lambda: self.client.ticket(number), then=then)
