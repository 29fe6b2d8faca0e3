"""One open stream of server-sent events: what it reads from, how far it is, and its own way of reading."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

PAGE = 50
"""Events that are read at a time."""

MOST_AT_ONCE = 8 * 1024
"""Bytes of several events that are written together; a client that does not read must not pile them up."""

_WRITE_BUFFER = 16 * 1024
"""Bytes after which a stream waits until its client has read."""


@dataclass(frozen=True)
class Telling:
    """What is written to many streams alike, framed once for all of them."""

    data: bytes

    @cached_property
    def chunk(self) -> bytes:
        """The data as a chunk of a response that is sent in such."""
        return b"%x\r\n%b\r\n" % (len(self.data), self.data)


_PING = Telling(b": ping\n\n")


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Some of what a stream tells, in order, of one snapshot."""

    blocks: tuple[bytes, ...]
    """Events as they go over the wire."""
    numbers: tuple[int, ...]
    """From where to go on after each of them."""
    cursor: int
    """From where to go on."""
    more: bool
    """There may be more already."""
    ended: frozenset[str]
    """Those of the owners who were asked for whose token is void."""


class EventSource(Protocol):
    """What a stream reads for whom it is open to."""

    owner: str
    """Id of the token's own row: its streams are counted together."""
    topic: str
    """Under which the hub wakes it."""
    together: bool
    """All streams of the topic tell the same, so one look is enough for those that are equally far."""
    rest: float
    """Seconds from one look to the next, where much happens: what came in between is one look."""

    async def begin(self, wished: int | None) -> int:
        """Return the number to go on from, for the one that the client has; None: it has none."""

    async def read(self, after: int, limit: int, owners: Collection[str]) -> Stretch:
        """Return what comes after a number, and who of the owners may not read on."""


class Stream:
    """An open response. While it rests, others may write to it; they never have to wait for it."""

    # Very many are open at once, and nearly all of them rest.
    __slots__ = (
        "_asked",
        "_is_chunked",
        "_response",
        "_resting",
        "_transport",
        "cursor",
        "ended",
        "source",
        "told_at",
    )

    def __init__(
        self, request: web.Request, response: web.StreamResponse, source: EventSource, cursor: int
    ) -> None:
        self._response, self.source, self.cursor = response, source, cursor
        self._transport, self._is_chunked = request.transport, request.version >= HttpVersion11
        if self._is_chunked:
            response.enable_chunked_encoding()
        self._resting: asyncio.Future[None] | None = None
        self._asked = False
        self.ended = False
        self.told_at = time.monotonic()
        if self._transport is not None:
            self._transport.set_write_buffer_limits(high=_WRITE_BUFFER)

    @property
    def rests(self) -> bool:
        """Whether it has told all that it knew of, and its client has taken that."""
        return (
            self._resting is not None
            and not self._resting.done()
            and self._transport is not None
            and not self._transport.get_write_buffer_size()
        )

    def wake(self) -> None:
        """Have the stream look by itself."""
        self._asked = True
        if self._resting is not None and not self._resting.done():
            self._resting.set_result(None)

    def end(self) -> None:
        """Let the handler come to its end."""
        self.ended = True
        self.wake()

    def abort(self) -> None:
        """Cut the connection of a client that does not read."""
        if self._transport is not None:
            self._transport.abort()

    def tell(self, telling: Telling, cursor: int) -> None:
        """Write to a stream that rests. Nothing lies in its buffer yet, so there is nothing to wait for."""
        if self._transport is None or self._transport.is_closing():
            self.end()
            return
        # Not by the response, which would frame the same bytes anew for each of very many.
        self._transport.write(telling.chunk if self._is_chunked else telling.data)
        self.cursor, self.told_at = cursor, time.monotonic()

    def ping(self) -> None:
        """Keep a stream alive that rests."""
        self.tell(_PING, self.cursor)

    async def run(self, writer: AbstractStreamWriter) -> None:
        """Tell what there is, and rest, until one side ends."""
        while not self.ended:
            # Before reading: what comes in between the two asks again.
            self._asked = False
            looked_at = time.monotonic()
            stretch = await self.source.read(self.cursor, PAGE, (self.source.owner,))
            if not await self._tell_all(stretch):
                # While the client does not read, nothing is kept for it.
                del stretch
                await writer.drain()
                continue
            self.cursor = stretch.cursor
            if stretch.ended:
                await self._response.write(b"event: session.ended\ndata: {}\n\n")
                return
            goes_on = stretch.more
            del stretch
            if not goes_on and not self._asked:
                # Here and not in a coroutine of its own: of each there is one a stream.
                self._resting = asyncio.get_running_loop().create_future()
                await self._resting
                self._resting = None
            if not goes_on and self.source.rest:
                await asyncio.sleep(looked_at + self.source.rest - time.monotonic())

    async def _tell_all(self, stretch: Stretch) -> bool:
        """Write a stretch; False: only a beginning, as the client has not taken that yet."""
        for part, number in joined(stretch.blocks, stretch.numbers):
            await self._response.write(part)
            self.cursor, self.told_at = number, time.monotonic()
            if number != stretch.numbers[-1] and self._transport and self._transport.get_write_buffer_size():
                return False
        return True


def joined(blocks: Sequence[bytes], numbers: Sequence[int]) -> Iterator[tuple[bytes, int]]:
    """Put blocks together to what is written at once, each with the number of its last."""
    waiting: list[bytes] = []
    size, last = 0, 0
    for block, number in zip(blocks, numbers, strict=True):
        if waiting and size + len(block) > MOST_AT_ONCE:
            yield b"".join(waiting), last
            waiting, size = [], 0
        waiting.append(block)
        size, last = size + len(block), number
    if waiting:
        yield b"".join(waiting), last
