"""The allow-list: who may answer customers, and, for admins, who is put on it and taken off it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from ..api.events import Event
from ..api.people import Moderator
from ..api.records import Page
from ..state import moderator_text
from ..state.desk import Change
from ..state.facts import Facts
from ..state.moderator_text import ModeratorWish
from ..state.plain import plain
from ..state.ulid import new_ulid
from ..widgets.columns import Column
from ..widgets.confirm import Confirm
from ..widgets.listing import Listing
from ..widgets.moderator_form import ModeratorForm
from .logins import LoginsScreen
from .split import SplitScreen


class ModeratorsScreen(SplitScreen[Moderator]):
    """Everybody on the allow-list."""

    KEYS_TITLE = "Moderators"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", tooltip="Puts somebody on the allow-list (admins only)"),
        Binding("e", "change", "Change", tooltip="Changes name, ids or role (admins only)"),
        Binding("d", "remove", "Remove", tooltip="Takes somebody off the allow-list (admins only)"),
        Binding("t", "logins", "Logins", tooltip="Shows who is logged in where, to end logins"),
    ]

    def compose_list(self) -> Iterable[Widget]:
        """Show the list."""
        yield Listing(
            [
                Column(title="Name", cell=self._called, width=14, grow=3, keep=10),
                Column(title="Role", cell=_role, width=10, keep=9),
                Column(title="Telegram", cell=_telegram, width=12, keep=8),
                Column(title="Matrix", cell=lambda m: plain(m.mxid or ""), width=18, grow=3, keep=6),
                Column(title="Source", cell=lambda m: m.source, width=8, keep=5),
                Column(title="Logins", cell=lambda m: str(m.tokens or ""), width=6, keep=4),
            ],
            key=lambda moderator: moderator.id,
            fetch=self._fetch,
            order=_by_name,
            empty="Nobody is on the allow-list.",
            id="moderators",
        )

    def facts_of(self, row: Moderator) -> Facts:
        """Return all that is known of a place on the list."""
        return moderator_text.facts_of(row, is_admin=self._is_admin)

    @property
    def _is_admin(self) -> bool:
        return self.desk.me.moderator.role == "admin"

    async def _fetch(self, _after: str | None) -> Page[Moderator]:
        return Page(items=tuple(sorted(await self.client.moderators(), key=_by_name)), next=None)

    def take(self, item: Event, changes: set[Change]) -> None:
        """Follow what others change."""
        if "moderators" in changes:
            self.reload_soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show to admins only what is theirs."""
        if action in ("add", "change", "remove"):
            return self._is_admin
        return super().check_action(action, parameters)

    @on(Listing.Opened)
    def opened(self) -> None:
        """Change the entry, as far as one may."""
        if self._is_admin:
            self.action_change()

    # Keys

    def action_logins(self) -> None:
        """Show the logins."""
        self.app.push_screen(LoginsScreen())

    def action_add(self) -> None:
        """Ask who is to be put on the list."""
        moderator_id = new_ulid(self.now())
        self.ask(ModeratorForm("Put somebody on the allow-list"), lambda wish: self._put(moderator_id, wish))

    def action_change(self) -> None:
        """Ask what is to be another."""
        moderator = self._changeable("Not changed")
        if moderator is not None:
            dialog = ModeratorForm(f"Change {moderator.name}", moderator)
            self.ask(dialog, lambda wish: self._put(moderator.id, wish))

    def _put(self, moderator_id: str, wish: ModeratorWish) -> None:
        self.act(
            "Not saved",
            lambda: self.client.put_moderator(
                moderator_id,
                name=wish.name,
                role=wish.role,
                telegram_id=wish.telegram_id,
                mxid=wish.mxid,
            ),
            then=self._saved,
        )

    def _saved(self, moderator: Moderator) -> None:
        self.put(moderator)
        self.say(f"{moderator.name} is on the allow-list as {moderator.role}.")

    def action_remove(self) -> None:
        """Ask whether somebody is to become a stranger."""
        moderator = self._changeable("Not removed")
        if moderator is None:
            return
        dialog = Confirm(
            f"Take {moderator.name} off the allow-list?",
            question="Their replies are not delivered any more, and their logins end. What they wrote stays.",
            yes="Remove",
            danger=True,
        )
        self.ask(dialog, lambda _: self._remove(moderator))

    def _remove(self, moderator: Moderator) -> None:
        def then(_: None) -> None:
            self.listing.take_out(moderator.id)
            self.say(f"{moderator.name} is a stranger now.")

        self.act("Not removed", lambda: self.client.remove_moderator(moderator.id), then=then)

    def _changeable(self, failed: str) -> Moderator | None:
        moderator = self.listing.selected
        if moderator is not None and (fixed := moderator_text.why_fixed(moderator)) is not None:
            self.say(f"{failed}. {fixed}", failed=True)
            return None
        return moderator

    # Cells

    def _called(self, moderator: Moderator) -> Content:
        me = (" (you)", "$text-muted") if moderator.id == self.desk.me.moderator.id else ""
        return Content.assemble((plain(moderator.name), "bold"), me)


def _by_name(moderator: Moderator) -> tuple[str, str]:
    return moderator.name.casefold(), moderator.id


def _role(moderator: Moderator) -> Content:
    return Content.styled(moderator.role, "$text-accent" if moderator.role == "admin" else "")


def _telegram(moderator: Moderator) -> str:
    return "" if moderator.telegram_id is None else str(moderator.telegram_id)
