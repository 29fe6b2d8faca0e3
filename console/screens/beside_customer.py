"""A conversation with its customer beside it, or behind it where there is no room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from ..api.client import UNSET
from ..api.models import Block, Customer
from ..state.block_wish import BlockWish
from ..state.desk import name_of
from ..widgets.block_form import BlockForm
from ..widgets.channel import Channel
from ..widgets.customer import CustomerPanel
from ..widgets.pane import ConversationPane
from .base import BaseScreen

_WIDE = 110
"""Columns from which on the customer is shown beside the messages."""

CUSTOMER_KEYS: list[BindingType] = [
    Binding("b", "block", "Block", tooltip="Blocks the customer for a time; they see nothing of it"),
    Binding("u", "unblock", "Unblock", tooltip="Lifts the block"),
    Binding("p", "panel", "Customer", tooltip="Shows or hides what is known of the customer"),
    Binding("escape", "back", "Back", tooltip="Back to the list; drafts are kept"),
]
"""Not the base's own: the screens list them after theirs."""


class BesideCustomerScreen(BaseScreen):
    """Such a screen; a subclass gives the channel and says what is known of the customer."""

    IS_PRIVATE: ClassVar[bool] = False
    """Whether nobody else may learn why the customer is blocked."""

    def __init__(self) -> None:
        super().__init__()
        self._wants_panel: bool | None = None

    # What a subclass gives

    def make_channel(self) -> Channel:
        """Give where messages come from and go to."""
        raise NotImplementedError

    @property
    def customer(self) -> Customer:
        """Return whom one writes with."""
        raise NotImplementedError

    def take_block(self, block: Block) -> None:
        """Show that the customer's block is another one now."""
        raise NotImplementedError

    # What it has

    def compose_body(self) -> Iterable[Widget]:
        """Show messages and field, the customer beside them."""
        pane = ConversationPane(
            self.make_channel(),
            me=self.desk.me.moderator.id,
            limits=self.desk.me.limits,
            drafts=self.storage.drafts,
            now=self.now,
        )
        yield Horizontal(pane, CustomerPanel(self.now))

    @property
    def pane(self) -> ConversationPane:
        """Return messages and field."""
        return self.query_one(ConversationPane)

    @property
    def panel(self) -> CustomerPanel:
        """Return what is known of the customer."""
        return self.query_one(CustomerPanel)

    def refresh_all(self) -> None:
        """Load the messages again."""
        self.pane.reload()

    def forget_customer(self, customer_id: str) -> None:
        """Show no more of them than the desk still has."""
        if customer_id == self.customer.id:
            self.pane.forget()
            self.refresh_all()

    def connection_is_back(self) -> None:
        """Load what could not be loaded."""
        self.pane.connection_is_back()

    def on_screen_resume(self) -> None:
        """Take what came while something else was shown as read."""
        for pane in self.query(ConversationPane):
            pane.look()
        self.heading_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show the customer where there is room."""
        self._lay_out(event.size.width)

    def _lay_out(self, width: int) -> None:
        is_wide = width >= _WIDE
        is_shown = is_wide if self._wants_panel is None else self._wants_panel
        self.panel.display = is_shown
        # Beside the messages its style sheet gives its width.
        self.panel.styles.width = None if is_wide else "100%"
        self.pane.display = is_wide or not is_shown

    # Keys

    def action_panel(self) -> None:
        """Show or hide the customer."""
        self._wants_panel = not self.panel.display
        self._lay_out(self.size.width)
        is_alone = self.panel.display and not self.pane.display
        self.set_focus(self.panel if is_alone else self.pane.thread)

    def action_back(self) -> None:
        """Go back: from the customer to the messages, from those to the list."""
        if self.pane.display:
            super().action_back()
        else:
            self.action_panel()

    def action_block(self) -> None:
        """Block the customer, after a choice of length and reason."""
        rules = self.desk.me.blocks
        form = BlockForm(
            name_of(self.customer),
            default=rules.default,
            longest=rules.longest,
            forever=rules.forever,
            now=self.now,
        )
        self.app.push_screen(form, self._block)

    def _block(self, wish: BlockWish | None) -> None:
        if wish is None:
            return
        customer = self.customer

        def then(block: Block) -> None:
            self.take_block(block)
            self.say(f"{name_of(customer)} is blocked; they see nothing of it.")

        self.act(
            "Not blocked",
            lambda: self.client.block(
                customer.id,
                duration=None if wish.forever else wish.duration or UNSET,
                reason=wish.reason,
                kind=wish.kind,
                private=self.IS_PRIVATE,
            ),
            then=then,
        )
