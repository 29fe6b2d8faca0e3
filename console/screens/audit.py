"""The audit log: who did what, to whom, and when, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from ..api.events import Event
from ..api.people import AuditEntry
from ..api.records import Page
from ..state import audit_text
from ..state.desk import Change
from ..state.facts import Facts, moment
from ..state.plain import plain
from ..widgets.columns import Column
from ..widgets.listing import Listing
from .split import SplitScreen

_SILENT = ("health.changed", "message.delivery", "stranger.created")
"""Events that no act of a person is behind."""


class AuditScreen(SplitScreen[AuditEntry]):
    """The log, newest first; what is typed narrows it down, within what is loaded."""

    KEYS_TITLE = "Audit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", tooltip="Shows only what has these words, as you type"),
        Binding("m", "more", "Load more", tooltip="Loads older entries to be filtered, too"),
        Binding("escape", "leave", "All", show=False, tooltip="Ends the filter"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._loaded: dict[str, AuditEntry] = {}
        self._next: str | None = None
        self._words: list[str] = []

    def compose_list(self) -> Iterable[Widget]:
        """Show the line for the filter while it is wanted, and the log."""
        field = Input(placeholder="Filter: a name, #1042, block …", id="filter", compact=True)
        field.display = False
        yield field
        yield Listing(
            [
                Column(title="When", cell=self._when, width=17, keep=8),
                Column(title="Who", cell=lambda entry: plain(entry.actor.name), width=14, grow=1, keep=9),
                Column(title="Did", cell=self._sentence, width=30, grow=6, keep=10),
            ],
            key=lambda entry: entry.id,
            fetch=self._fetch,
            empty="Nothing has been done yet.",
            id="audit",
        )

    def facts_of(self, row: AuditEntry) -> Facts:
        """Return all that is kept of an act."""
        return audit_text.facts_of(row, self._names, self.now())

    @property
    def _names(self) -> dict[str, str]:
        return {person.id: person.name for person in self.desk.me.team}

    def _sentence(self, entry: AuditEntry) -> str:
        return audit_text.sentence(entry, self._names)

    # What is shown

    async def _fetch(self, after: str | None) -> Page[AuditEntry]:
        if self._words:
            return Page(items=tuple(self._fitting()), next=None)
        page = await self.client.audit(after=after)
        self._remember(page, after)
        return page

    def _remember(self, page: Page[AuditEntry], after: str | None) -> None:
        is_further = after == self._next or not self._loaded
        self._loaded |= {entry.id: entry for entry in page.items}
        if is_further:
            self._next = page.next

    def _fitting(self) -> list[AuditEntry]:
        found = [entry for entry in self._loaded.values() if self._fits(entry)]
        return sorted(found, key=lambda entry: (entry.at, entry.id), reverse=True)

    def _fits(self, entry: AuditEntry) -> bool:
        line = audit_text.line(entry, self._names).casefold()
        return all(word in line for word in self._words)

    def _show(self) -> None:
        if not self._words:
            self._loaded.clear()
            self._next = None
            self.listing.show(self._fetch, empty="Nothing has been done yet.")
            return
        rest = " m loads older ones." if self._next else ""
        empty = f"Nothing like it in the {len(self._loaded)} newest entries.{rest}"
        self.listing.show(self._fetch, empty=empty)

    def take(self, item: Event, changes: set[Change]) -> None:
        """Fetch the newest entries soon: the log has no events of its own."""
        if item.type not in _SILENT and not self._words:
            self.reload_soon()

    @on(Listing.Opened)
    def opened(self, event: Listing.Opened) -> None:
        """Go to the ticket, if it is about one."""
        self.open_ticket(audit_text.ticket_of(event.row))

    # The filter

    def action_filter(self) -> None:
        """Let words be typed."""
        field = self.query_one("#filter", Input)
        field.display = True
        # At once: `focus` waits, and what is typed meanwhile would be taken for keys.
        self.set_focus(field)

    def action_leave(self) -> None:
        """Show the whole log again."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self.listing.focus()

    @on(Input.Changed, "#filter")
    def typed(self, event: Input.Changed) -> None:
        """Narrow the list down."""
        words = event.value.casefold().split()
        if words != self._words:
            self._words = words
            self.refresh_bindings()
            self._show()

    @on(Input.Submitted, "#filter")
    def submitted(self) -> None:
        """Go to what is found."""
        self.listing.focus()

    def action_more(self) -> None:
        """Load one more page and filter it, too."""
        after = self._next
        if after is None:
            self.say("Everything is loaded.")
            return

        def then(page: Page[AuditEntry]) -> None:
            self._remember(page, after)
            self._show()

        self.act("Not loaded", lambda: self.client.audit(after=after), then=then)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to load more only where scrolling doesn't."""
        return bool(self._words) if action == "more" else super().check_action(action, parameters)

    def _when(self, entry: AuditEntry) -> Content:
        return Content.styled(moment(entry.at, self.now()), "$text-muted")
