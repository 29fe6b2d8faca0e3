"""A stream keeps next to nothing of what there is to tell, nor of what it has told."""

from __future__ import annotations

import asyncio
import gc
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

from aiohttp import web

from plugin.services.hub import Hub
from plugin.web.stream import Stretch
from plugin.web.streams import Streams
from stack.conditions import until

STREAMS = 20
MOST = 64 * 1024
EVENT = b"id: 1\ndata: " + b"x" * 12_000 + b"\n\n"


class Story:
    """So many events of 12 kB, made anew at each look as a database would."""

    together, rest, topic = False, 0.0, "c"

    def __init__(self, owner: str, last: int) -> None:
        self.owner, self.last = owner, last
        self.told = 0

    async def begin(self, wished: int | None) -> int:
        return wished or 0

    async def read(self, after: int, limit: int, owners: object) -> Stretch:
        numbers = tuple(range(after + 1, min(after + limit, self.last) + 1))
        self.told = max(self.told, after)
        return Stretch(
            blocks=tuple(b"%d" % number + EVENT for number in numbers),
            numbers=numbers,
            cursor=numbers[-1] if numbers else after,
            more=bool(numbers) and numbers[-1] < self.last,
            ended=frozenset(),
        )


class Telling:
    """Streams of stories on a server, and what all of them keep in memory."""

    def __init__(self, last: int) -> None:
        self.stories: list[Story] = []
        self._last = last
        self._streams = Streams(Hub(), SimpleNamespace(cors_headers=lambda _request: {}))
        self._clients: list[socket.socket] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.stories.append(Story(f"token {len(self.stories)}", self._last))
        return await self._streams.serve(request, self.stories[-1])

    async def connect(self, port: int) -> socket.socket:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        self._clients.append(client)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
        await asyncio.get_running_loop().sock_sendall(client, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        return client

    async def close(self) -> None:
        for client in self._clients:
            client.close()
        await self._streams.close()


@asynccontextmanager
async def telling(last: int) -> AsyncIterator[tuple[Telling, int]]:
    """Serve stories of so many events; give the port, too."""
    told, app = Telling(last), web.Application()
    app.router.add_get("/events", told.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    tracemalloc.start()
    try:
        yield told, runner.addresses[0][1]
    finally:
        tracemalloc.stop()
        await told.close()
        await runner.cleanup()


def kept() -> int:
    """Return the bytes that this program keeps."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def test_what_nobody_reads_is_not_kept() -> None:
    async with telling(last=2000) as (told, port):
        before = kept()
        deaf = [await told.connect(port) for _ in range(STREAMS)]
        seen: list[int] = []

        async def rest() -> bool:
            seen.append(sum(story.told for story in told.stories))
            return len(told.stories) == STREAMS and len(seen) > 20 and len(set(seen[-20:])) == 1

        await until(rest, "no stream gets any further")
        assert (kept() - before) / STREAMS < MOST
        # It goes on from where it was once the client reads.
        at = told.stories[0].told
        while told.stories[0].told <= at:
            await asyncio.get_running_loop().sock_recv(deaf[0], 2**16)


async def test_what_was_told_is_not_kept() -> None:
    loop, last = asyncio.get_running_loop(), 30
    async with telling(last) as (told, port):
        before = kept()
        for _ in range(STREAMS):
            client, came = await told.connect(port), b""
            while came.count(EVENT) < last:
                came += await loop.sock_recv(client, 2**16)
        del came
        assert (kept() - before) / STREAMS < MOST
