"""One ticket: what was said, the answer, the customer, and what is done about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from ..api.client import UNSET, Client
from ..api.events import Event, MessageNews
from ..api.messages import Held, Message, Note
from ..api.models import Block, CustomerDetail, Ticket
from ..api.people import Canned
from ..api.records import Page
from ..state.desk import Change, name_of
from ..state.plain import plain
from ..widgets.block_form import BlockForm
from ..widgets.choice import Choice, Option
from ..widgets.customer import CustomerPanel, is_active
from ..widgets.heading import Heading
from ..widgets.pane import Channel, ConversationPane
from ..widgets.prompt import Prompt
from ..widgets.thread import Thread
from .base import BaseScreen
from .shell import Shell

_WIDE = 110
"""Columns from which on the customer is shown beside the messages."""

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
        notes: list[Note] = []
        after = None
        while True:
            page = await self._client.notes(self._number, after=after)
            notes += page.items
            after = page.next
            if after is None:
                return notes

    async def held(self) -> Sequence[Held]:
        held: list[Held] = []
        after = None
        while True:
            page = await self._client.held(after=after)
            held += [each for each in page.items if self.owns(each)]
            after = page.next
            if after is None:
                return held

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


class ConversationScreen(BaseScreen):
    """A ticket's conversation; it stays open over other sections."""

    KEYS_TITLE = "The ticket"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "assign", "Assign", tooltip="Chooses who takes care of it"),
        Binding("m", "take_it", "Mine", show=False, tooltip="Assigns it to you"),
        Binding("t", "tags", "Tags", tooltip="Changes the tags"),
        Binding("x", "close_ticket", "Close", tooltip="Closes the ticket; the customer sees that"),
        Binding("o", "reopen", "Reopen", tooltip="Opens a closed ticket again"),
        Binding("b", "block", "Block", tooltip="Blocks the customer for a time; they see nothing of it"),
        Binding("u", "unblock", "Unblock", tooltip="Lifts the block"),
        Binding("p", "panel", "Customer", tooltip="Shows or hides what is known of the customer"),
        Binding("escape", "back", "Back", tooltip="Back to the list; drafts are kept"),
    ]

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self._ticket = ticket
        self._wants_panel: bool | None = None

    def compose_body(self) -> Iterable[Widget]:
        """Show messages and field, the customer beside them."""
        pane = ConversationPane(
            TicketChannel(self.shell, self._ticket),
            me=self.desk.me.moderator.id,
            limits=self.desk.me.limits,
            drafts=self.storage.drafts,
            now=self.now,
        )
        yield Horizontal(pane, CustomerPanel(self.now))

    def on_mount(self) -> None:
        """Load the customer."""
        self._show()
        self.refresh_ticket()

    @property
    def pane(self) -> ConversationPane:
        """Return messages and field."""
        return self.query_one(ConversationPane)

    @property
    def panel(self) -> CustomerPanel:
        """Return what is known of the customer."""
        return self.query_one(CustomerPanel)

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
        self.refresh_bindings()

    def refresh_ticket(self) -> None:
        """Load the ticket with its customer; the messages don't wait for it."""
        number = self._ticket.number
        self.act(f"#{number} not loaded", lambda: self.client.ticket(number), then=self._set)

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
        self.pane.reload()
        self.refresh_ticket()

    def connection_is_back(self) -> None:
        """Load what could not be loaded."""
        self.pane.connection_is_back()

    def time_passed(self) -> None:
        """Paint again what depends on the time."""
        self.panel.show(self._ticket)

    def take(self, item: Event, changes: set[Change]) -> None:
        """Take in what is about this ticket or its customer."""
        self.pane.take(item)
        about = item.about.ticket if isinstance(item.about, MessageNews) else item.about
        if isinstance(about, Ticket) and about.number == self._ticket.number:
            self._set(about)
        elif isinstance(about, Block) and about.customer.id == self._ticket.customer.id:
            self.refresh_ticket()

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

    def action_panel(self) -> None:
        """Show or hide the customer."""
        self._wants_panel = not self.panel.display
        self._lay_out(self.size.width)
        if self.panel.display and not self.pane.display:
            self.set_focus(self.panel)
        else:
            self.set_focus(self.query_one(Thread))

    def action_back(self) -> None:
        """Go back: from the customer to the messages, from those to the list."""
        if not self.pane.display:
            self.action_panel()
        else:
            super().action_back()

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
        number = self._ticket.number

        def then(ticket: Ticket) -> None:
            self._set(ticket)
            self.say(done)

        self.act(failed, lambda: self.client.change_ticket(number, **wishes), then=then)  # type: ignore[arg-type]

    def action_block(self) -> None:
        """Block the customer, after a choice of length and reason."""
        self.run_worker(self._block(), group="dialog", exclusive=True)

    async def _block(self) -> None:
        customer, rules = self._ticket.customer, self.desk.me.blocks
        wish = await self.app.push_screen_wait(
            BlockForm(
                name_of(customer),
                default=rules.default,
                longest=rules.longest,
                forever=rules.forever,
                now=self.now,
            )
        )
        if wish is None:
            return
        duration = None if wish.forever else wish.duration or UNSET

        def then(_: Block) -> None:
            self.say(f"{name_of(customer)} is blocked; they see nothing of it.")
            self.refresh_ticket()

        self.act(
            "Not blocked",
            lambda: self.client.block(customer.id, duration=duration, reason=wish.reason, kind=wish.kind),
            then=then,
        )

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
