"""All tickets: filters, search as one types, live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from ..api.client import Sort
from ..api.events import Event, MessageNews
from ..api.models import Block, Found, Ticket
from ..api.records import Page
from ..state import times
from ..state.desk import Change, name_of
from ..state.filters import FILTERS, SORTS, Filter, is_waiting_for_us, order_by
from ..state.plain import plain
from ..widgets.columns import Column
from ..widgets.filterbar import FilterBar
from ..widgets.listing import Listing
from .base import BaseScreen
from .conversation import ConversationScreen

_TYPING = 0.25
"""Seconds without a key after which what was typed is searched for."""

_WARM = {"fresh": ("·", "$text-success"), "warm": ("▲", "$text-warning"), "hot": ("▲▲", "bold $text-error")}


class SearchField(Input):
    """Where one types what to search for."""

    KEYS_TITLE = "While searching"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "done", "To the list", tooltip="Goes to what is found"),
        Binding(
            "escape", "screen.leave_search", "End the search", tooltip="Shows the list again that was there"
        ),
    ]

    class Done(Message):
        """One goes on to what was found."""

    def action_done(self) -> None:
        """Go on to what was found."""
        self.post_message(self.Done())


class TicketsScreen(BaseScreen):
    """The list that a moderator's day begins with."""

    KEYS_TITLE = "Tickets"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "search", "Search", tooltip="Searches texts, names, wallets and numbers as you type"
        ),
        Binding("s", "sort", "Sort", tooltip="Newest activity, waiting longest, number"),
        Binding("right,l", "turn(1)", "Next filter", show=False, tooltip="The next list of tickets"),
        Binding("left,h", "turn(-1)", "Filter before", show=False, tooltip="The list before"),
        *(
            Binding(
                each.key,
                f"show('{each.name}')",
                each.title,
                show=False,
                tooltip=f"Only: {each.title.lower()}",
            )
            for each in FILTERS
        ),
        Binding("escape", "leave_search", "All tickets", show=False, tooltip="Ends the search"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._filter: Filter = FILTERS[0]
        self._sort: Sort = "activity"
        self._wanted = ""
        self._typing: Timer | None = None

    def compose_body(self) -> Iterable[Widget]:
        """Show filters, the line for searching while it is wanted, and the list."""
        yield FilterBar()
        search = SearchField(placeholder="Search: words, a name, a wallet, #1042", id="search", compact=True)
        search.display = False
        yield search
        yield Listing(
            self._columns(),
            key=lambda ticket: str(ticket.number),
            fetch=self._fetch,
            order=order_by(self._sort),
            empty=self._filter.empty,
            id="tickets",
            dim=lambda ticket: ticket.status == "closed",
        )

    def on_mount(self) -> None:
        """Begin in the list."""
        self._say_order()
        self.set_focus(self.listing)

    def on_screen_resume(self) -> None:
        """Show what was read meanwhile as read."""
        if self.is_mounted:
            self.listing.repaint()

    @property
    def listing(self) -> Listing[Ticket]:
        """Return the list."""
        return self.query_one("#tickets", Listing)

    # What is shown

    async def _fetch(self, after: str | None) -> Page[Ticket]:
        if self._wanted:
            found = await self.client.search(self._wanted, after=after)
            return Page(items=found.items, next=found.next)
        return await self.client.tickets(**self._filter.wishes, sort=self._sort, after=after)

    def _show(self) -> None:
        bar = self.query_one(FilterBar)
        bar.current = "" if self._wanted else self._filter.name
        if self._wanted:
            self.listing.show(self._fetch, empty=f"Nothing found for “{plain(self._wanted)}”.")
        else:
            self.listing.show(self._fetch, order=order_by(self._sort), empty=self._filter.empty)
        self._say_order()

    def _say_order(self) -> None:
        order = "newest first" if self._wanted else dict(SORTS)[self._sort]
        self.query_one(FilterBar).said = f"↓ {order}"

    def take(self, item: Event, changes: set[Change]) -> None:
        """Bring what changed into the list, or out of it."""
        about = item.about
        if isinstance(about, Block):
            self._take_block(about)
        ticket = about.ticket if isinstance(about, MessageNews) else about
        if isinstance(ticket, Ticket):
            self._take_ticket(ticket)

    def _take_block(self, block: Block) -> None:
        """Mark the customer's tickets; those that are not loaded come with their page."""
        for ticket in [row for row in self.listing.window.rows() if row.customer.id == block.customer.id]:
            customer = replace(ticket.customer, blocked=block.customer.blocked)
            self._take_ticket(replace(ticket, customer=customer))
        if self._filter.name == "blocked":
            self.listing.reload()

    def _take_ticket(self, ticket: Ticket) -> None:
        listing, key = self.listing, str(ticket.number)
        if self._wanted:
            if (known := listing.window.get(key)) is not None:
                listing.put(_found_again(known, ticket))
        elif self._filter.matches(ticket, self.desk.me.moderator.id):
            listing.put(ticket)
        else:
            listing.take_out(key)

    # Keys

    def action_show(self, name: str) -> None:
        """Show another list."""
        self._filter = next(each for each in FILTERS if each.name == name)
        self._end_search()
        self._show()

    @on(FilterBar.Chosen)
    def chosen(self, event: FilterBar.Chosen) -> None:
        """Show the list whose tab was clicked on."""
        self.action_show(event.name)

    def action_turn(self, by: int) -> None:
        """Show the next list, or the one before."""
        at = FILTERS.index(self._filter)
        self.action_show(FILTERS[(at + by) % len(FILTERS)].name)

    def action_sort(self) -> None:
        """Sort by the next order."""
        names = [name for name, _ in SORTS]
        self._sort = names[(names.index(self._sort) + 1) % len(names)]
        self._end_search()
        self._show()

    @on(Listing.Opened)
    def opened(self, event: Listing.Opened) -> None:
        """Show the conversation of a ticket."""
        self.app.push_screen(ConversationScreen(event.row))

    # Search

    def action_search(self) -> None:
        """Let words be typed."""
        search = self.query_one("#search", Input)
        search.display = True
        self.set_focus(search)

    def action_leave_search(self) -> None:
        """Show the list again that was there before."""
        was_searching = bool(self._wanted)
        self._end_search()
        if was_searching:
            self._show()

    def _end_search(self) -> None:
        search = self.query_one("#search", Input)
        with search.prevent(Input.Changed):
            search.value = ""
        search.display = False
        self._wanted = ""
        if self._typing is not None:
            self._typing.stop()
        self.set_focus(self.listing)

    @on(Input.Changed, "#search")
    def typed(self) -> None:
        """Search when the typing rests."""
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING, self._search)

    @on(SearchField.Done)
    def searched(self) -> None:
        """Search now, and go to what is found."""
        self._search()
        self.set_focus(self.listing)

    def _search(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        wanted = self.query_one("#search", Input).value.strip()
        if wanted != self._wanted:
            self._wanted = wanted
            self._show()

    # Cells

    def _columns(self) -> list[Column[Ticket]]:
        return [
            Column(title="", cell=self._marks, width=3, keep=9),
            Column(title="Ticket", cell=lambda ticket: f"#{ticket.number}", width=8, keep=10),
            Column(title="Waiting", cell=self._waiting, width=9, keep=8),
            Column(title="Customer", cell=self._customer, width=14, grow=2, keep=7),
            Column(title="Last message", cell=self._last, width=24, grow=10, keep=6),
            Column(title="With", cell=self._assignee, width=9, keep=4),
            Column(title="Tags", cell=self._tags, width=12, grow=2, keep=2),
            Column(title="Active", cell=self._active, width=8, keep=3),
        ]

    def is_unread(self, ticket: Ticket) -> bool:
        """Tell whether something came that this moderator has not seen; what nobody waits for is not new."""
        seen = self.storage.read.get(ticket.number)
        if not seen:
            return is_waiting_for_us(ticket)
        return ticket.last_seq > seen

    def _marks(self, ticket: Ticket) -> Content:
        unread = ("●", "bold $primary") if self.is_unread(ticket) else (" ", "")
        state = (" ", "")
        if ticket.customer.blocked:
            state = ("⊘", "$text-error")
        elif ticket.status == "closed":
            state = ("✓", "$text-muted")
        failed = ("!", "bold $text-error") if ticket.undelivered else (" ", "")
        return Content.assemble(unread, state, failed)

    def _waiting(self, ticket: Ticket) -> Content:
        if not is_waiting_for_us(ticket) or ticket.waiting_since is None:
            return Content("")
        now = self.now()
        mark, colour = _WARM[times.warmth(ticket.waiting_since, now)]
        return Content.assemble((f"{times.length(now - ticket.waiting_since)} {mark}", colour))

    def _customer(self, ticket: Ticket) -> Content:
        style = "bold" if self.is_unread(ticket) else ""
        return Content.styled(name_of(ticket.customer), style)

    def _last(self, ticket: Ticket) -> Content:
        if isinstance(ticket, Found) and ticket.match:
            return Content(plain(ticket.match))
        if ticket.last is None:
            return Content("")
        who = "" if ticket.last.kind == "customer" else f"{plain(ticket.last.name or 'Desk')}: "
        return Content.assemble((who, "$text-muted"), plain(ticket.last.text))

    def _assignee(self, ticket: Ticket) -> Content:
        if ticket.assignee is None:
            return Content.styled("–", "$text-muted")
        if ticket.assignee.id == self.desk.me.moderator.id:
            return Content.styled("me", "bold")
        return Content(plain(ticket.assignee.name))

    def _tags(self, ticket: Ticket) -> Content:
        return Content.styled(" ".join(f"#{plain(tag)}" for tag in ticket.tags), "$text-accent")

    def _active(self, ticket: Ticket) -> Content:
        return Content.styled(times.moment(ticket.active_at, self.now()), "$text-muted")


def _found_again(known: Ticket, ticket: Ticket) -> Ticket:
    """Return a ticket's new state, with what the search found of it."""
    if not isinstance(known, Found):
        return ticket
    return Found(**{**ticket.__dict__, "match_id": known.match_id, "match": known.match})
