"""Asking once more before something that can't be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from ..state.plain import plain
from .dialog import Dialog


class Confirm(Dialog[bool | None]):
    """Yes or no, with the text that it is about, if any."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("down,j", "scroll(1)", "Down"),
        Binding("up,k", "scroll(-1)", "Up"),
        Binding("pagedown,space", "scroll(10)", "Page down"),
        Binding("pageup", "scroll(-10)", "Page up"),
    ]

    DEFAULT_CSS = """
    Confirm #text {
        height: auto;
        max-height: 12;
        padding: 0 1;
        margin-bottom: 1;
        border-left: outer $primary;
        background: $panel;
    }
    Confirm #text Static {
        height: auto;
    }
    Confirm #question {
        height: auto;
        max-height: 4;
    }
    """

    def __init__(
        self, title: str, *, text: str = "", question: str = "", yes: str = "Yes", danger: bool = False
    ) -> None:
        """`text` is what somebody wrote, `question` is ours; `danger` colours the frame."""
        super().__init__(title)
        self._text, self._question = plain(text, lines=True), plain(question, lines=True)
        self.KEYS = (("y", yes), ("n", "No"))  # type: ignore[misc] # the word is this dialog's own
        self.set_class(danger, "-danger")

    def compose_body(self) -> Iterable[Widget]:
        """Show the text and the question."""
        if self._text:
            yield VerticalScroll(Static(self._text, markup=False), id="text", can_focus=False)
        if self._question:
            yield Static(self._question, id="question", markup=False)

    def action_answer(self, answer: bool) -> None:
        """Take the answer."""
        self.dismiss(answer)

    def action_scroll(self, lines: int) -> None:
        """Move within the text."""
        if self._text:
            self.query_one("#text").scroll_relative(y=lines, animate=False)
