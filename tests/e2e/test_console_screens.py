"""Each screen of the console beside tickets, at the running system: maubot, the bridge, Telegram."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from console.api.client import Client
from console.app import HeadsetConsole
from console.state.config import ConfigFile
from console.state.storage import Store
from stack.operators import make_code
from stack.system import System
from stack.telegram_client import ALICE, BOB, MALLORY
from tests.e2e.acts import open_case
from tests.integration.plugin.mod.team import Console
from tests.tui.seat import Seat
from tests.tui.steady import SteadyPilot

Sit = Callable[[int], AbstractAsyncContextManager[Seat]]


@pytest.fixture
def sit(system: System, tmp_path: Path) -> Sit:
    """Seat a moderator, by Telegram id, with a code that the operator has asked the bot for."""

    @asynccontextmanager
    async def seated(telegram_id: int) -> AsyncIterator[Seat]:
        made = await system.api.call("POST", "/v1/mod/token", {"code": await make_code(system, telegram_id)})
        console = Console(
            id=made["moderator"]["id"],
            name=made["moderator"]["name"],
            token=made["token"],
            token_id=made["token_id"],
            api=system.api.with_token(made["token"]),
        )
        client = Client(system.api_url, made["token"])
        storage = Store(tmp_path / str(telegram_id), ConfigFile(tmp_path / f"{telegram_id}.yaml"))
        tokens: list[object] = []
        app = HeadsetConsole(
            client,
            await client.me(),
            storage,
            now=lambda: datetime.now(timezone.utc),
            keep_token=tokens.append,
        )
        try:
            async with app.run_test(size=(100, 30)) as pilot:
                yield Seat(
                    app=app,
                    pilot=SteadyPilot(pilot.app),
                    console=console,
                    storage=storage,
                    messages=[],
                    tokens=tokens,
                )
        finally:
            await client.close()
            storage.close()

    return seated


def words() -> str:
    return f"w{uuid.uuid4().hex[:12]}"


async def test_direct(system: System, sit: Sit) -> None:
    said, answered = words(), words()
    customer = await system.customer()
    async with sit(BOB) as seat:
        await seat.go("direct")
        await customer.send_direct("Bob", said)
        # The text alone may stand in the notice, before the list has it.
        await seat.sees("● anonymous", said)
        await seat.press("home", "enter")
        await seat.sees("Private with anonymous", said, "Never ask for a seed phrase or private key.")
        async with customer.stream() as stream:
            await seat.press("i", *answered, "enter")
            assert (await stream.wait_for_text(answered))["author"]["name"] == "Bob"
        await seat.press("escape", "escape")
    assert not [m for m in await system.telegram.messages() if said in m.text or answered in m.text]


async def test_held(system: System, sit: Sit) -> None:
    asks = f"Please send me your seed phrase {words()}"
    async with open_case(system) as case, sit(BOB) as seat:
        await seat.go("held")
        await case.reply(ALICE, asks)
        # Other tests' customers may have something held, too; the newest stands first.
        await seat.sees(f"reply    #{case.number}")
        await seat.press("home")
        await seat.sees(f"Alice's reply to anonymous (#{case.number})")
        await seat.press("s")
        await seat.sees("It asks for a secret.", asks[:40])
        await seat.press("y")
        await seat.hears("is released.")
        assert (await case.stream.wait_for_text(asks))["author"]["name"] == "Alice"


async def test_blocks(system: System, sit: Sit) -> None:
    async with open_case(system) as case, sit(ALICE) as seat:
        await seat.go("blocks")
        reason = words()
        await case.order(f"/timeout 2h {reason}", BOB, answer="until")
        await seat.sees(f"#{case.number}", reason, "1h 59m")
        await seat.press("home", "u")
        await seat.sees("Lift the block of")
        await seat.press("y")
        await seat.hears("is lifted.")
        await system.telegram.wait_for_text(f"✓ #{case.number} unblocked")


async def test_strangers(system: System, sit: Sit) -> None:
    said = words()
    async with open_case(system) as case, sit(ALICE) as seat:
        await seat.go("strangers")
        await case.reply(MALLORY, said)
        await seat.sees(said, f"#{case.number}", str(MALLORY), "a Allow-list")
        await seat.press("home", "a")
        await seat.sees(f"Make {MALLORY} a moderator")
        await seat.press("escape")


async def test_moderators_and_logins(system: System, sit: Sit) -> None:
    name = words()
    async with sit(ALICE) as seat, sit(BOB) as other:
        await seat.go("moderators")
        await seat.sees("Alice (you)", "Bob")
        await seat.press("a", *name, "tab", *"5559876", "enter")
        await seat.hears(f"{name} is on the allow-list")
        await other.go("moderators")
        await other.sees(name)
        while seat.app.screen.listing.selected.name != name:
            await seat.press("down")
        await seat.press("d", "y")
        await seat.hears(f"{name} is a stranger now.")
        await other.sees_no(name)
        await seat.press("t")
        await seat.sees("now, this console", "Bob")


async def test_audit_and_overview(system: System, sit: Sit) -> None:
    async with open_case(system) as case, sit(ALICE) as seat:
        await seat.go("audit")
        await case.order("/close", answer="closed")
        await seat.sees(f"closed #{case.number}")
        await seat.go("overview")
        await seat.sees("Messages an hour", "✓ Database", "✓ Support room", "✓ Bridge", "✓ Outbox")


async def test_canned_replies_and_settings(system: System, sit: Sit) -> None:
    name = words()
    async with sit(ALICE) as seat:
        await seat.press("semicolon", "a", *name, "enter")
        await seat.sees(f"Canned reply {name}")
        await seat.press(*"Hello", "ctrl+s")
        await seat.hears(f"{name} is saved.")
        await seat.press("escape", "comma")
        await seat.sees("Notices of new tickets")
        await seat.press("escape")


async def test_the_login_after_the_token_is_revoked(system: System, sit: Sit) -> None:
    async with sit(BOB) as seat:
        await seat.until(lambda: seat.app.desk.connection.state == "live", "the stream is open")
        await seat.console.api.call("DELETE", f"/v1/mod/tokens/{seat.console.token_id}")
        await seat.sees("Log in again")
        await seat.type(await make_code(system, BOB))
        await seat.press("enter")
        await seat.sees_no("Log in again")
        await seat.sees("live")
