"""The document holds for every route: for what it allows, and for what nobody thought of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from plugin.web.document import load_document
from tests.integration.plugin.desk import ORIGIN, Desk
from tests.integration.plugin.documented import OPERATIONS, STREAMS, check_event, closed_document
from tests.integration.plugin.fuzz import Fuzz
from tests.integration.plugin.good_requests import GOOD, Scene, new_customer, open_desk, prepare, set_scene

DOCUMENT = closed_document()


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path_factory.mktemp("desk")) as running:
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
    assert set(routes) == set(OPERATIONS)


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if one not in STREAMS])
async def test_the_document_holds(desk: Desk, path: str, method: str) -> None:
    scene = await set_scene(desk)
    fuzz = fuzz_with(scene)
    operation = DOCUMENT["paths"][path][method]
    name = operation["operationId"]
    request = await prepare(scene, path, operation)
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
