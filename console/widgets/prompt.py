"""Asking for a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from ..state.plain import plain
from .dialog import Dialog


def anything(_text: str) -> str | None:
    """Find nothing wrong with a text."""
    return None


class Prompt(Dialog[str | None]):
    """One field, of one line or of several; what is wrong with it shows below it while one types."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", priority=True)]

    DEFAULT_CSS = """
    Prompt TextArea {
        height: 10;
    }
    Prompt #label {
        height: auto;
        color: $text-muted;
    }
    """

    def __init__(
        self,
        title: str,
        *,
        label: str = "",
        value: str = "",
        limit: int | None = None,
        lines: bool = False,
        check: Callable[[str], str | None] = anything,
        yes: str = "Save",
    ) -> None:
        """`check` says what is wrong with a text, or None; `limit` counts characters."""
        super().__init__(title)
        self._label, self._value = plain(label, lines=True), plain(value, lines=lines)
        self._limit, self._lines, self._check = limit, lines, check
        self.KEYS = (("ctrl+s" if lines else "enter", yes), ("esc", "Cancel"))  # type: ignore[misc]

    def compose_body(self) -> Iterable[Widget]:
        """Show the field."""
        if self._label:
            yield Static(self._label, id="label", markup=False)
        if self._lines:
            yield TextArea(self._value, id="field", soft_wrap=True, tab_behavior="focus")
        else:
            yield Input(self._value, id="field", select_on_focus=False)
        yield Static("", id="problem", classes="wrong", markup=False)

    def on_mount(self) -> None:
        """Stand in the field, after what is in it."""
        field = self.query_one("#field")
        self.set_focus(field)
        if isinstance(field, TextArea):
            field.move_cursor(field.document.end)
        self.query_one("#problem").display = False

    @property
    def text(self) -> str:
        """What stands in the field."""
        field = self.query_one("#field")
        return field.text if isinstance(field, TextArea) else field.value if isinstance(field, Input) else ""

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self) -> None:
        # An empty field is no mistake until it is saved.
        self._show(self._problem() if self.text else None)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._save()

    def action_save(self) -> None:
        """Give the text, unless something is wrong with it."""
        self.after_typing(self._save)

    def _save(self) -> None:
        problem = self._problem()
        self._show(problem)
        if problem is None:
            self.dismiss(self.text.strip())

    def _problem(self) -> str | None:
        text = self.text.strip()
        if self._limit is not None and len(text) > self._limit:
            return f"{len(text)} characters; {self._limit} are allowed"
        return self._check(text)

    def _show(self, problem: str | None) -> None:
        line = self.query_one("#problem", Static)
        line.update(problem or "")
        line.display = problem is not None
