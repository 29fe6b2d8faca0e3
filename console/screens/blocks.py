"""Blocks and timeouts: who, why, until when; to lift, to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from ..api.client import UNSET
from ..api.events import Event
from ..api.models import Block
from ..api.records import Page
from ..state import block_text, times
from ..state.block_wish import BlockChoices, Length
from ..state.countdown import next_change
from ..state.desk import Change, name_of
from ..state.facts import Facts
from ..state.lengths import EXAMPLES, end_after, parse_length
from ..state.plain import plain
from ..widgets.choice import Choice, Option
from ..widgets.columns import Column
from ..widgets.confirm import Confirm
from ..widgets.listing import Listing
from ..widgets.prompt import Prompt
from ..widgets.views import Views
from .split import SplitScreen

ACTIVE, PAST = "In force", "All, the past ones too"

_TICK = 1.0
"""Seconds between two looks whether a countdown has changed."""


class BlocksScreen(SplitScreen[Block]):
    """Who is blocked, and who was."""

    KEYS_TITLE = "Blocks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "lift", "Lift", tooltip="Ends the block now"),
        Binding("e", "extend", "New end", tooltip="Lets it end at another time, counted from now"),
        Binding("c", "reason", "Reason", tooltip="Changes why it is there; only the team sees it"),
        Binding("v", "view", "View", tooltip="Shows past blocks, too, or only those in force"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._due: datetime | None = None

    def compose_list(self) -> Iterable[Widget]:
        """Show the blocks in force first."""
        yield Views((ACTIVE, PAST), key="v")
        yield Listing(
            self._columns(),
            key=lambda block: block.id,
            fetch=self._fetch,
            order=lambda block: (-block.created_at.timestamp(), _backwards(block.id)),
            empty="Nobody is blocked.",
            id="blocks",
            dim=lambda block: not block_text.is_active(block, self.now()),
        )

    def on_mount(self) -> None:
        """Count down."""
        super().on_mount()
        self.set_interval(_TICK, self._tick)

    def facts_of(self, row: Block) -> Facts:
        """Return all that is known of a block."""
        return block_text.facts_of(row, self.now())

    @property
    def _only_active(self) -> bool:
        return self.query_one(Views).current == ACTIVE

    async def _fetch(self, after: str | None) -> Page[Block]:
        page = await self.client.blocks(active=True if self._only_active else None, after=after)
        self._due = self.now()
        return page

    def take(self, item: Event, changes: set[Change]) -> None:
        """Follow what is made, changed and lifted."""
        if isinstance(item.about, Block):
            self._take_block(item.about)

    def _take_block(self, block: Block) -> None:
        if self._only_active and not block_text.is_active(block, self.now()):
            self.listing.take_out(block.id)
        else:
            self.put(block)
        self._due = self.now()

    def _tick(self) -> None:
        """Paint the countdowns when one of them reads otherwise; who is not blocked any more goes."""
        now = self.now()
        # Where nothing counts down, rows may come at any moment.
        if self._due is not None and now < self._due:
            return
        changes, has_ended = [], False
        for block in self.listing.window.rows():
            if self._only_active and not block_text.is_active(block, now):
                self.listing.take_out(block.id)
                has_ended = True
            elif block.lifted_at is None and (change := next_change(block.expires_at, now)) is not None:
                changes.append(now + change)
        if self._due is None and not changes and not has_ended:
            return
        self._due = min(changes, default=None)
        self.listing.repaint()
        self.show_detail()

    # Keys

    @on(Listing.Opened)
    def opened(self, event: Listing.Opened) -> None:
        """Go to the customer's ticket."""
        self.open_ticket(event.row.ticket)

    def action_view(self) -> None:
        """Show past blocks, too, or not."""
        self.query_one(Views).turn()
        empty = "Nobody is blocked." if self._only_active else "Nobody has ever been blocked."
        self.listing.show(
            self._fetch,
            order=lambda block: (-block.created_at.timestamp(), _backwards(block.id)),
            empty=empty,
        )

    def _with_active(self, then: Callable[[Block], object]) -> None:
        block = self.listing.selected
        if block is None:
            return
        if block_text.is_active(block, self.now()):
            then(block)
        else:
            self.say("This block is over.", failed=True)

    def action_lift(self) -> None:
        """Ask whether the selected block is to end now."""
        self._with_active(self._ask_to_lift)

    def _ask_to_lift(self, block: Block) -> None:
        held = "What it held stays in Held until somebody releases it." if block.held else ""
        dialog = Confirm(f"Lift the block of {name_of(block.customer)}?", question=held, yes="Lift")
        self.ask(dialog, lambda _: self._lift(block))

    def _lift(self, block: Block) -> None:
        self.act(
            "Not lifted",
            lambda: self.client.lift_block(block.id),
            then=self._said(f"The block of {name_of(block.customer)} is lifted."),
        )

    def action_extend(self) -> None:
        """Ask for another end."""
        self._with_active(self._ask_for_length)

    def _ask_for_length(self, block: Block) -> None:
        rules = self.desk.me.blocks
        choices = BlockChoices(default=rules.default, longest=rules.longest, forever=rules.forever)
        options = [Option(value=length, label=length.label) for length in choices.lengths()]
        dialog = Choice(f"How long is {name_of(block.customer)} blocked from now?", options)
        self.ask(dialog, lambda length: self._length_chosen(block, choices, length))

    def _length_chosen(self, block: Block, choices: BlockChoices, length: Length) -> None:
        if length.forever:
            self._change(block, expires_at=None)
        elif length.duration is not None:
            self._extend(block, length.duration)
        else:
            dialog = Prompt("How long from now?", label=f"For example {EXAMPLES}", check=choices.problem)
            self.ask(dialog, lambda typed: self._extend(block, typed or ""))

    def _extend(self, block: Block, duration: str) -> None:
        length = parse_length(duration)
        end = None if length is None else end_after(self.now(), length)
        if end is None:
            self.say("Not changed. That is past the end of the calendar.", failed=True)
        else:
            self._change(block, expires_at=end)

    def action_reason(self) -> None:
        """Ask for another reason."""
        self._with_active(self._ask_for_reason)

    def _ask_for_reason(self, block: Block) -> None:
        dialog = Prompt(
            f"Why is {name_of(block.customer)} blocked?",
            label="For the team only; may be empty",
            value=block.reason or "",
        )
        self.ask(dialog, lambda reason: self._change(block, reason=reason or None))

    def _change(self, block: Block, *, expires_at: Any = UNSET, reason: Any = UNSET) -> None:
        self.act(
            "Not changed",
            lambda: self.client.change_block(block.id, expires_at=expires_at, reason=reason),
            then=self._said(f"The block of {name_of(block.customer)} is changed."),
        )

    def _said(self, text: str) -> Callable[[Block], None]:
        def then(block: Block) -> None:
            self._take_block(block)
            self.shell.counts_changed()
            self.say(text)

        return then

    # Cells

    def _columns(self) -> list[Column[Block]]:
        return [
            Column(title="Left", cell=self._left, width=12, keep=10),
            Column(title="Customer", cell=lambda block: name_of(block.customer), width=14, grow=2, keep=9),
            Column(title="Ticket", cell=_ticket, width=7, keep=6),
            Column(title="Reason", cell=_reason, width=16, grow=6, keep=8),
            Column(title="Kind", cell=lambda block: block.kind, width=7, keep=2),
            Column(title="By", cell=lambda block: plain(block.by.name), width=9, grow=1, keep=5),
            Column(title="Held", cell=lambda block: str(block.held or ""), width=5, keep=4),
            Column(title="Since", cell=self._since, width=6, keep=3),
        ]

    def _left(self, block: Block) -> Content:
        return Content.styled(
            block_text.left(block, self.now()),
            "bold" if block_text.is_active(block, self.now()) else "$text-muted",
        )

    def _since(self, block: Block) -> Content:
        return Content.styled(times.moment(block.created_at, self.now()), "$text-muted")


def _ticket(block: Block) -> str:
    return f"#{block.ticket}" if block.ticket is not None else ""


def _reason(block: Block) -> Content:
    shown = plain(block_text.reason_of(block)[:500])
    return Content(shown) if block.reason else Content.styled(shown, "$text-muted")


def _backwards(key: str) -> tuple[int, ...]:
    """Return what sorts ids from the newest to the oldest."""
    return tuple(-ord(letter) for letter in key)
