"""Choosing one of many by typing a few letters of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option as Row

from ..state import fuzzy
from ..state.plain import plain
from .dialog import Dialog

T = TypeVar("T")

_LONGEST = 200
"""Characters of a label or a detail that are shown; more does not fit anyway."""


@dataclass(frozen=True, kw_only=True)
class Option(Generic[T]):
    """One entry."""

    value: T
    label: str
    detail: str = ""
    """Shown after the label, not searched."""


class Choice(Dialog[T | None], Generic[T]):
    """A list that gets shorter with every letter."""

    KEYS = (("↑↓", "Move"), ("enter", "Choose"), ("esc", "Cancel"))

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move('cursor_down')", "Down", priority=True),
        Binding("up,ctrl+p", "move('cursor_up')", "Up", priority=True),
        Binding("pagedown", "move('page_down')", "Page down", priority=True),
        Binding("pageup", "move('page_up')", "Page up", priority=True),
    ]

    DEFAULT_CSS = """
    Choice OptionList {
        height: auto;
        max-height: 12;
        margin-top: 1;
        border: none;
        padding: 0;
        background: $surface;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    Choice #none {
        margin-top: 1;
        padding: 0 1;
        color: $text-muted;
    }
    """

    def __init__(
        self,
        title: str,
        options: Sequence[Option[T]],
        *,
        placeholder: str = "Type to filter",
        empty: str = "Nothing to choose from",
    ) -> None:
        super().__init__(title)
        self._labels = [(option, plain(option.label)[:_LONGEST]) for option in options]
        self._shown: list[Option[T]] = []
        self._placeholder, self._empty = placeholder, empty

    def compose_body(self) -> Iterable[Widget]:
        """Show the field and the list."""
        yield Input(placeholder=self._placeholder, id="filter")
        rows = OptionList(id="options", markup=False, compact=True)
        rows.can_focus = False
        yield rows
        yield Static(self._empty, id="none", markup=False)

    def on_mount(self) -> None:
        """Show all."""
        self._filter("")

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        self._filter(event.value)

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        at = self.query_one("#options", OptionList).highlighted
        if at is not None:
            self.dismiss(self._shown[at].value)

    @on(OptionList.OptionSelected, "#options")
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].value)

    def action_move(self, how: str) -> None:
        """Move the list's cursor while the field keeps the focus."""
        rows = self.query_one("#options", OptionList)
        getattr(rows, f"action_{how}")()

    def _filter(self, query: str) -> None:
        found = fuzzy.pick(query, self._labels, lambda pair: pair[1])
        self._shown = [option for (option, _label), _places in found]
        rows = self.query_one("#options", OptionList)
        rows.clear_options()
        rows.add_options(
            Row(_row(label, places, plain(option.detail)[:_LONGEST])) for (option, label), places in found
        )
        rows.highlighted = 0 if found else None
        rows.display = bool(found)
        nothing = self.query_one("#none", Static)
        nothing.display = not found
        nothing.update("Nothing fits" if self._labels else self._empty)


def _row(label: str, places: Sequence[int], detail: str) -> Content:
    row = Content(label)
    for place in places:
        row = row.stylize("bold underline", place, place + 1)
    return Content.assemble(row, "  ", (detail, "$text-muted")) if detail else row
