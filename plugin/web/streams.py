"""All open streams: one look at the database serves those that are equally far in one conversation."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable

from aiohttp import web

from ..services.hub import Hub
from .gate import Gate
from .schemas import get_last_event_id
from .stream import MOST_AT_ONCE, PAGE, EventSource, Stream, Telling

PING_SECONDS = 20.0
MOST_STREAMS = 3
"""Open streams of one token; a further one ends the oldest."""

_CLOSE_SECONDS = 2.0
_TICKS_A_PING = 20
_TOLD_IN_A_ROW = 64
"""Streams that are written to before others of this process get their turn."""

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "Vary": "Origin",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


class Streams:
    """All open streams of this process, customers' and moderators'."""

    def __init__(self, hub: Hub, gate: Gate) -> None:
        self._gate = gate
        self._topics: dict[str, list[Stream]] = {}
        self._looks: dict[str, _Look] = {}
        self._pinging: asyncio.Task[None] | None = None
        self._all_closed = asyncio.Event()
        self._all_closed.set()
        self._closing = False
        hub.listen(self._hear)

    async def serve(self, request: web.Request, source: EventSource) -> web.StreamResponse:
        """Write what there is and what comes to the client until one side ends."""
        cursor = await source.begin(get_last_event_id(request))
        response = web.StreamResponse(headers={**_HEADERS, **self._gate.cors_headers(request)})
        stream = Stream(request, response, source, cursor)
        self._enter(stream)
        try:
            writer = await response.prepare(request)
            assert writer is not None  # noqa: S101 - so it is for a response that was made just now
            await response.write(b": connected\n\n")
            await stream.run(writer)
        except ConnectionError:
            pass  # the client has gone; it comes back with Last-Event-ID
        finally:
            self._leave(stream)
        return response

    @property
    def count(self) -> int:
        """How many streams are open."""
        return sum(len(opened) for opened in self._topics.values())

    async def close(self) -> None:
        """End all streams; those whose clients don't read are cut after two seconds."""
        self._closing = True
        for stream in self._list():
            stream.end()
        try:
            await asyncio.wait_for(self._all_closed.wait(), _CLOSE_SECONDS)
        except asyncio.TimeoutError:
            for stream in self._list():
                stream.abort()

    def _list(self) -> list[Stream]:
        return [stream for opened in self._topics.values() for stream in opened]

    def _enter(self, stream: Stream) -> None:
        opened = self._topics.setdefault(stream.source.topic, [])
        opened.append(stream)
        self._all_closed.clear()
        if self._pinging is None:
            self._pinging = asyncio.create_task(self._ping(), name="headset pings")
        same_token = [one for one in opened if one.source.owner == stream.source.owner and not one.ended]
        for oldest in same_token[:-MOST_STREAMS]:
            oldest.end()
        if self._closing:
            stream.end()

    def _leave(self, stream: Stream) -> None:
        opened = self._topics[stream.source.topic]
        opened.remove(stream)
        if not opened:
            del self._topics[stream.source.topic]
        if not self._topics:
            self._all_closed.set()
            if self._pinging is not None:
                self._pinging.cancel()
                self._pinging = None

    async def _ping(self) -> None:
        """Keep the streams alive to which nothing was written for a while; one task for all of them."""
        while True:
            await asyncio.sleep(PING_SECONDS / _TICKS_A_PING)
            quiet_since = time.monotonic() - PING_SECONDS
            for stream in self._list():
                if stream.told_at <= quiet_since and stream.rests:
                    stream.ping()

    def _hear(self, topic: str | None) -> None:
        for one in list(self._topics) if topic is None else (topic,):
            self._wake(one)

    def _wake(self, topic: str) -> None:
        opened = self._topics.get(topic)
        if not opened:
            return
        if not opened[0].source.together:
            for stream in opened:
                stream.wake()
        elif topic in self._looks:
            self._looks[topic].again = True
        else:
            look = self._looks[topic] = _Look()
            look.task = asyncio.create_task(self._look(topic, look))

    async def _look(self, topic: str, look: _Look) -> None:
        try:
            while look.again:
                # Before reading: what comes in between the two asks again.
                look.again = False
                await self._tell(self._topics.get(topic, ()))
        except Exception:
            # Each looks by itself then; what is wrong ends its own request, and the gate logs it.
            for stream in self._topics.get(topic, ()):
                stream.wake()
        finally:
            del self._looks[topic]

    async def _tell(self, opened: Iterable[Stream]) -> None:
        """Tell those that rest what is new to them; the others look by themselves."""
        by_cursor: dict[int, list[Stream]] = defaultdict(list)
        for stream in opened:
            if stream.rests:
                by_cursor[stream.cursor].append(stream)
            else:
                stream.wake()
        for cursor, streams in by_cursor.items():
            await _tell_alike(cursor, streams)


class _Look:
    """A look at one topic, that goes on as long as it is asked for again."""

    def __init__(self) -> None:
        self.again = True
        self.task: asyncio.Task[None] | None = None
        """Kept, as the loop alone would let it be collected."""


async def _tell_alike(cursor: int, streams: list[Stream]) -> None:
    source = streams[0].source
    stretch = await source.read(cursor, PAGE, {stream.source.owner for stream in streams})
    telling = Telling(b"".join(stretch.blocks))
    goes_on = stretch.more or len(telling.data) > MOST_AT_ONCE
    for number, stream in enumerate(streams, start=1):
        # Looked at only now: it may have moved, or filled up, while the database was read.
        has_moved = not stream.rests or stream.cursor != cursor
        if has_moved or goes_on or stream.source.owner in stretch.ended:
            stream.wake()
        elif telling.data:
            stream.tell(telling, stretch.cursor)
        if number % _TOLD_IN_A_ROW == 0:
            await asyncio.sleep(0)
