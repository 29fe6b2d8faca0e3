"""One private conversation: only its moderator and the customer see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from ..api.client import UNSET, Client
from ..api.events import Event, MessageNews
from ..api.messages import Direct, Held, Message, Note
from ..api.models import Block
from ..api.people import Canned
from ..api.records import Page
from ..state import direct_rows
from ..state.block_text import is_active
from ..state.block_wish import BlockWish
from ..state.desk import Change, name_of
from ..state.plain import plain
from ..widgets.block_form import BlockForm
from ..widgets.confirm import Confirm
from ..widgets.customer import CustomerPanel
from ..widgets.heading import Heading
from ..widgets.pane import Channel, ConversationPane
from .base import BaseScreen
from .shell import Shell

T = TypeVar("T")

STANDING = "Private, and never in the group. Never ask for a seed phrase or private key."

_WIDE = 110
"""Columns from which on the customer is shown beside the messages."""


class DirectChannel(Channel):
    """What is said in private with one customer."""

    def __init__(self, shell: Shell, direct: Direct) -> None:
        self._shell, self._customer = shell, direct.customer
        self.key = direct_rows.read_key(direct.customer.id)
        self.answer_to = f"Answer to {name_of(direct.customer)}, in private"

    @property
    def _client(self) -> Client:
        return self._shell.client

    async def messages(self, before: str | None) -> Page[Message]:
        return await self._client.direct_messages(self._customer.id, before=before)

    async def notes(self) -> Sequence[Note]:
        return await _all(lambda after: self._client.direct_notes(self._customer.id, after=after))

    async def held(self) -> Sequence[Held]:
        held = await _all(lambda after: self._client.held(after=after))
        return [each for each in held if self.owns(each)]

    async def answer(self, *, client_id: str, text: str) -> Message | Held:
        return await self._client.answer_direct(self._customer.id, client_id=client_id, text=text)

    async def add_note(self, *, client_id: str, text: str) -> Note:
        return await self._client.add_direct_note(self._customer.id, client_id=client_id, text=text)

    async def resend(self, message_id: str) -> Message:
        return await self._client.resend(message_id)

    async def canned(self) -> Sequence[Canned]:
        return await self._client.canned()

    def variables(self) -> Mapping[str, str]:
        return {
            "customer": name_of(self._customer),
            "ticket": "",
            "moderator": plain(self._shell.desk.me.moderator.name),
        }

    def owns(self, about: Message | Note | Held) -> bool:
        if isinstance(about, Held):
            return about.kind == "reply" and about.direct and about.customer.id == self._customer.id
        if isinstance(about, Note):
            return about.ticket is None and about.customer_id == self._customer.id
        # A message does not say whose it is; the screen hands on this customer's alone.
        return about.channel == "direct"

    def seen(self, seq: int) -> None:
        self._shell.storage.read.set(self.key, seq)
        self._shell.desk.unread_direct.discard(self._customer.id)


async def _all(fetch: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """Return the items of all pages."""
    items: list[T] = []
    after = None
    while True:
        page = await fetch(after)
        items += page.items
        if (after := page.next) is None:
            return items


class DirectConversationScreen(BaseScreen):
    """Messages, private notes, and the customer."""

    KEYS_TITLE = "The private conversation"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "block", "Block", tooltip="Blocks the customer for a time; they see nothing of it"),
        Binding("u", "unblock", "Unblock", tooltip="Lifts the block"),
        Binding("p", "panel", "Customer", tooltip="Shows or hides what is known of the customer"),
        Binding("escape", "back", "Back", tooltip="Back to the list; drafts are kept"),
    ]
    DEFAULT_CSS = """
    DirectConversationScreen #standing {
        height: 1; width: 100%; padding: 0 1; color: $text-warning;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, direct: Direct) -> None:
        super().__init__()
        self._direct, self._customer = direct, direct.customer
        self._wants_panel: bool | None = None

    def compose_body(self) -> Iterable[Widget]:
        """Show the standing line, messages and field, and the customer beside them."""
        yield Static(STANDING, id="standing", markup=False)
        pane = ConversationPane(
            DirectChannel(self.shell, self._direct),
            me=self.desk.me.moderator.id,
            limits=self.desk.me.limits,
            drafts=self.storage.drafts,
            now=self.now,
        )
        yield Horizontal(pane, CustomerPanel(self.now))

    def on_mount(self) -> None:
        """Show who it is."""
        self._show()

    @property
    def pane(self) -> ConversationPane:
        """Return messages and field."""
        return self.query_one(ConversationPane)

    @property
    def panel(self) -> CustomerPanel:
        """Return what is known of the customer."""
        return self.query_one(CustomerPanel)

    def _show(self) -> None:
        words = f"Private with {name_of(self._customer)}" + ("  ·  blocked" if self._customer.blocked else "")
        for heading in self.query(Heading):
            heading.set_place(words)
        self.panel.show_customer(self._customer)
        self.refresh_bindings()

    def refresh_all(self) -> None:
        """Load the messages again."""
        self.pane.reload()

    def connection_is_back(self) -> None:
        """Load what could not be loaded."""
        self.pane.connection_is_back()

    def time_passed(self) -> None:
        """Paint again what depends on the time."""
        self.panel.show_customer(self._customer)

    def take(self, item: Event, changes: set[Change]) -> None:
        """Take in what is about this customer in private, and their blocks."""
        about = item.about
        if isinstance(about, MessageNews):
            if about.customer.id == self._customer.id and about.message.channel == "direct":
                self.pane.take(item)
                self.heading_changed()
        elif isinstance(about, Block):
            if about.customer.id == self._customer.id:
                self._take_block(about)
        else:
            self.pane.take(item)

    def _take_block(self, block: Block) -> None:
        self._customer = direct_rows.after_block(self._customer, block, self.now())
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """Show the customer where there is room."""
        self._lay_out(event.size.width)

    def _lay_out(self, width: int) -> None:
        is_wide = width >= _WIDE
        is_shown = is_wide if self._wants_panel is None else self._wants_panel
        self.panel.display = is_shown
        self.panel.styles.width = 38 if is_wide else "100%"
        self.pane.display = is_wide or not is_shown

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that do something."""
        unfit = {"block": self._customer.blocked, "unblock": not self._customer.blocked}
        return False if unfit.get(action) else super().check_action(action, parameters)

    def action_panel(self) -> None:
        """Show or hide the customer."""
        self._wants_panel = not self.panel.display
        self._lay_out(self.size.width)
        (self.panel if not self.pane.display else self.pane.thread).focus()

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
            name_of(self._customer),
            default=rules.default,
            longest=rules.longest,
            forever=rules.forever,
            now=self.now,
        )
        self.app.push_screen(form, self._blocked)

    def _blocked(self, wish: BlockWish | None) -> None:
        if wish is None:
            return

        def then(block: Block) -> None:
            self._take_block(block)
            self.say(f"{name_of(self._customer)} is blocked; they see nothing of it.")

        self.act(
            "Not blocked",
            lambda: self.client.block(
                self._customer.id,
                duration=None if wish.forever else wish.duration or UNSET,
                reason=wish.reason,
                kind=wish.kind,
                private=True,
            ),
            then=then,
        )

    def action_unblock(self) -> None:
        """Ask whether the block is to end now."""
        dialog = Confirm(f"Lift the block of {name_of(self._customer)}?", yes="Lift")
        self.app.push_screen(dialog, lambda answer: self._lift() if answer else None)

    def _lift(self) -> None:
        async def lift() -> list[Block]:
            running = [block for block in self._customer.blocks if is_active(block, self.now())]
            return [await self.client.lift_block(block.id) for block in running]

        def then(lifted: list[Block]) -> None:
            for block in lifted:
                self._take_block(block)
            self.say("The block is lifted.")

        self.act("Not lifted", lift, then=then)
