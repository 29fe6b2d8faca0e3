"""The proxy in front of a homeserver: what it passes on, withholds and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from stack.conditions import PATIENCE, until
from stack.json_api import JsonApi
from stack.matrix_proxy import MatrixProxy
from stack.ports import pick


@dataclass
class Target:
    """A server that answers each request with what it got, and the proxy before it."""

    proxy: MatrixProxy = field(init=False)
    through: JsonApi = field(init=False)
    got: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append(request.raw_path)
        got = {"method": request.method, "path": request.raw_path, "body": await request.text()}
        return web.json_response(got, status=201, headers={"X-Token": request.headers["Authorization"]})


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    made = Target()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        port = pick(["proxy"])["proxy"]
        made.proxy = MatrixProxy(port=port, target=str(server.make_url("/")).rstrip("/"))
        made.through = JsonApi(session, made.proxy.url).with_token("secret")
        await made.proxy.start()
        yield made
        await made.proxy.stop()


def is_send(method: str, path: str) -> bool:
    return method == "PUT" and "/send/" in path


async def test_passes_requests_and_answers_on_unchanged(target: Target) -> None:
    path = "/rooms/!a%2Fb:hs/send/m.room.message/t1?x=%2B"
    answer = await target.through.request("PUT", path, {"body": "ü"})
    assert answer.status == 201
    assert answer.json == {"method": "PUT", "path": path, "body": '{"body": "\\u00fc"}'}
    assert answer.headers["X-Token"] == "Bearer secret"


async def test_withholds_the_answer_to_what_the_server_has_done(target: Target) -> None:
    with target.proxy.hold_responses(is_send) as hold:
        sending = asyncio.create_task(target.through.request("PUT", "/rooms/r/send/t/1", {}))
        await asyncio.wait_for(hold.held.wait(), PATIENCE)
        assert target.got == ["/rooms/r/send/t/1"]
        assert (await target.through.request("GET", "/sync")).status == 201
        assert not sending.done()
        hold.release()
        assert (await sending).status == 201
    assert (await target.through.request("PUT", "/rooms/r/send/t/2", {})).status == 201


async def test_refuses_in_the_servers_place_as_often_as_told(target: Target) -> None:
    limit = {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 50}
    failure = target.proxy.fail(is_send, 429, limit, 2, headers={"Retry-After": "1"})
    for _ in range(2):
        answer = await target.through.request("PUT", "/rooms/r/send/t/1", {})
        assert (answer.status, answer.json, answer.headers["Retry-After"]) == (429, limit, "1")
    assert failure.left == 0
    assert target.got == []
    assert (await target.through.request("PUT", "/rooms/r/send/t/1", {})).status == 201


async def test_lets_requests_wait_before_they_are_passed_on(target: Target) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    with target.proxy.delay(is_send, lambda: 0.2):
        assert (await target.through.request("GET", "/sync")).status == 201
        sending = asyncio.create_task(target.through.request("PUT", "/rooms/r/send/t/1", {}))
        await until_asked(target, "/rooms/r/send/t/1")
        assert target.got == ["/sync"]
        assert (await sending).status == 201
    assert loop.time() - began >= 0.2
    assert target.got == ["/sync", "/rooms/r/send/t/1"]


async def until_asked(target: Target, path: str) -> None:
    async def asked() -> bool:
        return ("PUT", path) in target.proxy.requests

    await until(asked, f"the proxy gets {path}", every=0.001)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
async def test_cuts_the_answer_to_what_the_server_has_done(target: Target, part: float) -> None:
    lengths: list[int] = []

    def after(length: int) -> int:
        lengths.append(length)
        return int(length * part)

    cut = target.proxy.cut(lambda method, path: path == "/join", after)
    # Not a PUT: that one the client itself sends again.
    with pytest.raises(aiohttp.ClientError):
        await target.through.request("POST", "/join", {})
    assert target.got == ["/join"]
    assert cut.left == 0
    assert (await target.through.request("POST", "/join", {})).status == 201
    assert len(lengths) == 1


async def test_carries_a_request_out_twice(target: Target) -> None:
    repeat = target.proxy.repeat(is_send)
    for number in (1, 2):
        answer = await target.through.request("PUT", f"/rooms/r/send/t/{number}", {"body": "ü"})
        assert answer.json["body"] == '{"body": "\\u00fc"}'
    assert target.got == ["/rooms/r/send/t/1", "/rooms/r/send/t/1", "/rooms/r/send/t/2"]
    assert repeat.left == 0


async def test_says_so_when_the_server_is_away() -> None:
    ports = pick(["proxy", "nobody"])
    proxy = MatrixProxy(port=ports["proxy"], target=f"http://127.0.0.1:{ports['nobody']}")
    await proxy.start()
    async with aiohttp.ClientSession() as session:
        answer = await JsonApi(session, proxy.url).request("GET", "/sync")
    await proxy.stop()
    assert answer.status == 502
