"""The two lines at the top: where one is, how the connection is, and the sections with their numbers."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widget import Widget

from ..state.desk import Desk
from ..state.plain import plain
from ..state.sections import SECTIONS

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
        return Content.assemble(self._top(width), "\n", self._tabs(width))

    def _top(self, width: int) -> Content:
        desk = self._desk
        right = self._state(width)
        left = Content.assemble((" Headset ", "bold $primary"), ("· ", "$text-muted"), plain(desk.me.desk))
        if self._place:
            left = Content.assemble(left, ("  ›  ", "$text-muted"), (self._place, "bold"))
        room = max(0, width - right.cell_length - 1)
        return Content.assemble(left.truncate(room, ellipsis=True, pad=True), right, " ")

    def _state(self, width: int) -> Content:
        desk = self._desk
        mark, word, colour = _STATES[desk.connection.state]
        if desk.connection.state == "lost" and desk.connection.reason and width >= 110:
            word = f"offline, trying again: {desk.connection.reason}"
        elif desk.connection.state == "lost":
            word = "offline, trying again"
        parts: list[Content | str | tuple[str, str]] = [("⋯ ", "$text-muted")] if self.is_busy else []
        if desk.health is not None and desk.health.status != "ok" and desk.connection.state == "live":
            parts += [(f"! {desk.health.status}  ", "$text-warning")]
        return Content.assemble(
            *parts, (f"{mark} {word}", f"bold {colour}"), ("  ", ""), plain(desk.me.moderator.name)
        )

    def _tabs(self, width: int) -> Content:
        full = [self._tab(section.name, short=False) for section in SECTIONS]
        if sum(tab.cell_length for tab in full) > width:
            full = [self._tab(section.name, short=True) for section in SECTIONS]
        return Content.assemble(*full).truncate(width, pad=True)

    def _tab(self, name: str, *, short: bool) -> Content:
        section = next(section for section in SECTIONS if section.name == name)
        is_here = name == self._section
        title = section.title[:5] if short and not is_here else section.title
        number = self._desk.number_of(name)
        count: list[Content | str | tuple[str, str]] = (
            [(f" {number}", "bold $text-warning")] if number else []
        )
        tab = Content.assemble((f" {section.key}", "$primary"), " ", title, *count, " ")
        return tab.stylize("reverse bold" if is_here else "") if is_here else tab

    def on_click(self, event: events.Click) -> None:
        """Go to the section that is clicked on."""
        if event.y != 1:
            return
        end = 0
        is_short = (
            sum(self._tab(section.name, short=False).cell_length for section in SECTIONS) > self.size.width
        )
        for section in SECTIONS:
            end += self._tab(section.name, short=is_short).cell_length
            if event.x < end:
                self.app.run_worker(self.app.run_action(f"go({section.name!r})"))
                return
