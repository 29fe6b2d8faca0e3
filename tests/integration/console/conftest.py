"""The console beside a running plugin: its client, its stream, its command line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from console.api.client import Client
from plugin import Headset
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.integration.console.line import CutLine
from tests.integration.console.running import Run, run_headset
from tests.integration.plugin.desk import CONFIG, Desk, opened
from tests.integration.plugin.mod.team import ALICE, BOB, CAROL, sign_in

SignIn = Callable[[str], Awaitable[Client]]


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch, clock: Any) -> Any:
    """Give the clock of the plugin that is started after it."""
    monkeypatch.setattr(Headset, "clock", clock)
    return clock


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A running plugin with a team of three."""
    config = {key: dict(value) if isinstance(value, dict) else value for key, value in CONFIG.items()}
    config["moderators"] = [dict(ALICE), dict(BOB), dict(CAROL)]
    config["limits"] = {"messages_per_minute": 600}
    async with opened(tmp_path, config) as running:
        yield running


@pytest.fixture
def url(desk: Desk) -> str:
    """Give the address of the desk."""
    return str(desk.http.make_url("/"))


@pytest.fixture
async def client_of(desk: Desk, url: str) -> AsyncIterator[SignIn]:
    """Give what signs a moderator in."""
    clients: list[Client] = []

    async def sign_one_in(name: str) -> Client:
        clients.append(Client(url, (await sign_in(desk, name)).token))
        return clients[-1]

    yield sign_one_in
    for client in clients:
        await client.close()


@pytest.fixture
async def alice(client_of: SignIn) -> Client:
    """Give the client of a moderator."""
    return await client_of("Alice")


@pytest.fixture
async def carol(client_of: SignIn) -> Client:
    """Give the client of an admin."""
    return await client_of("Carol")


@pytest.fixture
async def customer(desk: Desk, url: str) -> Customer:
    """Give a customer who has not written yet."""
    return await open_session(JsonApi(desk.http.session, url))


@pytest.fixture
async def line(desk: Desk) -> AsyncIterator[CutLine]:
    """Give a line to the desk that can be cut."""
    async with CutLine(desk.http.port) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder in which the console keeps its files, of somebody without a keyring."""
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name.lower()))
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield tmp_path / "home"
    keyring.set_keyring(before)


@pytest.fixture
def run() -> Run:
    """Give what runs a command."""
    return run_headset
