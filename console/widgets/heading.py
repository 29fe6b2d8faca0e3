"""The two lines at the top: where one is, how the connection is, and the sections with their numbers."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widget import Widget

from ..state.desk import Desk
from ..state.plain import plain
from ..state.sections import SECTIONS, Section

_WIDE = 110
"""Columns from which on there is room for everything."""

_STATES = {
    "live": ("●", "live", "$text-success"),
    "connecting": ("◌", "connecting …", "$text-warning"),
    "lost": ("✗", "offline", "$text-error"),
}


class Heading(Widget):
    """Desk, moderator and connection, and below them the tabs."""

    DEFAULT_CSS = """
    Heading { dock: top; height: 2; width: 100%; text-wrap: nowrap; }
    """

    def __init__(self, desk: Desk, section: str, place: str = "") -> None:
        super().__init__()
        self._desk, self._section, self._place = desk, section, place
        self.is_busy = False

    def set_place(self, place: str) -> None:
        """Say where within the section one is."""
        self._place = place
        self.refresh()

    def render(self) -> Content:
        """Return both lines."""
        width = self.size.width
        return Content.assemble(self._top(width), "\n", *(tab for _, tab in self._tabs(width)))

    def _top(self, width: int) -> Content:
        desk = self._desk
        right = self._state(width)
        left = Content.styled(" Headset", "bold $primary")
        if width >= _WIDE or not self._place:
            left = Content.assemble(left, (" · ", "$text-muted"), plain(desk.me.desk))
        if self._place:
            left = Content.assemble(left, (" › ", "$text-muted"), (self._place, "bold"))
        room = max(0, width - right.cell_length - 1)
        return Content.assemble(left.truncate(room, ellipsis=True, pad=True), right, " ")

    def _state(self, width: int) -> Content:
        desk = self._desk
        mark, word, colour = _STATES[desk.connection.state]
        if desk.connection.state == "lost" and desk.connection.reason and width >= _WIDE:
            word = f"offline, trying again: {plain(desk.connection.reason)}"
        elif desk.connection.state == "lost":
            word = "offline, trying again"
        parts: list[Content | str | tuple[str, str]] = [("⋯ ", "$text-muted")] if self.is_busy else []
        if desk.health is not None and desk.health.status != "ok" and desk.connection.state == "live":
            parts += [(f"! {desk.health.status}  ", "$text-warning")]
        return Content.assemble(
            *parts, (f"{mark} {word}", f"bold {colour}"), ("  ", ""), plain(desk.me.moderator.name)
        )

    def _tabs(self, width: int) -> list[tuple[str, Content]]:
        """Return the tabs as long as there is room for."""
        for gap, is_short in ((" ", False), (" ", True), ("", True)):
            tabs = [(each.name, self._tab(each, gap, is_short=is_short)) for each in SECTIONS]
            if sum(tab.cell_length for _, tab in tabs) <= width:
                break
        return tabs

    def _tab(self, section: Section, gap: str, *, is_short: bool) -> Content:
        number = self._desk.number_of(section.name)
        title = section.short if is_short else section.title
        count = "" if number is None else f" {number}" if number < 1000 else " 999+"
        if section.name == self._section:
            return Content.styled(f" {section.key} {title}{count} {gap}", "bold $background on $primary")
        parts = [(f" {section.key}", "$primary"), (f" {title}", ""), (count, "bold $text-warning"), (gap, "")]
        return Content.assemble(*(part for part in parts if part[0]))

    def on_click(self, event: events.Click) -> None:
        """Go to the section that is clicked on."""
        end = 0
        for name, tab in self._tabs(self.size.width) if event.y == 1 else ():
            end += tab.cell_length
            if event.x < end:
                self.app.run_worker(self.app.run_action(f"go({name!r})"))
                return
