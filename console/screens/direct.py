"""The moderator's own private conversations: nobody else sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual import on
from textual.content import Content
from textual.widget import Widget

from ..api.events import Event, MessageNews
from ..api.messages import Direct
from ..api.models import Block
from ..state import direct_rows, times
from ..state.desk import Change, name_of
from ..state.facts import Facts, moment
from ..state.plain import plain
from ..widgets.columns import Column
from ..widgets.listing import Listing
from .direct_conversation import STANDING, DirectConversationScreen
from .split import SplitScreen


class DirectScreen(SplitScreen[Direct]):
    """Who wrote in private, newest first."""

    def compose_list(self) -> Iterable[Widget]:
        """Show the conversations."""
        yield Listing(
            [
                Column(title="", cell=self._mark, width=1, keep=9),
                Column(
                    title="Customer", cell=lambda direct: name_of(direct.customer), width=16, grow=2, keep=10
                ),
                Column(title="Last message", cell=_last, width=24, grow=8, keep=8),
                Column(title="", cell=_state, width=10, keep=7),
                Column(title="Active", cell=self._active, width=8, keep=6),
            ],
            key=lambda direct: direct.id,
            fetch=lambda after: self.client.direct(after=after),
            order=lambda direct: -direct.active_at.timestamp(),
            empty="Nobody has written to you in private.",
            id="direct",
        )

    def facts_of(self, row: Direct) -> Facts:
        """Return what is known of the customer."""
        customer = row.customer
        return Facts(
            title=name_of(customer),
            facts=(
                ("Identity", customer.account or customer.identity),
                ("Mail", customer.email or ""),
                ("Page", customer.page_url or ""),
                ("First seen", moment(customer.created_at, self.now())),
                ("Tickets", ", ".join(f"#{each.number} {each.status}" for each in customer.tickets)),
            ),
            text=row.last.text if row.last else "",
            hint="Blocked. They can't tell." if customer.blocked else STANDING,
        )

    def take(self, item: Event, changes: set[Change]) -> None:
        """Follow what is said, and who is blocked."""
        if isinstance(item.about, MessageNews) and item.about.message.channel == "direct":
            self._take_message(item.type, item.about)
        elif isinstance(item.about, Block):
            self._take_block(item.about)

    def _take_message(self, kind: str, news: MessageNews) -> None:
        known = self._known(news.customer.id)
        row = direct_rows.after_message(known, news) if known and kind == "message.created" else None
        if row is None:
            self.reload_soon()
        else:
            self.put(row)

    def _take_block(self, block: Block) -> None:
        known = self._known(block.customer.id)
        if known is not None:
            customer = direct_rows.after_block(known.customer, block, self.now())
            self.put(replace(known, customer=customer))

    def _known(self, customer_id: str) -> Direct | None:
        return next((row for row in self.listing.window.rows() if row.customer.id == customer_id), None)

    def on_screen_resume(self) -> None:
        """Take marks away from what was read meanwhile."""
        self.listing.repaint()

    @on(Listing.Opened)
    def opened(self, event: Listing.Opened) -> None:
        """Show the conversation."""
        self.app.push_screen(DirectConversationScreen(event.row))

    # Cells

    def _mark(self, direct: Direct) -> Content:
        seen = self.storage.read.get(direct_rows.read_key(direct.customer.id))
        return Content.styled("●", "bold $primary") if direct_rows.is_unread(direct, seen) else Content(" ")

    def _active(self, direct: Direct) -> Content:
        return Content.styled(times.moment(direct.active_at, self.now()), "$text-muted")


def _last(direct: Direct) -> Content:
    if direct.last is None:
        return Content("")
    text = plain(direct.last.text)
    return Content(text) if direct.last.kind == "customer" else Content.assemble(("↩ ", "$text-muted"), text)


def _state(direct: Direct) -> Content:
    if direct.customer.blocked:
        return Content.styled("⊘ blocked", "$text-error")
    return Content.styled("⚠ unsent", "$text-warning") if direct.undelivered else Content("")
