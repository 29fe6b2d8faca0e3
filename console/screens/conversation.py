"""One ticket: what was said, the answer, the customer, and what is done about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from ..api.client import Client
from ..api.events import Event, MessageNews
from ..api.messages import Held, Message, Note
from ..api.models import Block, Customer, CustomerDetail, Ticket
from ..api.paging import all_pages
from ..api.people import Canned
from ..api.records import Page
from ..state.block_text import is_active
from ..state.desk import Change, name_of
from ..state.plain import plain
from ..widgets.channel import Channel
from ..widgets.choice import Choice, Option
from ..widgets.heading import Heading
from ..widgets.prompt import Prompt
from .beside_customer import CUSTOMER_KEYS, BesideCustomerScreen
from .shell import Shell

_NOBODY = ""


class TicketChannel(Channel):
    """The messages of one ticket."""

    def __init__(self, shell: Shell, ticket: Ticket) -> None:
        self._shell, self._number = shell, ticket.number
        self._customer = name_of(ticket.customer)
        self.key = f"t{ticket.number}"
        self.answer_to = f"Answer to {self._customer}, #{ticket.number}"

    @property
    def _client(self) -> Client:
        return self._shell.client

    async def messages(self, before: str | None) -> Page[Message]:
        return await self._client.messages(self._number, before=before)

    async def notes(self) -> Sequence[Note]:
        return await all_pages(lambda after: self._client.notes(self._number, after=after))

    async def held(self) -> Sequence[Held]:
        held = await all_pages(lambda after: self._client.held(after=after))
        return [each for each in held if self.owns(each)]

    async def answer(self, *, client_id: str, text: str) -> Message | Held:
        return await self._client.answer(self._number, client_id=client_id, text=text)

    async def add_note(self, *, client_id: str, text: str) -> Note:
        return await self._client.add_note(self._number, client_id=client_id, text=text)

    async def resend(self, message_id: str) -> Message:
        return await self._client.resend(message_id)

    async def canned(self) -> Sequence[Canned]:
        return await self._client.canned()

    def variables(self) -> Mapping[str, str]:
        return {
            "customer": self._customer,
            "ticket": f"#{self._number}",
            "moderator": plain(self._shell.desk.me.moderator.name),
        }

    def owns(self, about: Message | Note | Held) -> bool:
        if isinstance(about, Held) and (about.kind != "reply" or about.direct):
            return False
        return about.ticket == self._number

    def seen(self, seq: int) -> None:
        self._shell.storage.read.set(self._number, seq)


class ConversationScreen(BesideCustomerScreen):
    """A ticket's conversation; it stays open over other sections."""

    KEYS_TITLE = "The ticket"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "assign", "Assign", tooltip="Chooses who takes care of it"),
        Binding("m", "take_it", "Mine", show=False, tooltip="Assigns it to you"),
        Binding("t", "tags", "Tags", tooltip="Changes the tags"),
        Binding("x", "close_ticket", "Close", tooltip="Closes the ticket; the customer sees that"),
        Binding("o", "reopen", "Reopen", tooltip="Opens a closed ticket again"),
        *CUSTOMER_KEYS,
    ]

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self._ticket = ticket
        self._heard: Ticket | None = None
        """What the stream told last of it."""

    def make_channel(self) -> Channel:
        """Give the ticket's messages."""
        return TicketChannel(self.shell, self._ticket)

    @property
    def customer(self) -> Customer:
        """Return whose ticket it is."""
        return self._ticket.customer

    def on_mount(self) -> None:
        """Load the customer."""
        self._show()
        self.refresh_ticket()

    # What is shown

    def _show(self) -> None:
        ticket = self._ticket
        marks = ["closed"] if ticket.status == "closed" else []
        marks += ["blocked"] if ticket.customer.blocked else []
        marks += [f"with {plain(ticket.assignee.name)}"] if ticket.assignee else []
        words = "  ·  ".join([f"#{ticket.number} {name_of(ticket.customer)}", *marks])
        for heading in self.query(Heading):
            heading.set_place(words)
        self.panel.show(ticket)
        self.pane.take_channel(self.make_channel())
        self.refresh_bindings()

    def refresh_ticket(self) -> None:
        """Load the ticket with its customer; the messages don't wait for it."""
        number = self._ticket.number
        self.load(f"#{number} not loaded", lambda: self.client.ticket(number), then=self._setter())

    def _setter(self) -> Callable[[Ticket], None]:
        """Return what takes in the answer to what is asked now; the stream may overtake it."""
        known = self._heard

        def take_in(ticket: Ticket) -> None:
            self._set(ticket)
            if self._heard is not None and self._heard is not known:
                self._set(self._heard)

        return take_in

    def _set(self, ticket: Ticket) -> None:
        """Take in a ticket's new state; what only a long one says of its customer stays."""
        known = self._ticket.customer
        if not isinstance(ticket.customer, CustomerDetail) and isinstance(known, CustomerDetail):
            short = {
                name: getattr(ticket.customer, name) for name in ("name", "identity", "account", "blocked")
            }
            customer = CustomerDetail(**{**known.__dict__, **short})
            ticket = Ticket(**{**ticket.__dict__, "customer": customer})
        self._ticket = ticket
        self._show()

    def refresh_all(self) -> None:
        """Load messages and ticket again."""
        super().refresh_all()
        self.refresh_ticket()

    def time_passed(self) -> None:
        """Paint again what depends on the time."""
        self.panel.show(self._ticket)

    def take(self, item: Event, changes: set[Change]) -> None:
        """Take in what is about this ticket or its customer."""
        self.pane.take(item)
        about = item.about.ticket if isinstance(item.about, MessageNews) else item.about
        if isinstance(about, Ticket) and about.number == self._ticket.number:
            self._heard = about
            self._set(about)
        elif isinstance(about, Block) and about.customer.id == self._ticket.customer.id:
            self.take_block(about)

    def take_block(self, block: Block) -> None:
        """Load the customer with all their blocks."""
        self.refresh_ticket()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that do something to this ticket."""
        is_closed, is_blocked = self._ticket.status == "closed", self._ticket.customer.blocked
        me = self.desk.me.moderator.id
        unfit = {
            "close_ticket": is_closed,
            "reopen": not is_closed,
            "block": is_blocked,
            "unblock": not is_blocked,
            "take_it": self._ticket.assignee is not None and self._ticket.assignee.id == me,
        }
        return False if unfit.get(action) else super().check_action(action, parameters)

    def action_take_it(self) -> None:
        """Assign it to oneself."""
        self._change("Not assigned", "It is yours now.", assignee="me")

    def action_assign(self) -> None:
        """Choose who takes care of it."""
        self.run_worker(self._assign(), group="dialog", exclusive=True)

    async def _assign(self) -> None:
        me = self.desk.me.moderator.id
        team = sorted(self.desk.me.team, key=lambda each: each.id != me)
        options = [
            Option(value=each.id, label=each.name, detail="you" if each.id == me else "") for each in team
        ]
        options.append(Option(value=_NOBODY, label="nobody", detail="takes it off whoever has it"))
        chosen = await self.app.push_screen_wait(Choice(f"Who takes #{self._ticket.number}?", options))
        if chosen is not None:
            self._change("Not assigned", "Assigned.", assignee=chosen or None)

    def action_tags(self) -> None:
        """Change the tags."""
        self.run_worker(self._tags(), group="dialog", exclusive=True)

    async def _tags(self) -> None:
        text = await self.app.push_screen_wait(
            Prompt(
                f"Tags of #{self._ticket.number}",
                label="With spaces or commas between them",
                value=" ".join(self._ticket.tags),
            )
        )
        if text is not None:
            words = text.replace(",", " ").split()
            self._change("Tags not changed", "Tags changed.", tags=[word.lstrip("#") for word in words])

    def action_close_ticket(self) -> None:
        """Close it; `o` opens it again."""
        self._change("Not closed", "Closed. o opens it again.", status="closed")

    def action_reopen(self) -> None:
        """Open it again."""
        self._change("Not opened", "Open again.", status="open")

    def _change(self, failed: str, done: str, **wishes: object) -> None:
        number, take_in = self._ticket.number, self._setter()

        def then(ticket: Ticket) -> None:
            take_in(ticket)
            self.say(done)

        self.act(failed, lambda: self.client.change_ticket(number, **wishes), then=then)  # type: ignore[arg-type]

    def action_unblock(self) -> None:
        """Lift the block that holds now."""
        customer = self._ticket.customer

        async def lift() -> None:
            blocks = (await self.client.ticket(self._ticket.number)).customer.blocks
            for block in blocks:
                if is_active(block, self.now()):
                    await self.client.lift_block(block.id)

        def then(_: None) -> None:
            self.say(f"{name_of(customer)} is no longer blocked. What was held stays in 3 Held.")
            self.refresh_ticket()

        self.act("Not unblocked", lift, then=then)
