"""What is known of the selected row, beside or below its list."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ..state.facts import Facts
from ..state.plain import plain

_LABEL = 10
"""Cells for the labels."""


class Detail(VerticalScroll, can_focus=False):
    """Title, facts, words, and what one can do."""

    DEFAULT_CSS = """
    Detail {
        background: $surface;
        padding: 0 1;
        scrollbar-size-vertical: 1;
    }
    Detail Static { height: auto; width: 100%; }
    Detail #detail-words { margin-top: 1; padding: 0 1; border-left: outer $primary-muted; }
    Detail #detail-hint { margin-top: 1; color: $text-warning; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 # Textual's name
        super().__init__(id=id)
        self._shown: Facts | None = None

    def compose(self) -> ComposeResult:
        """Begin empty."""
        yield Static(id="detail-facts")
        yield Static(id="detail-words", markup=False)
        yield Static(id="detail-hint", markup=False)

    def on_mount(self) -> None:
        """Show nothing yet."""
        self.show(None)

    def show(self, facts: Facts | None) -> None:
        """Show something else; the place in the text is kept where only a fact changed."""
        words, hint = self.query_one("#detail-words", Static), self.query_one("#detail-hint", Static)
        if facts is None or self._shown is None or facts.text != self._shown.text:
            words.update(plain(facts.text, lines=True).strip("\n") if facts else "")
            self.scroll_home(animate=False)
        self._shown = facts
        self.query_one("#detail-facts", Static).update(_head(facts) if facts else "")
        hint.update(plain(facts.hint) if facts else "")
        words.display, hint.display = bool(facts and facts.text), bool(facts and facts.hint)


def _head(facts: Facts) -> Content:
    return Content("\n").join([Content.styled(plain(facts.title), "bold"), *_rows(facts.facts)])


def _rows(facts: Iterable[tuple[str, str]]) -> Iterable[Content]:
    for label, value in facts:
        if value:
            name = Content.styled(plain(label), "$text-muted").truncate(_LABEL, ellipsis=True, pad=True)
            yield Content.assemble(name, " ", plain(value))
