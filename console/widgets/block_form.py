"""How long somebody is blocked, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import ClassVar, Literal

from textual import events, on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from ..state.block_wish import BlockChoices, BlockWish, Length, preview
from ..state.lengths import EXAMPLES
from ..state.plain import plain
from .dialog import Dialog


class BlockForm(Dialog[BlockWish | None]):
    """A list of lengths, a field for another one, and the reason, which only the team sees."""

    KEYS = (("↑↓", "Length"), ("tab", "Next field"), ("enter", "Block"), ("esc", "Cancel"))

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Block", priority=True)]

    DEFAULT_CSS = """
    BlockForm OptionList {
        height: auto;
        max-height: 7;
        border: none;
        padding: 0;
        background: $surface;
    }
    BlockForm .label {
        margin-top: 1;
        color: $text-muted;
    }
    """

    def __init__(
        self,
        who: str,
        *,
        default: str,
        longest: str | None,
        forever: bool,
        now: Callable[[], datetime],
        kind: Literal["block", "timeout"] = "block",
    ) -> None:
        """The lengths are the desk's: see `me.blocks`."""
        super().__init__(f"{'Time out' if kind == 'timeout' else 'Block'} {who}")
        self._choices = BlockChoices(default=default, longest=longest, forever=forever)
        self._lengths = self._choices.lengths()
        self._now, self._kind = now, kind

    def compose_body(self) -> Iterable[Widget]:
        """Show the lengths and the two fields."""
        yield OptionList(
            *(length.label for length in self._lengths), id="lengths", markup=False, compact=True
        )
        yield Input(placeholder=EXAMPLES, id="duration", select_on_focus=False)
        yield Static("", id="end", classes="hint", markup=False)
        yield Static("Reason, for the team only (may be empty)", classes="label", markup=False)
        yield Input(id="reason", select_on_focus=False)
        yield Static(
            "They see nothing of it. Their messages wait in Held.", id="effect", classes="hint", markup=False
        )

    def on_mount(self) -> None:
        """Begin with the usual length."""
        lengths = self.query_one("#lengths", OptionList)
        lengths.highlighted = 0
        self.set_focus(lengths)
        self._changed()

    @on(OptionList.OptionHighlighted)
    @on(Input.Changed)
    def _changed(self) -> None:
        typed = self._typed
        field, end = self.query_one("#duration", Input), self.query_one("#end", Static)
        field.display = typed
        problem = self._choices.problem(field.value) if typed and field.value else None
        end.set_class(problem is not None, "wrong")
        end.update(problem or preview(self._duration, self._now()))

    def on_key(self, event: events.Key) -> None:
        """Let the first digit of a length go into its field, wherever one stands."""
        field = self.query_one("#duration", Input)
        if field.display and isinstance(self.focused, OptionList) and event.character in tuple("0123456789"):
            self.set_focus(field)
            field.insert_text_at_cursor(event.character or "")
            event.stop()

    @property
    def _length(self) -> Length:
        return self._lengths[self.query_one("#lengths", OptionList).highlighted or 0]

    @property
    def _typed(self) -> bool:
        return self._length.duration is None and not self._length.forever

    @property
    def _duration(self) -> str | None:
        return self.query_one("#duration", Input).value.strip() if self._typed else self._length.duration

    def action_submit(self) -> None:
        """Give the wish, or say what is wrong with it."""
        self.after_typing(self._submit)

    def _submit(self) -> None:
        field = self.query_one("#duration", Input)
        problem = self._choices.problem(field.value) if self._typed else None
        if problem:
            end = self.query_one("#end", Static)
            end.add_class("wrong")
            end.update(problem)
            self.set_focus(field)
            return
        self.dismiss(
            BlockWish(
                kind=self._kind,
                duration=self._duration,
                forever=self._length.forever,
                reason=plain(self.query_one("#reason", Input).value).strip() or None,
            )
        )
