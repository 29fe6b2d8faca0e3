"""Who is logged in at a console; one's own logins, everybody's for an admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from ..api.events import Event
from ..api.people import Token
from ..api.records import Page
from ..state.desk import Change
from ..state.facts import Facts, moment
from ..state.moderator_text import used
from ..state.plain import plain
from ..widgets.columns import Column
from ..widgets.confirm import Confirm
from ..widgets.listing import Listing
from .split import SplitScreen


class LoginsScreen(SplitScreen[Token]):
    """Logins, each to be ended."""

    PLACE = "Logins"
    KEYS_TITLE = "Logins"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "revoke", "End login", tooltip="That console has to log in again"),
        Binding("escape", "back", "Back", tooltip="Goes back to the moderators"),
    ]

    def compose_list(self) -> Iterable[Widget]:
        """Show the list."""
        yield Listing(
            [
                Column(title="Moderator", cell=_who, width=16, grow=2, keep=9),
                Column(title="Used last", cell=self._used, width=18, grow=1, keep=8),
                Column(title="Logged in", cell=self._made, width=18, grow=1, keep=7),
            ],
            key=lambda token: token.id,
            fetch=self._fetch,
            order=_by_name,
            empty="Nobody is logged in.",
            id="logins",
        )

    def facts_of(self, row: Token) -> Facts:
        """Return what is known of a login."""
        return Facts(
            title=f"{row.moderator.name}'s login",
            facts=(
                ("Used last", used(row, self.now())),
                ("Logged in", moment(row.created_at, self.now())),
            ),
            hint="This is the console that you look at." if row.current else "",
        )

    async def _fetch(self, _after: str | None) -> Page[Token]:
        return Page(items=tuple(sorted(await self.client.tokens(), key=_by_name)), next=None)

    def take(self, item: Event, changes: set[Change]) -> None:
        """Follow logins that are made and ended."""
        if "moderators" in changes:
            self.reload_soon()

    @on(Listing.Opened)
    def opened(self) -> None:
        """Do the one thing that there is to do."""
        self.action_revoke()

    def action_revoke(self) -> None:
        """Ask whether the login is to end."""
        token = self.listing.selected
        if token is None:
            return
        dialog = Confirm(
            f"End {token.moderator.name}'s login?",
            question=(
                "It is the one of this console: you have to log in again."
                if token.current
                else "That console has to log in again. Nothing else is lost."
            ),
            yes="End it",
            danger=token.current,
        )
        self.ask(dialog, lambda _: self._revoke(token))

    def _revoke(self, token: Token) -> None:
        def then(_: None) -> None:
            self.listing.take_out(token.id)
            self.say(f"{token.moderator.name}'s login is ended.")

        self.act("Not ended", lambda: self.client.revoke_token(token.id), then=then)

    def _used(self, token: Token) -> Content:
        return Content.styled(used(token, self.now()), "$text-success" if token.current else "")

    def _made(self, token: Token) -> Content:
        return Content.styled(moment(token.created_at, self.now()), "$text-muted")


def _by_name(token: Token) -> tuple[str, float, str]:
    return token.moderator.name.casefold(), -token.created_at.timestamp(), token.id


def _who(token: Token) -> str:
    return plain(token.moderator.name)
