"""The least that a plugin of maubot can do over HTTP: what the real one is held against.

It is packed as a plugin of its own, so that both share the process, the event loop and the server.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from maubot import Plugin
from maubot.plugin_server import PluginWebApp

_WAITING = b"data: " + b"-" * 400 + b"\n\n"
"""About as long as the event of a short message."""


class Bare(Plugin):
    """A handler that stores nothing, and a stream that is written to and nothing else."""

    webapp: PluginWebApp

    async def start(self) -> None:
        """Have no stream open."""
        self.webapp.add_post("/messages", self.post_message)
        self.webapp.add_get("/events", self.get_events)
        self.webapp.add_post("/tell", self.post_tell)
        self._streams: set[web.StreamResponse] = set()
        self._ended = asyncio.get_running_loop().create_future()

    async def stop(self) -> None:
        """End the streams."""
        self._ended.set_result(None)

    async def post_message(self, request: web.Request) -> web.Response:
        """Read a message and answer with it."""
        data = await request.json()
        return web.json_response({"text": data["text"]}, status=201)

    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """Keep a stream open, after as many events as the query says."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": connected\n\n")
        for _ in range(int(request.query.get("waiting", "0"))):
            await response.write(_WAITING)
        self._streams.add(response)
        try:
            await asyncio.shield(self._ended)
        finally:
            self._streams.discard(response)
        return response

    async def post_tell(self, request: web.Request) -> web.Response:
        """Write the body as an event to each stream."""
        block = b"data: " + await request.read() + b"\n\n"
        for response in list(self._streams):
            try:
                await response.write(block)
            except ConnectionError:
                self._streams.discard(response)
        return web.json_response({"streams": len(self._streams)}, status=201)
