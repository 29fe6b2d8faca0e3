"""The reader of a customer's stream, on a real server that says what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from stack.conditions import NotInTimeError
from stack.customer import Customer
from stack.json_api import JsonApi, RefusedError

FIRST = b'id: 7\nevent: message.created\ndata: {"text": "one"}\n\n'


@dataclass
class Server:
    """A stream that passes on the chunks put in its queue; None ends it."""

    chunks: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    asked: list[dict[str, str]] = field(default_factory=list)
    customer: Customer = field(init=False)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        if request.headers["Authorization"] != "Bearer good":
            return web.Response(status=401)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while chunk := await self.chunks.get():
            await response.write(chunk)
        return response


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_get("/v1/events", made.stream)
    async with TestServer(app) as running, aiohttp.ClientSession() as session:
        api = JsonApi(session, str(running.make_url("/")))
        made.customer = Customer(api, {"token": "good", "session": {}})
        yield made
        made.chunks.put_nowait(None)


async def test_reads_events_however_they_are_cut_and_skips_pings(server: Server) -> None:
    async with server.customer.stream() as stream:
        for chunk in (FIRST[:20], FIRST[20:] + b": ping\n\n", FIRST.replace(b"7", b"8")):
            server.chunks.put_nowait(chunk)
        first, second = await stream.next(), await stream.next()
        assert first is not None
        assert (first.id, first.type, first.data) == (7, "message.created", {"text": "one"})
        assert second is not None
        assert second.id == 8
        assert stream.seen == [first, second]


async def test_waits_for_what_has_come_and_what_comes(server: Server) -> None:
    async with server.customer.stream() as stream:
        server.chunks.put_nowait(FIRST)
        await stream.wait_for(lambda event: event.id == 7)
        waiting = asyncio.create_task(stream.wait_for_text("two"))
        server.chunks.put_nowait(FIRST.replace(b"one", b"two"))
        assert await waiting == {"text": "two"}
        assert await stream.wait_for_text("one") == {"text": "one"}


async def test_loses_nothing_when_a_wait_runs_out(server: Server) -> None:
    async with server.customer.stream() as stream:
        server.chunks.put_nowait(FIRST[:30])
        with pytest.raises(NotInTimeError, match="nothing such"):
            await stream.wait_for(lambda event: False, "nothing such", within=0.1)
        server.chunks.put_nowait(FIRST[30:])
        assert (await stream.wait_for_text("one")) == {"text": "one"}


async def test_says_that_the_server_ended_the_stream(server: Server) -> None:
    async with server.customer.stream() as stream:
        server.chunks.put_nowait(None)
        with pytest.raises(NotInTimeError, match="the stream ended"):
            await stream.wait_for_text("one")
        assert stream.seen == []


async def test_goes_on_after_an_event(server: Server) -> None:
    async with server.customer.stream(7) as stream:
        server.chunks.put_nowait(None)
        assert await stream.next() is None
    async with server.customer.stream() as stream:
        server.chunks.put_nowait(None)
        assert await stream.next() is None
    assert server.asked[0]["Last-Event-ID"] == "7"
    assert "Last-Event-ID" not in server.asked[1]


async def test_a_refused_stream_is_an_error(server: Server) -> None:
    server.customer.api.headers["Authorization"] = "Bearer bad"
    with pytest.raises(RefusedError, match="401"):
        async with server.customer.stream():
            pass
