"""Servers that misbehave as the plugin itself never does, proxies' errors among them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestServer

from console.api import http as console_http
from console.api.client import Client
from console.api.errors import ApiError, NotUnderstood, Unauthorized, Unreachable
from console.api.events import Event, Reset
from console.api.stream import Backoff, Connected, Connecting, Item, Lost, Stream
from stack.conditions import PATIENCE

Answer = Callable[[], web.Response]


class Odd:
    """A server that answers every request in the way that a test sets, and remembers what was asked."""

    def __init__(self) -> None:
        self.answer: Answer = lambda: web.Response()
        self.asked: list[web.Request] = []
        self.silence = asyncio.Event()
        self.is_silent = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.is_silent:
            await self.silence.wait()
        return self.answer()


@pytest.fixture
def odd() -> Odd:
    return Odd()


@pytest.fixture
async def client(odd: Odd) -> AsyncIterator[Client]:
    """Give a client of the odd server."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", odd.handle)
    async with TestServer(app) as server:
        client = Client(str(server.make_url("/desk")), "secret-token")
        yield client
        odd.silence.set()
        await client.close()


def problem(status: int, **members: Any) -> Answer:
    document = {"type": "about:blank", "title": "No.", "status": status, "detail": "Not now.", **members}
    return lambda: web.Response(
        status=status, body=json.dumps(document), content_type="application/problem+json"
    )


def page(status: int, **headers: str) -> Answer:
    return lambda: web.Response(
        status=status, text="<html>no</html>", content_type="text/html", headers=headers
    )


def stream(text: str) -> Answer:
    return lambda: web.Response(text=text, content_type="text/event-stream")


async def test_a_refusal_tells_all_that_its_document_does(odd: Odd, client: Client) -> None:
    odd.answer = problem(422, code="text_too_long", field="text", limit=4000, retry_after=3)
    with pytest.raises(ApiError) as caught:
        await client.me()
    error = caught.value
    assert (error.code, error.status, error.detail) == ("text_too_long", 422, "Not now.")
    assert (error.field, error.limit, error.retry_after) == ("text", 4000, 3.0)
    assert odd.asked[0].headers["Authorization"] == "Bearer secret-token"
    assert odd.asked[0].path_qs == "/desk/v1/mod/me"


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (problem(401, code="unauthorized"), Unauthorized, "Not now"),
        (page(401), Unauthorized, "login"),
        (problem(404, code="not_found"), ApiError, "Not now"),
        (page(404), Unreachable, "starting"),
        (problem(503, code="unavailable", retry_after=9), Unreachable, "Not now"),
        (page(502), Unreachable, "502"),
        (page(429), Unreachable, "429"),
        (page(403), NotUnderstood, "403"),
        (page(302, Location="http://127.0.0.1:1/"), NotUnderstood, "somewhere else"),
        (page(200), NotUnderstood, "not JSON"),
        (lambda: web.json_response([]), NotUnderstood, "not a JSON object"),
        (lambda: web.Response(), NotUnderstood, "not a JSON object"),
        (
            lambda: web.Response(status=422, body="{", content_type="application/problem+json"),
            NotUnderstood,
            "422",
        ),
    ],
)
async def test_each_failure_has_its_kind(
    odd: Odd, client: Client, answer: Answer, kind: type[Exception], why: str
) -> None:
    odd.answer = answer
    with pytest.raises(kind, match=why) as caught:
        await client.me()
    assert type(caught.value) is kind
    assert len(odd.asked) == 1


async def test_a_wait_that_the_desk_wishes_for_is_known(odd: Odd, client: Client) -> None:
    odd.answer = problem(503, code="unavailable", retry_after=9)
    with pytest.raises(Unreachable) as caught:
        await client.me()
    assert caught.value.retry_after == 9.0


async def test_silence_is_not_waited_for_without_end(
    odd: Odd, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_http, "TIMEOUT", ClientTimeout(total=0.05))
    odd.is_silent = True
    with pytest.raises(Unreachable, match="in time"):
        await client.me()


async def test_nobody_there() -> None:
    client = Client("http://127.0.0.1:1/", "secret-token")
    with pytest.raises(Unreachable, match="can't be reached: "):
        await client.me()
    await client.close()


@pytest.mark.parametrize("name", ["../me", "a/b", "a%2Fb", "", ".", "..", "ä", "a b", "a?b"])
async def test_nothing_unsafe_gets_into_an_address(odd: Odd, client: Client, name: str) -> None:
    with pytest.raises(ApiError, match="letters, digits") as caught:
        await client.remove_canned(name)
    assert (caught.value.code, caught.value.field) == ("invalid", "name")
    with pytest.raises(ApiError):
        await client.tickets(after=name)
    assert odd.asked == []


# The stream


async def told(client: Client, count: int, after: int = 0) -> list[Item]:
    """Return the first items of a stream, without the waits in it."""
    items: list[Item] = []
    stream = Stream(client, after, backoff=Backoff(chance=lambda: 1.0))

    async def listen() -> None:
        async with aclosing(stream.__aiter__()) as listened:
            async for item in listened:
                items.append(item)
                if isinstance(item, Lost):
                    stream.hurry()
                if len(items) == count:
                    return

    await asyncio.wait_for(listen(), PATIENCE)
    return items


def event(number: int) -> str:
    return f"id: {number}\nevent: canned.updated\ndata: {{}}\n\n"


def canned(number: int) -> Event:
    return Event(id=number, type="canned.updated")


async def test_what_is_told_again_is_not_given_out_again(odd: Odd, client: Client) -> None:
    odd.answer = stream(event(4) + event(5) + event(4) + event(5) + event(6))
    items = await told(client, 6, after=4)
    assert items[:4] == [Connecting(), Connected(), canned(5), canned(6)]
    assert isinstance(items[4], Lost)
    assert odd.asked[0].headers["Last-Event-ID"] == "4"


async def test_after_a_reset_it_goes_on_from_there_even_if_that_is_earlier(odd: Odd, client: Client) -> None:
    odd.answer = stream('id: 7\nevent: reset\ndata: {"last_event_id":7}\n\n' + event(8))
    items = await told(client, 7, after=100)
    assert items[:4] == [Connecting(), Connected(), Reset(id=7), canned(8)]
    assert odd.asked[1].headers["Last-Event-ID"] == "8"


async def test_the_end_of_the_session_is_the_end(odd: Odd, client: Client) -> None:
    odd.answer = stream(event(1) + "event: session.ended\ndata: {}\n\n" + event(2))
    with pytest.raises(Unauthorized):
        await told(client, 99)
    assert len(odd.asked) == 1


async def test_waits_grow_only_while_nothing_comes(odd: Odd, client: Client) -> None:
    odd.answer = page(502)
    waits = [item.retry_in for item in await told(client, 8) if isinstance(item, Lost)]
    assert waits == [1.0, 2.0, 4.0, 8.0]
    odd.answer = stream(": connected\n\n")
    waits = [item.retry_in for item in await told(client, 9) if isinstance(item, Lost)]
    assert waits == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (stream("event: canned.updated\ndata: {}\n\n"), "no number"),
        (stream("id: x\nevent: canned.updated\ndata: {}\n\n"), "no number"),
        (stream("event: reset\ndata: {}\n\n"), "last_event_id"),
        (stream(": connected\n\n"), "ended the stream"),
        (page(200), "not one of events"),
        (page(404), "starting"),
        (problem(403, code="forbidden"), "Not now"),
    ],
)
async def test_any_other_trouble_is_told_and_tried_again(
    odd: Odd, client: Client, answer: Answer, why: str
) -> None:
    odd.answer = answer
    items = await told(client, 7)
    lost = [item for item in items if isinstance(item, Lost)]
    assert len(lost) >= 2
    assert why in lost[0].reason
    assert len(odd.asked) >= 2
