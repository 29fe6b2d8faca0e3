"""Server-sent events: a stream reads what is past its cursor, and is woken when there may be more."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from ..services.hub import Hub
from .gate import Gate
from .schemas import get_last_event_id

PING_SECONDS = 20.0
MOST_STREAMS = 3
"""Open streams of one token; a further one ends the oldest."""

_PAGE = 50
_CLOSE_SECONDS = 2.0
_WRITE_BUFFER = 32 * 1024

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "Vary": "Origin",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Some of what a stream tells, in order, of one snapshot."""

    blocks: tuple[bytes, ...]
    """Events as they go over the wire."""
    cursor: int
    """From where to go on."""
    more: bool
    """There may be more already."""
    ended: bool
    """The token is void."""


class EventSource(Protocol):
    """What a stream reads for whom it is open to."""

    owner: str
    """Id of the token's own row: its streams are counted together."""
    topic: str
    """Under which the hub wakes it."""
    rest: float
    """Seconds from one look to the next, where much happens: what came in between is one look."""

    async def begin(self, wished: int | None) -> int:
        """Return the number to go on from, for the one that the client has; None: it has none."""

    async def read(self, after: int, limit: int) -> Stretch:
        """Return what comes after a number."""


class _Stream:
    """One open response."""

    def __init__(self, request: web.Request, woken: asyncio.Event) -> None:
        self._request, self.woken = request, woken
        self.ended = False

    def end(self) -> None:
        """Let the handler come to its end."""
        self.ended = True
        self.woken.set()

    def abort(self) -> None:
        """Cut the connection of a client that does not read."""
        if self._request.transport is not None:
            self._request.transport.abort()


class Streams:
    """All open streams of this process, customers' and moderators'."""

    def __init__(self, hub: Hub, gate: Gate) -> None:
        self._hub, self._gate = hub, gate
        self._open: dict[str, list[_Stream]] = defaultdict(list)
        self._all_closed = asyncio.Event()
        self._all_closed.set()
        self._closing = False

    async def serve(self, request: web.Request, source: EventSource) -> web.StreamResponse:
        """Write what there is and what comes to the client until one side ends."""
        cursor = await source.begin(get_last_event_id(request))
        response = web.StreamResponse(headers={**_HEADERS, **self._gate.cors_headers(request)})
        with self._hub.subscribed(source.topic) as woken:
            stream = self._enter(source.owner, _Stream(request, woken))
            try:
                await response.prepare(request)
                if request.transport is not None:
                    request.transport.set_write_buffer_limits(high=_WRITE_BUFFER)
                await response.write(b": connected\n\n")
                await self._write_events(response, source, stream, cursor)
            except ConnectionError:
                pass  # the client has gone; it comes back with Last-Event-ID
            finally:
                self._leave(source.owner, stream)
        return response

    @property
    def count(self) -> int:
        """How many streams are open."""
        return sum(len(opened) for opened in self._open.values())

    async def close(self) -> None:
        """End all streams; those whose clients don't read are cut after two seconds."""
        self._closing = True
        streams = [stream for opened in self._open.values() for stream in opened]
        for stream in streams:
            stream.end()
        try:
            await asyncio.wait_for(self._all_closed.wait(), _CLOSE_SECONDS)
        except asyncio.TimeoutError:
            for stream in [stream for opened in self._open.values() for stream in opened]:
                stream.abort()

    def _enter(self, owner: str, stream: _Stream) -> _Stream:
        opened = self._open[owner]
        opened.append(stream)
        self._all_closed.clear()
        for oldest in opened[:-MOST_STREAMS]:
            oldest.end()
        if self._closing:
            stream.end()
        return stream

    def _leave(self, owner: str, stream: _Stream) -> None:
        opened = self._open[owner]
        opened.remove(stream)
        if not opened:
            del self._open[owner]
        if not self._open:
            self._all_closed.set()

    async def _write_events(
        self, response: web.StreamResponse, source: EventSource, stream: _Stream, cursor: int
    ) -> None:
        while not stream.ended:
            # Cleared before reading: what comes in between the two wakes again.
            stream.woken.clear()
            looked_at = time.monotonic()
            stretch = await source.read(cursor, _PAGE)
            for block in stretch.blocks:
                await response.write(block)
            cursor = stretch.cursor
            if stretch.ended:
                await response.write(b"event: session.ended\ndata: {}\n\n")
                return
            if not stretch.more and not stream.ended:
                await self._wait(response, stream)
                await asyncio.sleep(looked_at + source.rest - time.monotonic())

    @staticmethod
    async def _wait(response: web.StreamResponse, stream: _Stream) -> None:
        try:
            await asyncio.wait_for(stream.woken.wait(), PING_SECONDS)
        except asyncio.TimeoutError:
            await response.write(b": ping\n\n")
