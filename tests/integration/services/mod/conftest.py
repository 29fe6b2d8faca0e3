"""The console's use cases, over the same desk."""

from __future__ import annotations

from typing import Any

import pytest

from plugin.domain.model import Moderator
from plugin.services.mod.blocks import BlockDesk
from plugin.services.mod.held import HeldDesk
from tests.integration.services.desk import Desk, Host


class Team:
    """The moderators, by name."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def __call__(self, name: str) -> Moderator:
        async with self._host.database.snapshot() as tx:
            return next(m for m in await tx.moderators.list_active() if m.name == name)


@pytest.fixture
def team(host: Host) -> Team:
    """Give what looks moderators up."""
    return Team(host)


@pytest.fixture
def blocks(desk: Desk, host: Host) -> BlockDesk:
    """Give the console's way to blocks."""
    return BlockDesk(
        database=host.database,
        clock=desk.clock,
        settings=lambda: desk.settings,
        wake_relay=host.relay.worker.wake,
    )


@pytest.fixture
def held(desk: Desk, host: Host) -> HeldDesk:
    """Give the console's way to what is held."""
    return HeldDesk(
        database=host.database,
        clock=desk.clock,
        held=host.held,
        hub=host.hub,
        relays={"team": host.relay.worker, "direct": host.direct_relay.worker},
    )


@pytest.fixture
def send(desk: Desk, host: Host) -> Any:
    """Give what lets everything go out that is due, and the room be read."""

    async def send() -> list[str]:
        for relay in (host.relay, host.direct_relay):
            relay.worker.start()
        await desk.eventually(desk.nothing_waits, "nothing waits")
        for relay in (host.relay, host.direct_relay):
            await relay.stop()
        await host.inbox.catch_up()
        return desk.server.bodies

    return send
