"""The document holds for every route: for what it allows, and for what nobody thought of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from plugin.web import limits
from plugin.web.document import list_operations, load_document
from tests.integration.plugin.desk import CONFIG, ORIGIN, Desk, opened
from tests.integration.plugin.fuzz import Fuzz, close_answers
from tests.integration.plugin.good_requests import GOOD, Good, set_scene
from tests.integration.plugin.mod.team import ALICE, BOB, CAROL
from tests.integration.plugin.wallet import SECRET

DOCUMENT = close_answers(load_document())
OPERATIONS = [(path, method) for path, method, _ in list_operations(DOCUMENT)]
STREAMS = [("/v1/events", "get"), ("/v1/mod/events", "get")]
"""An answer of theirs has no end."""
PLENTY = 1_000_000


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    config: dict[str, Any] = {
        **CONFIG,
        "moderators": [ALICE, BOB, CAROL],
        "widget": {"allowed_origins": [ORIGIN], "name": "Example support"},
        "identity": {"user_secret": SECRET, "wallet_chains": [1, 10]},
        "limits": {"messages_per_minute": PLENTY, "sessions_per_hour": PLENTY},
    }
    with pytest.MonkeyPatch.context() as patch:
        for rate in ("_CHECKS_PER_HOUR", "_PRIVACY_PER_HOUR", "_CODES_PER_HOUR"):
            patch.setattr(limits, rate, PLENTY)
        async with opened(tmp_path_factory.mktemp("desk"), config) as running:
            yield running


def routes_of(desk: Desk) -> list[tuple[str, str]]:
    return [
        (route.resource.canonical, route.method.lower())
        for route in desk.plugin.webapp.routes()
        if route.resource and route.method != "HEAD"
    ]


async def test_the_document_has_the_routes_of_the_plugin(desk: Desk) -> None:
    routes = routes_of(desk)
    assert len(set(routes)) == len(routes)
    assert set(routes) <= set(OPERATIONS)


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if one not in STREAMS])
async def test_the_document_holds(desk: Desk, path: str, method: str) -> None:
    if (path, method) not in routes_of(desk):
        pytest.skip("not there yet")
    scene = await set_scene(desk)
    base_url = str(desk.http.make_url("")).rstrip("/")
    fuzz = Fuzz(document=DOCUMENT, base_url=base_url, tokens=scene.tokens)
    name = DOCUMENT["paths"][path][method]["operationId"]
    request = await GOOD[name](scene) if name in GOOD else Good()
    if name in GOOD:
        answer = await asyncio.to_thread(fuzz.send, path, method, token=request.token, **request.parts)
        assert answer.status_code < 300, answer.text
    await asyncio.to_thread(fuzz.try_all, path, method, scene.known(path))
    # Without that only the door was looked at.
    assert any(status < 300 for status in fuzz.statuses[name]), fuzz.statuses


async def test_the_document_is_served(desk: Desk) -> None:
    async with desk.http.get("/v1/openapi.json", headers={"Origin": ORIGIN}) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert await answer.json() == load_document()
