"""Consoles of several moderators at a running plugin: Alice and Bob, and Carol, who is an admin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import ALICE, BOB, CAROL, Console, sign_in


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    """The operator's configuration with a team of three."""
    config["moderators"] = [dict(ALICE), dict(BOB), dict(CAROL)]
    return config


@pytest.fixture
async def alice(desk: Desk) -> Console:
    """Give the console of a moderator."""
    return await sign_in(desk, "Alice")


@pytest.fixture
async def bob(desk: Desk) -> Console:
    """Give the console of another moderator."""
    return await sign_in(desk, "Bob")


@pytest.fixture
async def carol(desk: Desk) -> Console:
    """Give the console of an admin."""
    return await sign_in(desk, "Carol")
