"""Canned replies: the list, and each to be written and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ..api.events import Event
from ..api.people import Canned
from ..api.records import Page
from ..state.desk import Change
from ..state.facts import Facts, moment
from ..state.plain import plain
from ..widgets.columns import Column
from ..widgets.confirm import Confirm
from ..widgets.listing import Listing
from ..widgets.prompt import Prompt
from .split import SplitScreen

_NAME = re.compile(r"[a-z0-9_-]{1,32}")

VARIABLES = "{customer}, {ticket} and {moderator} stand for the names and the number."


def problem_of_name(name: str) -> str | None:
    """Say what is wrong with a name, or None."""
    if _NAME.fullmatch(name):
        return None
    return "1 to 32 of: small letters, digits, - and _"


class CannedScreen(SplitScreen[Canned]):
    """What is said again and again."""

    PLACE = "Canned replies"
    KEYS_TITLE = "Canned replies"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", tooltip="Writes a new one"),
        Binding("e", "edit", "Edit", tooltip="Changes its text, for the whole team"),
        Binding("d", "delete", "Delete", tooltip="Deletes it, for the whole team"),
        Binding("escape", "back", "Back", tooltip="Goes back"),
    ]

    def compose_list(self) -> Iterable[Widget]:
        """Show the list."""
        yield Listing(
            [
                Column(title="Name", cell=lambda canned: plain(canned.name), width=18, grow=1, keep=9),
                Column(title="Text", cell=lambda canned: plain(canned.text[:500]), width=24, grow=6, keep=8),
                Column(title="By", cell=lambda canned: plain(canned.by.name), width=10, keep=5),
            ],
            key=lambda canned: canned.name,
            fetch=self._fetch,
            order=lambda canned: canned.name,
            empty="There are none yet. a writes the first.",
            id="canned",
        )

    def facts_of(self, row: Canned) -> Facts:
        """Return the whole text."""
        return Facts(
            title=row.name,
            facts=(("Written", f"{row.by.name}, {moment(row.updated_at, self.now())}"),),
            text=row.text,
        )

    @staticmethod
    def _key(row: Canned) -> str:
        return row.name

    async def _fetch(self, _after: str | None) -> Page[Canned]:
        return Page(items=await self.client.canned(), next=None)

    def take(self, item: Event, changes: set[Change]) -> None:
        """Follow what others write."""
        if "canned" in changes:
            self.reload_soon()

    @on(Listing.Opened)
    def opened(self) -> None:
        """Change the text."""
        self.action_edit()

    # Keys

    def action_add(self) -> None:
        """Ask for a name, then for the text."""
        dialog = Prompt(
            "A new canned reply", label="Its name, such as fees", check=self._check_new, yes="Go on"
        )
        self.ask(dialog, lambda name: self._write(name or "", ""))

    def _check_new(self, name: str) -> str | None:
        if self.listing.window.get(name) is not None:
            return "There is one of this name: e edits it"
        return problem_of_name(name)

    def action_edit(self) -> None:
        """Ask for another text."""
        canned = self.listing.selected
        if canned is not None:
            self._write(canned.name, canned.text)

    def _write(self, name: str, text: str) -> None:
        dialog = Prompt(
            f"Canned reply {name}",
            label=VARIABLES,
            value=text,
            lines=True,
            limit=self.desk.me.limits.text,
            check=lambda typed: None if typed else "A text, please",
        )
        self.ask(dialog, lambda typed: self._put(name, typed or ""))

    def _put(self, name: str, text: str) -> None:
        def then(canned: Canned) -> None:
            self.put(canned)
            self.say(f"{canned.name} is saved.")

        self.act("Not saved", lambda: self.client.put_canned(name, text), then=then)

    def action_delete(self) -> None:
        """Ask, with the text, whether it is to go."""
        canned = self.listing.selected
        if canned is not None:
            dialog = Confirm(f"Delete {canned.name}?", text=canned.text, yes="Delete", danger=True)
            self.ask(dialog, lambda _: self._delete(canned.name))

    def _delete(self, name: str) -> None:
        def then(_: None) -> None:
            self.listing.take_out(name)
            self.say(f"{name} is deleted.")

        self.act("Not deleted", lambda: self.client.remove_canned(name), then=then)
