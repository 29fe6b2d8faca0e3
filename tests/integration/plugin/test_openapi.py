"""The document holds for every route: for what it allows, and for what nobody thought of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from plugin.web import limits
from plugin.web.document import list_operations, load_document
from tests.integration.plugin.desk import CONFIG, ORIGIN, Desk, opened
from tests.integration.plugin.documented import check_event, closed_document
from tests.integration.plugin.fuzz import Fuzz
from tests.integration.plugin.good_requests import GOOD, Good, Scene, new_customer, set_scene
from tests.integration.plugin.mod.team import ALICE, BOB, CAROL
from tests.integration.plugin.wallet import SECRET

DOCUMENT = closed_document()
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


def fuzz_with(scene: Scene) -> Fuzz:
    base_url = str(scene.desk.http.make_url("")).rstrip("/")
    return Fuzz(document=DOCUMENT, base_url=base_url, tokens=scene.tokens)


async def test_the_document_has_the_routes_of_the_plugin(desk: Desk) -> None:
    routes = routes_of(desk)
    assert len(set(routes)) == len(routes)
    assert set(routes) <= set(OPERATIONS)


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if one not in STREAMS])
async def test_the_document_holds(desk: Desk, path: str, method: str) -> None:
    if (path, method) not in routes_of(desk) or (
        "/held/{id}" in path and ("/v1/mod/tickets/{number}/messages", "post") not in routes_of(desk)
    ):
        pytest.skip("not there yet")
    scene = await set_scene(desk)
    fuzz = fuzz_with(scene)
    name = DOCUMENT["paths"][path][method]["operationId"]
    request = await GOOD[name](scene) if name in GOOD else Good()
    if name in GOOD:
        answer = await asyncio.to_thread(fuzz.send, path, method, token=request.token, **request.parts)
        assert answer.status_code < 300, answer.text
    await asyncio.to_thread(fuzz.try_all, path, method, scene.known(path))
    # Without that only the door was looked at.
    assert any(status < 300 for status in fuzz.statuses[name]), fuzz.statuses


async def test_a_customers_stream_is_as_the_document_says(desk: Desk) -> None:
    customer = await new_customer(desk)
    async with customer.stream() as stream:
        message = await customer.send("hello")
        await customer.api.call("POST", f"/v1/tickets/{message['ticket']}/close")
        await customer.api.call("DELETE", f"/v1/messages/{message['id']}")
        await customer.api.call("DELETE", "/v1/session")
        while await stream.next() is not None:
            pass
    for event in stream.seen:
        check_event("/v1/events", event)
    assert {event.type for event in stream.seen} >= {
        "message.created", "ticket.updated", "message.deleted", "session.ended"
    }  # fmt: skip


@pytest.mark.parametrize("path", [path for path, _ in STREAMS])
async def test_a_stream_refuses_as_the_document_says(desk: Desk, path: str) -> None:
    if (path, "get") not in routes_of(desk):
        pytest.skip("not there yet")
    fuzz = fuzz_with(await set_scene(desk))
    for token, header, status in [("x", "0", 401), (None, "-1", 422), (None, "9" * 20, 422)]:
        answer = await asyncio.to_thread(
            fuzz.send, path, "get", token=token, headers={"Last-Event-ID": header}
        )
        assert answer.status_code == status


async def test_the_document_is_served(desk: Desk) -> None:
    async with desk.http.get("/v1/openapi.json", headers={"Origin": ORIGIN}) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert await answer.json() == load_document()
