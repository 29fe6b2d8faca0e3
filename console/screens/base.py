"""What all main screens have: heading, keys, help, acts that may fail, and the live stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from ..api.client import Client
from ..api.errors import DeskError, Unauthorized
from ..api.events import CustomerNews, Event, Reset
from ..state.desk import Change, Desk
from ..state.plain import plain
from ..state.storage import Store
from ..widgets.heading import Heading
from ..widgets.keybar import KeyBar
from ..widgets.listing import Listing
from ..widgets.wishes import Said
from .help import HelpScreen
from .shell import Shell

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Act(Generic[T]):
    """Something asked of the desk, kept so that it can be repeated when it fails."""

    failed: str
    """What is said when it fails, such as `Not closed`."""
    make: Callable[[], Awaitable[T]]
    then: Callable[[T], object] | None
    otherwise: Callable[[DeskError], bool] | None
    """Is asked first about a failure; true means that it is dealt with."""
    key: Literal["R", "r"] = "R"
    """What tries it again: `r` loads all that is shown, and needs nothing kept."""


class BaseScreen(Screen[None]):
    """One main screen; a subclass gives its section and its body."""

    PLACE: ClassVar[str] = ""
    KEYS_TITLE: ClassVar[str] = "On every screen"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "refresh", "Refresh", show=False, tooltip="Loads what is shown again"),
        Binding("R", "repeat", "Repeat", tooltip="Tries again what failed last"),
        Binding("question_mark", "help", "Help", tooltip="All keys of this screen"),
        Binding("q", "back", "Back", show=False, tooltip="Goes back; on a main screen it quits"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._failed: Act[Any] | None = None
        self._acts = 0

    # What a subclass gives

    def compose_body(self) -> Iterable[Widget]:
        """Give what is between the heading and the keys."""
        return ()

    def take(self, item: Event, changes: set[Change]) -> None:
        """Take in an event of the live stream; must be quick."""

    def refresh_all(self) -> None:
        """Load everything that is shown again."""
        for listing in self.query(Listing):
            listing.reload()

    def connection_is_back(self) -> None:
        """Load what could not be loaded."""
        for listing in self.query(Listing):
            listing.connection_is_back()

    # What it has

    @property
    def shell(self) -> Shell:
        """Return the console."""
        return cast("Shell", self.app)

    @property
    def client(self) -> Client:
        """Return the way to the desk."""
        return self.shell.client

    @property
    def desk(self) -> Desk:
        """Return what all screens know."""
        return self.shell.desk

    @property
    def storage(self) -> Store:
        """Return what is kept over a restart."""
        return self.shell.storage

    def now(self) -> datetime:
        """Return the time."""
        return self.shell.now()

    def compose(self) -> ComposeResult:
        """Show heading, body and keys."""
        yield Heading(self.desk, self.app.current_mode, self.PLACE)
        yield from self.compose_body()
        yield KeyBar()

    @property
    def stays(self) -> bool:
        """Whether it has what it shows things in: while a screen closes, its parts go before it does."""
        return self.is_attached and not self._pruning

    # Acts

    def act(
        self,
        failed: str,
        make: Callable[[], Awaitable[T]],
        *,
        then: Callable[[T], object] | None = None,
        otherwise: Callable[[DeskError], bool] | None = None,
    ) -> None:
        """Ask something of the desk without stopping anything; a failure is said and can be repeated."""
        self._start(Act(failed=failed, make=make, then=then, otherwise=otherwise))

    def load(
        self, failed: str, make: Callable[[], Awaitable[T]], *, then: Callable[[T], object] | None = None
    ) -> None:
        """Fetch what is shown, asked for or not; what failed before can still be repeated."""
        self._run(Act(failed=failed, make=make, then=then, otherwise=None, key="r"))

    def _start(self, act: Act[Any]) -> None:
        self._failed = None
        self.refresh_bindings()
        self._run(act)

    def _run(self, act: Act[Any]) -> None:
        # The app's and not the screen's: what was asked for is done, also when one leaves at once.
        self.app.run_worker(self._perform(act), group="acts")

    async def _perform(self, act: Act[T]) -> None:
        self._count_acts(1)
        try:
            result = await act.make()
        except Unauthorized:
            self._keep(act)
            self.shell.ask_for_login()
        except DeskError as error:
            if act.otherwise is None or not act.otherwise(error):
                self._keep(act)
                again = f" Press {act.key} to try again." if self.stays else ""
                self.say(f"{act.failed}. {error.detail}{again}", failed=True)
        else:
            if act.then is not None and self.stays:
                act.then(result)
        finally:
            self._count_acts(-1)

    def _keep(self, act: Act[Any]) -> None:
        if act.key == "r":
            return
        self._failed = act
        if self.stays:
            self.refresh_bindings()

    def _count_acts(self, by: int) -> None:
        self._acts += by
        for heading in self.query(Heading):
            heading.is_busy = self._acts > 0
            heading.refresh()

    def say(self, text: str, *, failed: bool = False) -> None:
        """Show a sentence for a few seconds."""
        self.notify(
            plain(text),
            severity="error" if failed else "information",
            timeout=8 if failed else 3,
            markup=False,
        )

    def on_login_needed(self) -> None:
        """Ask for a new login: a widget was told that this one is over."""
        self.shell.ask_for_login()

    def on_said(self, message: Said) -> None:
        """Show what a widget says."""
        self.say(message.text, failed=message.failed)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the key for repeating only when something failed."""
        if action == "repeat":
            return self._failed is not None
        return super().check_action(action, parameters)

    def action_refresh(self) -> None:
        """Load what is shown again."""
        self.shell.hurry()
        self.refresh_all()

    def action_repeat(self) -> None:
        """Try again what failed last."""
        if self._failed is not None:
            self._start(self._failed)

    async def action_help(self) -> None:
        """Show all keys of this screen."""
        await self.app.push_screen(HelpScreen(self))

    def action_back(self) -> None:
        """Go back, or quit where there is nothing to go back to."""
        if len(self.app.screen_stack) > 1:
            self.dismiss()
        else:
            self.app.exit()

    # The stream

    def hear(self, item: Event | Reset, changes: set[Change]) -> None:
        """Be told of an event; the console calls it for each screen."""
        if isinstance(item, Reset):
            self.refresh_all()
        elif isinstance(item.about, CustomerNews):
            self.forget_customer(item.about.id)
        else:
            self.take(item, changes)

    def forget_customer(self, customer_id: str) -> None:
        """Load again what may be about a customer who was erased, or is another one now."""
        for listing in self.query(Listing):
            listing.reload()

    def time_passed(self) -> None:
        """Paint again what depends on the time."""
        for listing in self.query(Listing):
            listing.repaint()

    def heading_changed(self) -> None:
        """Paint the heading again: connection or numbers changed."""
        for heading in self.query(Heading):
            heading.refresh()
