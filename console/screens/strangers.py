"""Replies in the group by people who are not on the allow-list; none was delivered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from ..api.events import Event
from ..api.people import Stranger
from ..state import stranger_text, times
from ..state.desk import Change
from ..state.facts import Facts
from ..state.plain import plain
from ..state.ulid import new_ulid
from ..widgets.columns import Column
from ..widgets.listing import Listing
from ..widgets.prompt import Prompt
from .split import SplitScreen


class StrangersScreen(SplitScreen[Stranger]):
    """Who replied, to which ticket, what, and when."""

    KEYS_TITLE = "Strangers"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "allow", "Allow-list", tooltip="Makes this person a moderator (admins only)"),
    ]

    def compose_list(self) -> Iterable[Widget]:
        """Show the newest first."""
        yield Listing(
            self._columns(),
            key=lambda stranger: stranger.id,
            fetch=lambda after: self.client.strangers(after=after),
            empty="Nobody but moderators has replied.",
            id="strangers",
        )

    def facts_of(self, row: Stranger) -> Facts:
        """Return all that is known of a reply."""
        return stranger_text.facts_of(row, self.now(), is_admin=self._is_admin)

    @property
    def _is_admin(self) -> bool:
        return self.desk.me.moderator.role == "admin"

    def take(self, item: Event, changes: set[Change]) -> None:
        """Show one that was just written."""
        if isinstance(item.about, Stranger):
            self.put(item.about)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the key for the allow-list to admins only."""
        return self._is_admin if action == "allow" else super().check_action(action, parameters)

    @on(Listing.Opened)
    def opened(self, event: Listing.Opened) -> None:
        """Go to the ticket."""
        self.open_ticket(event.row.ticket)

    def action_allow(self) -> None:
        """Ask under which name customers are to see this person."""
        stranger = self.listing.selected
        if stranger is None:
            return
        if (why_not := stranger_text.why_not(stranger)) is not None:
            self.say(f"Not allowed. {why_not}", failed=True)
            return
        dialog = Prompt(
            f"Make {stranger_text.id_of(stranger)} a moderator",
            label="Look at the id: anybody can take any name.\nThe name that customers see:",
            value=stranger.name or "",
            yes="Allow",
            check=lambda name: None if name else "A name, please",
        )
        self.ask(dialog, lambda name: self._allow(stranger, name or ""))

    def _allow(self, stranger: Stranger, name: str) -> None:
        moderator_id = new_ulid(self.now())
        telegram_id = stranger.telegram_id
        self.act(
            "Not allowed",
            lambda: self.client.put_moderator(
                moderator_id,
                name=name,
                telegram_id=telegram_id,
                mxid=None if telegram_id is not None else stranger.sender,
            ),
            then=lambda made: self.say(
                f"{made.name} is a moderator from now on. What they wrote before stays undelivered."
            ),
        )

    # Cells

    def _columns(self) -> list[Column[Stranger]]:
        return [
            Column(title="When", cell=self._when, width=6, keep=7),
            Column(title="Ticket", cell=_ticket, width=7, keep=9),
            Column(title="Who", cell=_who, width=14, grow=2, keep=10),
            Column(title="Id", cell=_id, width=12, grow=1, keep=4),
            Column(title="Reply, not delivered", cell=_text, width=22, grow=6, keep=8),
        ]

    def _when(self, stranger: Stranger) -> Content:
        return Content.styled(times.moment(stranger.at, self.now()), "$text-muted")


def _ticket(stranger: Stranger) -> str:
    return f"#{stranger.ticket}" if stranger.ticket is not None else ""


def _who(stranger: Stranger) -> str:
    return plain(stranger_text.name_of(stranger))


def _id(stranger: Stranger) -> Content:
    return Content.styled(plain(stranger_text.id_of(stranger)), "$text-muted")


def _text(stranger: Stranger) -> str:
    return plain(stranger.text[:500])
