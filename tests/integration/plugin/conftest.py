"""A running plugin for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plugin import Headset
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.integration.plugin.desk import CONFIG, ORIGIN, Desk, opened
from tests.integration.plugin.wallet import OTHER_ORIGIN, SECRET, from_page


@pytest.fixture
def config() -> dict[str, Any]:
    """The operator's configuration; a test may change it before it asks for `desk`."""
    return {key: dict(value) if isinstance(value, dict) else value for key, value in CONFIG.items()}


@pytest.fixture
async def desk(tmp_path: Path, config: dict[str, Any]) -> AsyncIterator[Desk]:
    """A running plugin of its own for each test."""
    async with opened(tmp_path, config) as running:
        yield running


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch, clock: Any) -> Any:
    """Give the clock of the plugin that is started after it."""
    monkeypatch.setattr(Headset, "clock", clock)
    return clock


@pytest.fixture
def signing_in(config: dict[str, Any], pinned: Any) -> None:
    """Let the desk that is started after it be one where people sign in, at the pinned time."""
    config["widget"]["allowed_origins"] = [ORIGIN, OTHER_ORIGIN]
    config["identity"] = {"user_secret": SECRET, "wallet_chains": [1, 10]}


@pytest.fixture
def api(desk: Desk) -> JsonApi:
    """Give a client that is no browser."""
    return JsonApi(desk.http.session, str(desk.http.make_url("/")))


@pytest.fixture
async def browser(api: JsonApi) -> Customer:
    """Give a browser on a host page."""
    return await open_session(from_page(api))
