"""Server-sent events: a stream reads what is past its cursor, and is woken when there may be more."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from aiohttp import web

from ..domain.model import Session
from ..services.conversations import ConversationService
from ..services.hub import Hub
from .gate import Gate
from .schemas import event_block, get_last_event_id

PING_SECONDS = 20.0
MOST_STREAMS = 3
"""Open streams of one session; a further one ends the oldest."""

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
    """All open streams of this process."""

    def __init__(self, conversations: ConversationService, hub: Hub, gate: Gate) -> None:
        self._conversations, self._hub, self._gate = conversations, hub, gate
        self._open: dict[str, list[_Stream]] = defaultdict(list)
        self._all_closed = asyncio.Event()
        self._all_closed.set()
        self._closing = False

    async def serve(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Write the session's events to the client until one side ends."""
        cursor = await self._get_cursor(request, session)
        response = web.StreamResponse(headers={**_HEADERS, **self._gate.cors_headers(request)})
        with self._hub.subscribed(session.customer_id) as woken:
            stream = self._enter(session, _Stream(request, woken))
            try:
                await response.prepare(request)
                if request.transport is not None:
                    request.transport.set_write_buffer_limits(high=_WRITE_BUFFER)
                await response.write(b": connected\n\n")
                await self._write_events(response, session, stream, cursor)
            except ConnectionError:
                pass  # the client has gone; it comes back with Last-Event-ID
            finally:
                self._leave(session, stream)
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

    async def _get_cursor(self, request: web.Request, session: Session) -> int:
        wished = get_last_event_id(request)
        newest = await self._conversations.get_last_event(session)
        # A number from before a restored backup is ahead of everything; waiting for it would miss all.
        return newest if wished is None else min(wished, newest)

    def _enter(self, session: Session, stream: _Stream) -> _Stream:
        opened = self._open[session.id]
        opened.append(stream)
        self._all_closed.clear()
        for oldest in opened[:-MOST_STREAMS]:
            oldest.end()
        if self._closing:
            stream.end()
        return stream

    def _leave(self, session: Session, stream: _Stream) -> None:
        opened = self._open[session.id]
        opened.remove(stream)
        if not opened:
            del self._open[session.id]
        if not self._open:
            self._all_closed.set()

    async def _write_events(
        self, response: web.StreamResponse, session: Session, stream: _Stream, cursor: int
    ) -> None:
        while not stream.ended:
            # Cleared before reading: what comes in between the two wakes again.
            stream.woken.clear()
            page = await self._conversations.read_events(session, cursor, _PAGE)
            for event in page.events:
                await response.write(event_block(event))
                cursor = event.number
            if page.session_ended:
                await response.write(b"event: session.ended\ndata: {}\n\n")
                return
            if len(page.events) < _PAGE and not stream.ended:
                await self._wait(response, stream)

    @staticmethod
    async def _wait(response: web.StreamResponse, stream: _Stream) -> None:
        try:
            await asyncio.wait_for(stream.woken.wait(), PING_SECONDS)
        except asyncio.TimeoutError:
            await response.write(b": ping\n\n")
