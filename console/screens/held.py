"""What is held: the team's replies that ask for a secret, and customers' messages that a block keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from ..api.events import Event, MessageNews
from ..api.messages import Held
from ..state import held_text, times
from ..state.desk import Change, name_of
from ..state.facts import Facts
from ..state.plain import plain
from ..widgets.columns import Column
from ..widgets.confirm import Confirm
from ..widgets.listing import Listing
from .split import SplitScreen


class HeldScreen(SplitScreen[Held]):
    """Each to release or to drop, after one has read it."""

    KEYS_TITLE = "Held"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "release", "Release", tooltip="Sends it after all; asks once more and shows the text"),
        Binding("d", "drop", "Drop", tooltip="Never sends it; asks once more and shows the text"),
    ]

    def compose_list(self) -> Iterable[Widget]:
        """Show what waits."""
        yield Listing(
            self._columns(),
            key=lambda held: held.id,
            fetch=lambda after: self.client.held(after=after),
            empty="Nothing is held.",
            id="held",
        )

    def facts_of(self, row: Held) -> Facts:
        """Return all there is to know before one decides."""
        return held_text.facts_of(row, self.now())

    def take(self, item: Event, changes: set[Change]) -> None:
        """Follow what is held, released and dropped, and what blocks begin and cease to keep."""
        if isinstance(item.about, Held):
            if item.type == "reply.held":
                self.put(item.about)
            else:
                self.listing.take_out(item.about.id)
        elif "blocks" in changes or _is_about_holding(item):
            self.reload_soon()

    # Keys

    @on(Listing.Opened)
    def opened(self, event: Listing.Opened) -> None:
        """Go to the ticket."""
        self.open_ticket(event.row.ticket)

    def action_release(self) -> None:
        """Ask, with the text, whether it is to be sent after all."""
        held = self.listing.selected
        if held is None:
            return
        if (why_not := held_text.why_not(held)) is not None:
            self.say(f"Not released. {why_not}", failed=True)
            return
        dialog = Confirm(
            f"Release {held_text.title_of(held)}?",
            text=held.text,
            question=held_text.what_releasing_does(held),
            yes="Release",
            danger=held.kind == "reply",
        )
        self.ask(dialog, lambda _: self._decide(held, "released"))

    def action_drop(self) -> None:
        """Ask, with the text, whether it is never to be sent."""
        held = self.listing.selected
        if held is None:
            return
        dialog = Confirm(
            f"Drop {held_text.title_of(held)}?",
            text=held.text,
            question=held_text.what_dropping_does(held),
            yes="Drop",
            danger=True,
        )
        self.ask(dialog, lambda _: self._decide(held, "dropped"))

    def _decide(self, held: Held, done: str) -> None:
        async def decide() -> Held:
            if done == "dropped":
                return await self.client.drop(held.id)
            # Nobody else may look at what was said in private: it was looked at in the dialog.
            return await self.client.release(held.id, confirmed=held.direct)

        def then(_: Held) -> None:
            self.listing.take_out(held.id)
            self.shell.counts_changed()
            self.say(f"{held_text.title_of(held)} is {done}.")

        self.act(f"Not {done}", decide, then=then)

    # Cells

    def _columns(self) -> list[Column[Held]]:
        return [
            Column(title="What", cell=_what, width=8, keep=8),
            Column(title="Where", cell=lambda held: held_text.place_of(held), width=7, keep=10),
            Column(title="By", cell=lambda held: plain(held_text.author_of(held)), width=12, grow=1, keep=9),
            Column(title="Customer", cell=lambda held: name_of(held.customer), width=13, grow=1, keep=4),
            Column(title="Text", cell=lambda held: plain(held.text[:500]), width=22, grow=6, keep=7),
            Column(title="When", cell=self._when, width=6, keep=5),
        ]

    def _when(self, held: Held) -> Content:
        return Content.styled(times.moment(held.created_at, self.now()), "$text-muted")


def _what(held: Held) -> Content:
    if held.kind == "message":
        return Content.styled("message", "$text-accent")
    return Content.styled("edit" if held.edits else "reply", "$text-warning")


def _is_about_holding(item: Event) -> bool:
    return (
        item.type == "message.delivery"
        and isinstance(item.about, MessageNews)
        and item.about.message.author.kind == "customer"
        and (item.about.customer.blocked or item.about.message.delivery == "held")
    )
