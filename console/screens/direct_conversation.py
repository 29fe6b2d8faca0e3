"""One private conversation: only its moderator and the customer see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from ..api.client import Client
from ..api.events import Event, MessageNews
from ..api.messages import Direct, Held, Message, Note
from ..api.models import Block, Customer
from ..api.paging import all_pages
from ..api.people import Canned
from ..api.records import Page
from ..state import direct_rows
from ..state.block_text import is_active
from ..state.desk import Change, name_of
from ..state.plain import plain
from ..widgets.channel import Channel
from ..widgets.confirm import Confirm
from ..widgets.heading import Heading
from .beside_customer import CUSTOMER_KEYS, BesideCustomerScreen
from .shell import Shell

STANDING = "Private, and never in the group. Never ask for a seed phrase or private key."


class DirectChannel(Channel):
    """What is said in private with one customer."""

    def __init__(self, shell: Shell, customer: Customer) -> None:
        self._shell, self._customer = shell, customer
        self.key = direct_rows.read_key(customer.id)
        self.answer_to = f"Answer to {name_of(customer)}, in private"

    @property
    def _client(self) -> Client:
        return self._shell.client

    async def messages(self, before: str | None) -> Page[Message]:
        return await self._client.direct_messages(self._customer.id, before=before)

    async def notes(self) -> Sequence[Note]:
        return await all_pages(lambda after: self._client.direct_notes(self._customer.id, after=after))

    async def held(self) -> Sequence[Held]:
        held = await all_pages(lambda after: self._client.held(after=after))
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


class DirectConversationScreen(BesideCustomerScreen):
    """Messages, private notes, and the customer."""

    KEYS_TITLE = "The private conversation"
    IS_PRIVATE = True
    BINDINGS: ClassVar[list[BindingType]] = [*CUSTOMER_KEYS]
    DEFAULT_CSS = """
    DirectConversationScreen #standing {
        height: 1; width: 100%; padding: 0 1; color: $text-warning;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, direct: Direct) -> None:
        super().__init__()
        self._customer = direct.customer

    def make_channel(self) -> Channel:
        """Give what is said in private."""
        return DirectChannel(self.shell, self._customer)

    @property
    def customer(self) -> Customer:
        """Return whom one writes with."""
        return self._customer

    def compose_body(self) -> Iterable[Widget]:
        """Show the standing line, messages and field, and the customer beside them."""
        yield Static(STANDING, id="standing", markup=False)
        yield from super().compose_body()

    def on_mount(self) -> None:
        """Show who it is."""
        self._show()

    def _show(self) -> None:
        words = f"Private with {name_of(self._customer)}" + ("  ·  blocked" if self._customer.blocked else "")
        for heading in self.query(Heading):
            heading.set_place(words)
        self.panel.show_customer(self._customer)
        self.pane.take_channel(self.make_channel())
        self.refresh_bindings()

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
                self.take_block(about)
        else:
            self.pane.take(item)

    def take_block(self, block: Block) -> None:
        """Show what a block, new or ended, makes of the customer."""
        self._customer = direct_rows.after_block(self._customer, block, self.now())
        self._show()

    def forget_customer(self, customer_id: str) -> None:
        """Show no more of them than the desk still has, and that is nothing that has a name."""
        if customer_id == self._customer.id:
            self._customer = replace(self._customer, name=None, account=None, email=None, page_url=None)
            self._show()
        super().forget_customer(customer_id)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that do something."""
        unfit = {"block": self._customer.blocked, "unblock": not self._customer.blocked}
        return False if unfit.get(action) else super().check_action(action, parameters)

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
                self.take_block(block)
            self.say("The block is lifted.")

        self.act("Not lifted", lift, then=then)
