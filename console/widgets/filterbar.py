"""The line that says which tickets are shown, and how they are sorted."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ..state.filters import FILTERS


class FilterBar(Widget):
    """Tabs with their keys on the left, the order on the right."""

    DEFAULT_CSS = """
    FilterBar { height: 1; width: 100%; text-wrap: nowrap; padding: 0 1; }
    """

    current: reactive[str] = reactive("open")
    said: reactive[str] = reactive("")
    """What stands on the right."""

    class Chosen(Message):
        """A tab was clicked on."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def render(self) -> Content:
        """Return the line."""
        room = self.size.width
        tabs = self._tabs(room)
        right = Content.styled(self.said, "$text-muted")
        used = sum(tab.cell_length for _, tab in tabs)
        gap = room - used - right.cell_length
        line = Content.assemble(*(tab for _, tab in tabs))
        return Content.assemble(line, " " * gap, right) if gap > 0 else line.truncate(room)

    def _tabs(self, room: int) -> list[tuple[str, Content]]:
        full = [(each.name, self._tab(each.title, each.name)) for each in FILTERS]
        if sum(tab.cell_length for _, tab in full) <= room - len(self.said):
            return full
        return [(each.name, self._tab(each.title.split()[0], each.name)) for each in FILTERS]

    def _tab(self, title: str, name: str) -> Content:
        if name == self.current:
            return Content.assemble((f" {title} ", "bold reverse $primary"), " ")
        # A key is its title's first letter, so that one mark says both.
        return Content.assemble(" ", (title[0], "underline bold $primary"), title[1:], "  ")

    def on_click(self, event: events.Click) -> None:
        """Choose the tab that is clicked on."""
        end = self.styles.padding.left
        for name, tab in self._tabs(self.size.width):
            end += tab.cell_length
            if event.x < end:
                self.post_message(self.Chosen(name))
                return
