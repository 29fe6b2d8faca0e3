"""A console under test, with what its screen says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.message import Message
from textual.widgets import Input, TextArea

from console.api.client import Client
from console.api.records import NewToken
from console.app import HeadsetConsole
from console.screens.conversation import ConversationScreen
from console.state.config import ConfigFile
from console.state.sections import SECTIONS
from console.state.storage import Store
from console.themes import DARK, LIGHT
from console.widgets.listing import Listing
from stack.conditions import until
from stack.json_api import JsonApi
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import Console, make_code
from tests.tui.steady import SteadyPilot

SMALL, LARGE = (80, 24), (160, 48)
SIZES = [pytest.param(SMALL, id="80x24"), pytest.param(LARGE, id="160x48")]
THEMES = [pytest.param(DARK.name, id="dark"), pytest.param(LIGHT.name, id="light")]


@dataclass(kw_only=True)
class Seat:
    """A moderator at a running console."""

    app: HeadsetConsole
    pilot: SteadyPilot
    console: Console
    """The same moderator without a screen."""
    storage: Store
    messages: list[Message]
    """What was posted within the app, in order."""
    tokens: list[NewToken]
    """Those that the console was given since, to be kept."""
    expected: Path | None = None
    """The picture that the test compares with."""

    @property
    def text(self) -> str:
        """What stands on the screen, as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def said(self) -> list[str]:
        """What was told in passing, oldest first."""
        return [notice.message for notice in self.app._notifications]

    def posted(self, kind: type[Message]) -> list[Any]:
        """Return the messages of a kind that were posted."""
        return [message for message in self.messages if isinstance(message, kind)]

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text, or paste it where it has more than keys can say."""
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))

    async def until(self, probe: Callable[[], object], what: str) -> None:
        """Wait until something is so."""

        async def look() -> bool:
            await self.pilot.pause()
            return bool(probe())

        try:
            await until(look, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}\nsaid: {self.said}") from None

    async def sees(self, *texts: str) -> None:
        """Wait until all of these stand on the screen."""
        for text in texts:
            await self.until(lambda text=text: text in self.text, f"the screen says {text!r}")

    async def sees_no(self, text: str) -> None:
        """Wait until this does not stand on the screen any more."""
        await self.until(lambda: text not in self.text, f"the screen does not say {text!r}")

    async def hears(self, text: str) -> None:
        """Wait until this was told in passing."""
        await self.until(lambda: any(text in said for said in self.said), f"it is said that {text!r}")

    async def open_ticket(self, *texts: str) -> None:
        """Open the selected ticket, once there is one, and wait until this of it stands there."""
        await self.until(lambda: self.app.screen.query_one(Listing).selected, "there is a ticket to open")
        await self.press("enter")
        await self.until(lambda: isinstance(self.app.screen, ConversationScreen), "it is open")
        await self.sees(*texts)

    async def go(self, section: str) -> None:
        """Go to a main screen and wait until it has loaded."""
        await self.until(lambda: self.app.desk.connection.state == "live", "the stream is open")
        # By its key, as a task of the app's own: with two seats this one may be within the other app.
        await self.press(next(each.key for each in SECTIONS if each.name == section))
        await self.until(lambda: self.app.current_mode == section, f"{section} is shown")

    async def picture(self, theme: str = DARK.name) -> str:
        """Return the screen as an SVG, with nothing on it that is told in passing and nothing that blinks."""
        self.app.theme = theme
        self.app.clear_notifications()
        for widget in self.app.screen.query("Input, TextArea"):
            if isinstance(widget, (Input, TextArea)):
                widget.cursor_blink = False
        await self.until(lambda: not self.app._notifications, "nothing is told any more")
        # Numbers and rows come by and by: what is compared is what the screen comes to look like.
        expected = self.expected.read_text(encoding="utf-8") if self.expected else None
        try:
            await self.until(lambda: expected == self.app.export_screenshot(), "the screen is as expected")
        except AssertionError:
            # Where it differs from a kept one, the SVG alone tells nobody in what.
            print(self.text)
            return self.app.export_screenshot()
        return expected or ""


async def sign_in_at(desk: Desk, name: str, clock: Any) -> Console:
    """Sign a moderator in, each step at a time of its own, so that the audit log has one order."""
    clock.advance(1)
    api = JsonApi(desk.http.session, str(desk.http.make_url("/")))
    code = await make_code(desk, name)
    clock.advance(1)
    made = await api.call("POST", "/v1/mod/token", {"code": code})
    clock.advance(1)
    who = made["moderator"]
    token = api.with_token(made["token"])
    return Console(id=who["id"], name=who["name"], token=made["token"], token_id=made["token_id"], api=token)


@asynccontextmanager
async def take_a_seat(
    desk: Desk,
    name: str,
    folder: Path,
    clock: Any,
    size: tuple[int, int],
    *,
    url: str | None = None,
    expected: Path | None = None,
    shows_notices: bool = False,
) -> AsyncIterator[Seat]:
    """Sign a moderator in at a console of their own and run it; `url` is another way to the desk.

    `shows_notices` puts on the screen what is told in passing; otherwise what is seen is no notice.
    """
    console = await sign_in_at(desk, name, clock)
    url = url or str(desk.http.make_url("/"))
    async with run_console(console, url, folder, clock.now, size, shows_notices=shows_notices) as seat:
        seat.expected = expected
        yield seat


@asynccontextmanager
async def run_console(
    console: Console,
    url: str,
    folder: Path,
    now: Callable[[], datetime],
    size: tuple[int, int],
    *,
    shows_notices: bool = False,
) -> AsyncIterator[Seat]:
    """Run a console with a moderator's token."""
    client = Client(url, console.token)
    storage = Store(folder / "kept", ConfigFile(folder / "config.yaml"))
    tokens: list[NewToken] = []
    app = HeadsetConsole(client, await client.me(), storage, now=now, keep_token=tokens.append)
    messages: list[Message] = []
    try:
        async with app.run_test(
            size=size, message_hook=messages.append, notifications=shows_notices
        ) as pilot:
            steady = SteadyPilot(pilot.app)
            yield Seat(
                app=app,
                pilot=steady,
                console=console,
                storage=storage,
                messages=messages,
                tokens=tokens,
            )
            # The pilot takes the screens down while the app still deals with messages, which no exit does:
            # nothing may come from the desk any more.
            app.workers.cancel_all()
            await steady.pause()
    finally:
        await client.close()
        storage.close()
