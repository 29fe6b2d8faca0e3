"""The frame of every dialog: a title, what is asked, and the keys that answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from ..state.plain import plain

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A question over the screen that asks it; Escape answers with nothing."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys and what they do, for the last line."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
    }
    Dialog > #frame {
        width: 64;
        max-width: 94%;
        height: auto;
        max-height: 90%;
        padding: 1 2;
        background: $surface;
        border: round $primary;
    }
    Dialog.-danger > #frame {
        border: round $error;
    }
    Dialog #title {
        text-style: bold;
        height: auto;
        max-height: 2;
        margin-bottom: 1;
    }
    Dialog #keys {
        height: auto;
        margin-top: 1;
        color: $text-muted;
    }
    Dialog .wrong {
        height: auto;
        color: $text-error;
    }
    Dialog .hint {
        height: auto;
        color: $text-muted;
    }
    Dialog Input, Dialog TextArea {
        height: 1;
        padding: 0 1;
        border: none;
        border-left: outer $border-blurred;
        background: $panel;
    }
    Dialog Input:focus, Dialog TextArea:focus {
        border: none;
        border-left: outer $primary;
    }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = plain(title)

    def compose(self) -> ComposeResult:
        """Show the frame."""
        with Vertical(id="frame"):
            yield Static(self._title, id="title", markup=False)
            yield from self.compose_body()
            yield Static(_keys(self.KEYS), id="keys")

    def compose_body(self) -> Iterable[Widget]:
        """Give what is between the title and the keys."""
        return ()

    def after_typing(self, act: Callable[[], object]) -> None:
        """Act once the field has all that was typed before: keys of one burst wait in its queue."""

        def unless_answered() -> None:
            if self.is_current:
                act()

        (self.focused or self).call_later(unless_answered)

    def action_cancel(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)


def _keys(keys: Iterable[tuple[str, str]]) -> Content:
    parts: list[tuple[str, str]] = []
    for key, what in keys:
        parts += [(key, "$footer-key-foreground bold"), (f" {what}   ", "")]
    return Content.assemble(*parts).rstrip()
