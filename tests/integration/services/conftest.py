"""A desk, a host, a customer and browsers for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.services.desk import Desk, Host
from tests.integration.services.doors import Doors


@pytest.fixture
async def desk(store: Any, clock: Any) -> AsyncIterator[Desk]:
    """Give a desk with an empty room and no host yet."""
    desk = Desk(store, clock)
    yield desk
    await desk.stop()


@pytest.fixture
async def host(desk: Desk) -> Host:
    """Give one host of the desk."""
    return await desk.start_host()


@pytest.fixture
async def customer(desk: Desk, host: Host) -> str:
    """Give a customer's id."""
    return await desk.customer(host)


@pytest.fixture
def at_once(desk: Desk) -> None:
    """Send without waiting for more."""
    desk.configure(join_within=0, per_minute=0)


@pytest.fixture
def doors(desk: Desk, host: Host) -> Doors:
    """Give browsers of that host, whose messages go out at once."""
    desk.configure(join_within=0, per_minute=0)
    return Doors(desk, host)


@pytest.fixture
async def room(desk: Desk, host: Host, customer: str) -> str:
    """Give the room of the customer's conversation with Carol, who is in it."""
    return await desk.private_room(host, "Carol", customer)
