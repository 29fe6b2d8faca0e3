"""The desk in numbers: what is to do, how fast it is done, and whether all its parts work."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget

from ..api.events import Event
from ..api.records import Stats
from ..state.desk import Change
from ..widgets.figures import Figures
from .base import BaseScreen


class OverviewScreen(BaseScreen):
    """Numbers, hours and health."""

    def compose_body(self) -> Iterable[Widget]:
        """Show the figures."""
        yield VerticalScroll(Figures(), id="overview")

    def on_mount(self) -> None:
        """Show what is known already, and ask for the newest."""
        self._show(self.desk.stats)
        self.query_one("#overview").focus()

    def on_screen_resume(self) -> None:
        """Ask again when somebody looks."""
        self.refresh_all()

    def refresh_all(self) -> None:
        """Fetch the numbers again."""
        self.act("Numbers not loaded", self.client.stats, then=self._take)

    def _take(self, stats: Stats) -> None:
        self.desk.count(stats)
        self.heading_changed()

    def take(self, item: Event, changes: set[Change]) -> None:
        """Have the numbers counted again, soon."""
        if changes & {"tickets", "health"}:
            self.shell.counts_changed()

    def time_passed(self) -> None:
        """Ask again from time to time: hours pass, too."""
        super().time_passed()
        if self.is_current:
            self.refresh_all()

    def heading_changed(self) -> None:
        """Show the numbers that came."""
        super().heading_changed()
        self._show(self.desk.stats)

    def _show(self, stats: Stats | None) -> None:
        for figures in self.query(Figures):
            figures.show(stats, self.now())
