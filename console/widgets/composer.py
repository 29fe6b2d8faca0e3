"""Where one writes: several lines, an answer or a note, and what is wrong with it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static, TextArea

from ..state.plain import plain


class Field(TextArea):
    """The text; Enter sends."""

    KEYS_TITLE = "While writing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", priority=True, tooltip="Sends the answer, or keeps the note"),
        Binding(
            "ctrl+j,alt+enter,shift+enter", "newline", "New line", priority=True, tooltip="Begins a new line"
        ),
        Binding(
            "ctrl+n", "toggle_note", "Note", priority=True, tooltip="Changes between an answer and a note"
        ),
        Binding("ctrl+r", "canned", "Canned", priority=True, tooltip="Chooses a canned reply"),
        Binding(
            "escape",
            "leave",
            "Keys",
            priority=True,
            tooltip="Back to the messages and their keys; the text stays",
        ),
    ]

    class Wish(Message):
        """A key that is about more than the text: `send`, `note`, `canned` or `leave`."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def action_send(self) -> None:
        """Ask for the text to be sent."""
        self.post_message(self.Wish("send"))

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")
        self.scroll_cursor_visible()

    def action_toggle_note(self) -> None:
        """Change between an answer and a note."""
        self.post_message(self.Wish("note"))

    def action_canned(self) -> None:
        """Ask for a canned reply."""
        self.post_message(self.Wish("canned"))

    def action_leave(self) -> None:
        """Go back to the messages."""
        self.post_message(self.Wish("leave"))


class Composer(Widget):
    """A field, its title and one line that says what keys do or what is wrong."""

    DEFAULT_CSS = """
    Composer { height: auto; max-height: 50%; border: round $border-blurred; border-title-color: $text-muted;
        border-subtitle-color: $text-muted; padding: 0 1; background: $background; }
    Composer:focus-within { border: round $primary; border-title-color: $primary; }
    Composer.-note { border: round $warning; border-title-color: $text-warning; }
    Composer Field { height: auto; min-height: 2; max-height: 8; border: none; padding: 0;
        background: $background; }
    Composer Field:focus { border: none; }
    Composer #said { height: auto; display: none; color: $text-error; }
    Composer #said.-shown { display: block; }
    Composer #said.-held { color: $text-warning; }
    """

    class Send(Message):
        """The text is to be sent."""

        def __init__(self, text: str, *, is_note: bool) -> None:
            self.text, self.is_note = text, is_note
            super().__init__()

    class Changed(Message):
        """The text or its kind changed."""

    class Left(Message):
        """One goes back to the messages."""

    class CannedWanted(Message):
        """A canned reply is to be chosen."""

    def __init__(self, *, answer_to: str, limit: int, note_limit: int) -> None:
        super().__init__()
        self._answer_to, self._limit, self._note_limit = answer_to, limit, note_limit
        self.is_note = False

    def compose(self) -> ComposeResult:
        """Show the field."""
        yield Static("", id="said", markup=False)
        yield Field(soft_wrap=True, compact=True, highlight_cursor_line=False)

    def on_mount(self) -> None:
        """Say what one writes."""
        self._say_what()

    @property
    def field(self) -> Field:
        """Return the field."""
        return self.query_one(Field)

    @property
    def text(self) -> str:
        """Return what stands there."""
        return self.field.text

    def set_text(self, text: str, *, is_note: bool | None = None) -> None:
        """Put another text there, with the cursor at its end."""
        if is_note is not None:
            self.set_note(is_note)
        self.field.text = text
        self.field.move_cursor(self.field.document.end)

    def insert(self, text: str) -> None:
        """Put a text where the cursor is."""
        self.field.insert(text)

    def set_answer_to(self, title: str) -> None:
        """Say who is answered now."""
        self._answer_to = title
        self._say_what()

    def set_note(self, is_note: bool) -> None:
        """Write a note, or an answer."""
        self.is_note = is_note
        self.set_class(is_note, "-note")
        self._say_what()

    def say(self, text: str, *, is_wrong: bool = True) -> None:
        """Show what is wrong with the text, or what became of it; nothing takes it away."""
        said = self.query_one("#said", Static)
        said.update(plain(text))
        said.set_class(bool(text), "-shown")
        said.set_class(not is_wrong, "-held")

    def _say_what(self) -> None:
        limit = self._note_limit if self.is_note else self._limit
        title = "Note for the team, never to the customer" if self.is_note else self._answer_to
        used = len(self.text) if self.is_mounted else 0
        self.border_title = Content(plain(title))
        keys = ""
        if not self.has_focus_within:
            keys = "enter to write" if not used else "a draft; enter to go on"
        count = f"{used:,} of {limit:,} characters  " if used > limit * 3 // 4 else ""
        self.border_subtitle = Content.assemble((count, "bold $text-error" if used > limit else ""), keys)

    def on_descendant_focus(self) -> None:
        """Say the keys for writing."""
        self._say_what()

    def on_descendant_blur(self) -> None:
        """Say how to write."""
        self._say_what()

    @on(TextArea.Changed)
    def typed(self) -> None:
        """Count, and let the draft be kept."""
        self._say_what()
        self.post_message(self.Changed())

    @on(Field.Wish)
    def wished(self, event: Field.Wish) -> None:
        """Do what a key asks for."""
        event.stop()
        if event.name == "send":
            self.post_message(self.Send(self.text, is_note=self.is_note))
        elif event.name == "note":
            self.set_note(not self.is_note)
            self.post_message(self.Changed())
        elif event.name == "canned":
            self.post_message(self.CannedWanted())
        else:
            self.post_message(self.Left())
