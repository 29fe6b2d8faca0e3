"""A reverse proxy between maubot and Synapse that can refuse, withhold, delay, cut, repeat and rewrite."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from .ports import HOST

Match = Callable[[str, str], bool]
"""Decides by a request's method and path."""
Change = Callable[[Mapping[str, str], dict[str, Any]], dict[str, Any]]
"""Gives the answer that takes the place of one, by the request's query."""
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


@dataclass(kw_only=True)
class Delay:
    """Lets the matching requests wait before they are passed on."""

    match: Match
    seconds: Callable[[], float]


@dataclass(kw_only=True)
class Cut:
    """Ends the connection in the midst of the answer to the next matching requests, which are carried out."""

    match: Match
    after: Callable[[int], int]
    """How many bytes of an answer of so many, head and body, still get through."""
    left: int


@dataclass(kw_only=True)
class Repeat:
    """Carries the next matching requests out twice, as a proxy does that tries again by itself."""

    match: Match
    left: int


@dataclass(kw_only=True)
class Rewrite:
    """Puts others in the place of the homeserver's good answers to the matching requests."""

    match: Match
    change: Change


CountedT = TypeVar("CountedT", Failure, Cut, Repeat)


class MatrixProxy:
    """The proxy, on a port of its own."""

    def __init__(self, *, port: int, target: str) -> None:
        self.url = f"http://{HOST}:{port}"
        self.requests: list[tuple[str, str]] = []
        """Method and path of every request so far."""
        self.under_way: list[tuple[str, str]] = []
        """Of those that have no answer yet."""
        self._port = port
        self._target = target
        self._holds: list[Hold] = []
        self._failures: list[Failure] = []
        self._delays: list[Delay] = []
        self._cuts: list[Cut] = []
        self._repeats: list[Repeat] = []
        self._rewrites: list[Rewrite] = []
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

    @contextlib.contextmanager
    def delay(self, match: Match, seconds: Callable[[], float]) -> Iterator[None]:
        """Lets each matching request wait as long as `seconds` says, until the block ends."""
        delay = Delay(match=match, seconds=seconds)
        self._delays.append(delay)
        try:
            yield
        finally:
            self._delays.remove(delay)

    def cut(self, match: Match, after: Callable[[int], int], count: int = 1) -> Cut:
        """Cuts the answers to the next `count` matching requests; the result's `left` counts down.

        `after` gets the length of the whole answer and returns how many bytes of it get through.
        """
        cut = Cut(match=match, after=after, left=count)
        self._cuts.append(cut)
        return cut

    def repeat(self, match: Match, count: int = 1) -> Repeat:
        """Has the next `count` matching requests carried out twice; the result's `left` counts down."""
        repeat = Repeat(match=match, left=count)
        self._repeats.append(repeat)
        return repeat

    @contextlib.contextmanager
    def rewrite(self, match: Match, change: Change) -> Iterator[None]:
        """Lets `change` say what the matching requests are answered, until the block ends."""
        rewrite = Rewrite(match=match, change=change)
        self._rewrites.append(rewrite)
        try:
            yield
        finally:
            self._rewrites.remove(rewrite)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = (request.method, request.path)
        self.requests.append(asked)
        self.under_way.append(asked)
        try:
            return await self._answer(request)
        finally:
            self.under_way.remove(asked)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if failure := _strike(self._failures, request):
            return web.json_response(failure.body, status=failure.status, headers=failure.headers)
        for delay in [one for one in self._delays if one.match(request.method, request.path)]:
            await asyncio.sleep(delay.seconds())
        try:
            if _strike(self._repeats, request):
                await self._pass_on(request)
            answer = await self._pass_on(request)
        except aiohttp.ClientError as error:
            return web.json_response({"errcode": "M_UNKNOWN", "error": str(error)}, status=502)
        for rewrite in [one for one in self._rewrites if one.match(request.method, request.path)]:
            answer = _rewritten(request, answer, rewrite.change)
        for hold in list(self._holds):
            if hold.match(request.method, request.path):
                await hold.wait()
        if cut := _strike(self._cuts, request):
            _send_a_piece(request, answer, cut.after)
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


def _strike(rules: Sequence[CountedT], request: web.Request) -> CountedT | None:
    """Returns the first rule that has any left for this request, and counts it down."""
    for rule in rules:
        if rule.left > 0 and rule.match(request.method, request.path):
            rule.left -= 1
            return rule
    return None


def _rewritten(request: web.Request, answer: web.Response, change: Change) -> web.Response:
    if answer.status != 200 or not isinstance(answer.body, bytes):
        return answer
    return web.json_response(change(request.query, json.loads(answer.body)))


def _send_a_piece(request: web.Request, answer: web.Response, after: Callable[[int], int]) -> None:
    """Writes the beginning of an answer and ends the connection; what is written later goes nowhere."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    fields = [*answer.headers.items(), ("Content-Length", str(len(body)))]
    head = f"HTTP/1.1 {answer.status} Cut\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
    whole = head.encode() + b"\r\n" + body
    if request.transport is not None:
        request.transport.write(whole[: after(len(whole))])
        request.transport.close()


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
