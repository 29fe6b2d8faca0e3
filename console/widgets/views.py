"""Which of a few lists is shown, on one line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Views(Widget):
    """The names of the lists, the one that is shown marked; what else is to say on the right."""

    DEFAULT_CSS = """
    Views { height: 1; width: 100%; text-wrap: nowrap; padding: 0 1; }
    """

    current: reactive[str] = reactive("")
    said: reactive[str] = reactive("")

    def __init__(self, names: Sequence[str], *, key: str = "") -> None:
        """`key` is what turns to the next one."""
        super().__init__()
        self._names, self._key = names, key
        self.set_reactive(Views.current, names[0])

    def turn(self) -> str:
        """Mark the next one and return it."""
        self.current = self._names[(self._names.index(self.current) + 1) % len(self._names)]
        return self.current

    def render(self) -> Content:
        """Return the line."""
        tabs = [
            Content.styled(f" {name} ", "bold reverse $primary" if name == self.current else "$text-muted")
            for name in self._names
        ]
        line = Content(" ").join(tabs)
        if self._key:
            line = Content.assemble(line, "  ", (self._key, "bold $primary"), (" view", "$text-muted"))
        right = Content.styled(self.said, "$text-muted")
        gap = self.size.width - line.cell_length - right.cell_length
        return Content.assemble(line, " " * gap, right) if gap > 0 else line.truncate(self.size.width)
