"""A stream whose client does not read keeps next to nothing of what there is to tell."""

from __future__ import annotations

import asyncio
import gc
import socket
import tracemalloc
from types import SimpleNamespace

from aiohttp import web

from plugin.services.hub import Hub
from plugin.web.stream import Stretch
from plugin.web.streams import Streams
from stack.conditions import until

STREAMS = 20
MOST = 64 * 1024
LAST = 2000
EVENT = b"id: 1\ndata: " + b"x" * 12_000 + b"\n\n"


class LongStory:
    """Twenty-four megabytes, made anew at each look as a database would."""

    together, rest, topic = False, 0.0, "c"

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.told = 0

    async def begin(self, wished: int | None) -> int:
        return wished or 0

    async def read(self, after: int, limit: int, owners: object) -> Stretch:
        numbers = tuple(range(after + 1, min(after + limit, LAST) + 1))
        self.told = max(self.told, after)
        return Stretch(
            blocks=tuple(b"%d" % number + EVENT for number in numbers),
            numbers=numbers,
            cursor=numbers[-1] if numbers else after,
            more=bool(numbers) and numbers[-1] < LAST,
            ended=frozenset(),
        )


async def test_what_nobody_reads_is_not_kept() -> None:
    stories: list[LongStory] = []
    streams = Streams(Hub(), SimpleNamespace(cors_headers=lambda _request: {}))

    async def serve(request: web.Request) -> web.StreamResponse:
        stories.append(LongStory(f"token {len(stories)}"))
        return await streams.serve(request, stories[-1])

    app = web.Application()
    app.router.add_get("/events", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    deaf = []
    tracemalloc.start()
    try:
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(STREAMS):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            deaf.append(client)
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
            await asyncio.get_running_loop().sock_sendall(client, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        seen: list[int] = []

        async def rest() -> bool:
            seen.append(sum(story.told for story in stories))
            return len(stories) == STREAMS and len(seen) > 20 and len(set(seen[-20:])) == 1

        await until(rest, "no stream gets any further")
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        assert (after - before) / STREAMS < MOST
        # It goes on from where it was once the client reads.
        at = stories[0].told
        while stories[0].told <= at:
            await asyncio.get_running_loop().sock_recv(deaf[0], 2**16)
    finally:
        tracemalloc.stop()
        for client in deaf:
            client.close()
        await streams.close()
        await runner.cleanup()
