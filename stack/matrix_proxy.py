"""A reverse proxy between maubot and Synapse whose answers a test can withhold or replace."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from .ports import HOST

Match = Callable[[str, str], bool]
"""Decides by a request's method and path."""
HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
UPLOAD_LIMIT = 100 * 2**20


@dataclass(kw_only=True)
class Hold:
    """Withholds the answers to the matching requests, which the homeserver has carried out."""

    match: Match
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the homeserver has answered a matching request."""
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Lets the withheld answers go, and those to come."""
        self._released.set()

    async def wait(self) -> None:
        self.held.set()
        await self._released.wait()


@dataclass(kw_only=True)
class Failure:
    """Answers the next matching requests itself; the homeserver never gets them."""

    match: Match
    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    left: int


class MatrixProxy:
    """The proxy, on a port of its own."""

    def __init__(self, *, port: int, target: str) -> None:
        self.url = f"http://{HOST}:{port}"
        self.requests: list[tuple[str, str]] = []
        """Method and path of every request so far."""
        self._port = port
        self._target = target
        self._holds: list[Hold] = []
        self._failures: list[Failure] = []
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Starts to listen."""
        self._session = aiohttp.ClientSession(
            auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)
        )
        app = web.Application(client_max_size=UPLOAD_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # A client that goes away must not keep its long poll open at the homeserver.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()

    async def stop(self) -> None:
        """Lets all withheld answers go and stops."""
        for hold in self._holds:
            hold.release()
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    @contextlib.contextmanager
    def hold_responses(self, match: Match) -> Iterator[Hold]:
        """Withholds matching answers until the hold is released or the block ends."""
        hold = Hold(match=match)
        self._holds.append(hold)
        try:
            yield hold
        finally:
            hold.release()
            self._holds.remove(hold)

    def fail(
        self,
        match: Match,
        status: int,
        body: dict[str, Any],
        count: int = 1,
        *,
        headers: dict[str, str] | None = None,
    ) -> Failure:
        """Answers the next `count` matching requests itself; the result's `left` counts down."""
        failure = Failure(match=match, status=status, body=body, headers=headers or {}, left=count)
        self._failures.append(failure)
        return failure

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        for failure in self._failures:
            if failure.left > 0 and failure.match(request.method, request.path):
                failure.left -= 1
                return web.json_response(failure.body, status=failure.status, headers=failure.headers)
        try:
            answer = await self._pass_on(request)
        except aiohttp.ClientError as error:
            return web.json_response({"errcode": "M_UNKNOWN", "error": str(error)}, status=502)
        for hold in list(self._holds):
            if hold.match(request.method, request.path):
                await hold.wait()
        return answer

    async def _pass_on(self, request: web.Request) -> web.Response:
        if self._session is None:
            raise web.HTTPServiceUnavailable
        # raw_path: room and event ids are percent-encoded in it and must stay so.
        async with self._session.request(
            request.method,
            self._target + request.raw_path,
            headers=_end_to_end(request.headers),
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            return web.Response(
                status=answer.status, headers=_end_to_end(answer.headers), body=await answer.read()
            )


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
