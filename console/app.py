"""The console as a whole: its sections, the live stream, themes, notices and the login."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.message import Message
from textual.screen import Screen

from .api.client import Client
from .api.errors import DeskError, Unauthorized
from .api.events import Event, Reset
from .api.records import Me, NewToken, Stats
from .api.stream import Connected, Connecting, Item, Lost, Stream
from .screens.audit import AuditScreen
from .screens.base import BaseScreen
from .screens.blocks import BlocksScreen
from .screens.canned import CannedScreen
from .screens.direct import DirectScreen
from .screens.held import HeldScreen
from .screens.login import LoginScreen
from .screens.moderators import ModeratorsScreen
from .screens.overview import OverviewScreen
from .screens.settings import SettingsScreen
from .screens.strangers import StrangersScreen
from .screens.tickets import TicketsScreen
from .state.desk import Connection, Desk, Notice, notice_of
from .state.sections import SECTIONS
from .state.storage import Store
from .themes import DARK, LIGHT, THEMES
from .widgets.keybar import key_name

_COUNT_AFTER = 2.0
"""Seconds after a change until the numbers in the tabs are fetched again."""

_WAITING_ITEMS = 200
"""Events read from the stream and not yet dealt with, at most."""

_TICK = 30.0
"""Seconds after which what depends on the time is painted again."""


class HeardItem(Message):
    """Something came from the stream."""

    def __init__(self, item: Item) -> None:
        self.item = item
        super().__init__()


class LoggedOut(Message):
    """The desk does not know the token any more."""


class KeyCommands(Provider):
    """Every key that works now, to be found by its name."""

    async def discover(self) -> Hits:
        """List all."""
        for name, help_text, run in self._commands():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """List those whose name is like the query."""
        matcher = self.matcher(query)
        for name, help_text, run in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)

    def _commands(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        seen = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not (binding.description and active.enabled and binding.tooltip) or binding.action in seen:
                continue
            seen.add(binding.action)
            name = f"{binding.description}  ({key_name(binding.key)})"
            yield name, binding.tooltip, self._runner(active.node, binding.action)

    def _runner(self, node: object, action: str) -> Callable[[], object]:
        async def run() -> None:
            await self.app.run_action(action, node)  # type: ignore[arg-type] # a node of the screen

        return run


class HeadsetConsole(App[NewToken]):
    """The moderators' console over one desk; ends with a token if it is another moderator's."""

    TITLE = "Headset"
    CSS_PATH = "console.tcss"
    KEYS_TITLE = "Everywhere"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {KeyCommands, *App.COMMANDS}
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(section.key, f"go('{section.name}')", section.title, show=False, tooltip=section.tooltip)
            for section in SECTIONS
        ),
        Binding(
            "ctrl+p",
            "command_palette",
            "Commands",
            show=False,
            priority=True,
            tooltip="Finds a command by its name",
        ),
        Binding(
            "ctrl+t",
            "toggle_theme",
            "Theme",
            show=False,
            priority=True,
            tooltip="Changes between dark and light",
        ),
        Binding(
            "semicolon",
            "open('canned')",
            "Canned replies",
            show=False,
            tooltip="Canned replies, to be edited",
        ),
        Binding("comma", "open('settings')", "Settings", show=False, tooltip="Theme, notices, the bell"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, tooltip="Quits; drafts are kept"),
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "tickets": TicketsScreen,
        "direct": DirectScreen,
        "held": HeldScreen,
        "blocks": BlocksScreen,
        "strangers": StrangersScreen,
        "moderators": ModeratorsScreen,
        "audit": AuditScreen,
        "overview": OverviewScreen,
    }

    def __init__(
        self,
        client: Client,
        me: Me,
        storage: Store,
        *,
        keep_token: Callable[[NewToken], None],
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__()
        self.client, self.storage = client, storage
        self.desk = Desk(me)
        self._now = now or (lambda: datetime.now(timezone.utc))
        self._keep_token = keep_token
        self._stream: Stream | None = None
        self._room = asyncio.Semaphore(_WAITING_ITEMS)
        self._count_is_due = False
        self._is_asking_for_login = False
        for theme in THEMES:
            self.register_theme(theme)

    # Start

    def on_mount(self) -> None:
        """Show the tickets and listen."""
        self.theme = LIGHT.name if self.storage.settings.theme == LIGHT.name else DARK.name
        # All that was imported stays for good: looking through it again and again would make a key wait.
        gc.freeze()
        self.switch_mode("tickets")
        self._listen()
        self._count()
        self.set_interval(_TICK, self._tick)

    def now(self) -> datetime:
        """Return the time, aware."""
        return self._now()

    def _tick(self) -> None:
        for screen in self._screens():
            screen.time_passed()

    def _screens(self) -> list[BaseScreen]:
        return [
            screen
            for stack in self._screen_stacks.values()
            for screen in stack
            if isinstance(screen, BaseScreen)
        ]

    # The stream

    def _listen(self) -> None:
        self.run_worker(self._read_stream(), group="stream", exclusive=True)

    async def _read_stream(self) -> None:
        self._stream = Stream(self.client, self.desk.last_event_id)
        try:
            async for item in self._stream:
                await self._room.acquire()
                self.post_message(HeardItem(item))
        except Unauthorized:
            self.post_message(LoggedOut())

    def on_heard_item(self, message: HeardItem) -> None:
        """Hand on what came."""
        self._room.release()
        item = message.item
        if isinstance(item, (Event, Reset)):
            self._hear(item)
        elif isinstance(item, Connecting):
            if self.desk.connection.state == "live":
                self._connection(Connection(state="connecting"))
        elif isinstance(item, Connected):
            self._connection(Connection(state="live"))
            self._count()
            self._retry_lists()
        elif isinstance(item, Lost):
            self._connection(Connection(state="lost", reason=item.reason))

    def _hear(self, item: Event | Reset) -> None:
        changes = self.desk.apply(item)
        if not changes:
            return
        for screen in self._screens():
            screen.hear(item, changes)
        if "counts" in changes:
            self.counts_changed()
        if changes & {"direct", "health"}:
            self._headings_changed()
        if isinstance(item, Event) and (notice := notice_of(item)) is not None:
            self._tell(notice)

    def _connection(self, connection: Connection) -> None:
        if connection != self.desk.connection:
            self.desk.connection = connection
            self._headings_changed()

    def _headings_changed(self) -> None:
        for screen in self._screens():
            screen.heading_changed()

    def _retry_lists(self) -> None:
        for screen in self._screens():
            screen.connection_is_back()

    def hurry(self) -> None:
        """Try a lost connection again now."""
        if self._stream is not None:
            self._stream.hurry()

    # Numbers

    def counts_changed(self) -> None:
        """Have the numbers in the tabs fetched again soon."""
        if not self._count_is_due:
            self._count_is_due = True
            self.set_timer(_COUNT_AFTER, self._count)

    def _count(self) -> None:
        self._count_is_due = False
        # Not yet as a coroutine: one that is cancelled before its turn would never be awaited.
        self.run_worker(self._fetch_counts, group="counts", exclusive=True)  # type: ignore[arg-type]

    async def _fetch_counts(self) -> None:
        try:
            stats = await self.client.stats()
        except Unauthorized:
            self.post_message(LoggedOut())
        except DeskError:
            return  # the heading says that the connection is lost; they come with the next change
        else:
            self.take_counts(stats)

    def take_counts(self, stats: Stats) -> None:
        """Take in the numbers."""
        self.desk.count(stats)
        self._headings_changed()

    # Notices

    def _tell(self, notice: Notice) -> None:
        settings = self.storage.settings
        wanted = {
            "ticket": settings.notify_tickets,
            "direct": settings.notify_direct,
            "failed": settings.notify_failed,
        }
        if not wanted[notice.kind]:
            return
        severity = "error" if notice.kind == "failed" else "information"
        self.notify(notice.text, title=notice.title, severity=severity, timeout=6, markup=False)  # type: ignore[arg-type]
        if settings.bell:
            self.bell()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Give what has no key: the notices, each on or off."""
        names = {
            "notify_tickets": "Notices of new tickets",
            "notify_direct": "Notices of direct messages",
            "notify_failed": "Notices of failed deliveries",
            "bell": "The terminal's bell",
        }
        for name, title in names.items():
            is_on = bool(getattr(self.storage.settings, name))
            word = "off" if is_on else "on"
            yield SystemCommand(
                f"{title}: turn {word}", f"Now {'on' if is_on else 'off'}", self._switcher(name, not is_on)
            )

    def _switcher(self, name: str, value: bool) -> Callable[[], None]:
        def switch() -> None:
            self.storage.change(**{name: value})

        return switch

    # Login

    def on_logged_out(self) -> None:
        """Ask for a new code over whatever is shown; nothing typed is lost."""
        self.ask_for_login()

    def ask_for_login(self) -> None:
        """Say that the token is not valid any more, and ask for a code."""
        self._connection(Connection(state="lost", reason="not logged in"))
        if not self._is_asking_for_login:
            self._is_asking_for_login = True
            self.push_screen(LoginScreen(self.client.url), self._logged_in)

    def _logged_in(self, new: NewToken | None) -> None:
        self._is_asking_for_login = False
        if new is None:
            return
        self._keep_token(new)
        if new.moderator.id != self.desk.me.moderator.id:
            self.exit(new)
            return
        self.client.token = new.token
        self._listen()
        for screen in self._screens():
            screen.refresh_all()

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Hand a letter to where one writes by now: it was on its way when the focus moved there."""
        focused = self.screen.focused
        if focused is not None and focused.check_consume_key(event.key, event.character):
            event.prevent_default()
            focused.post_message(events.Key(event.key, event.character))

    def action_go(self, section: str) -> None:
        """Go to a main screen."""
        if section in self.MODES and not isinstance(self.screen, (LoginScreen, CommandPalette)):
            self.switch_mode(section)

    def action_open(self, name: str) -> None:
        """Show what is no main screen over the one that is shown."""
        screen = {"canned": CannedScreen, "settings": SettingsScreen}[name]
        if not isinstance(self.screen, screen):
            self.push_screen(screen())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave dialogs where they are: sections change from main screens only."""
        if action in ("go", "open"):
            # The palette asks for the screen that is below it.
            below = self.screen_stack[-2] if isinstance(self.screen, CommandPalette) else self.screen
            return isinstance(below, BaseScreen)
        return super().check_action(action, parameters)

    def action_toggle_theme(self) -> None:
        """Change between dark and light, and remember it."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
        self.storage.change(theme=self.theme)
