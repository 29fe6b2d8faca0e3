"""A line between a console and its desk that can be cut, and made to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from yarl import URL


class Wire:
    """Hands bytes on, both ways, while it is whole."""

    def __init__(self, desk: URL) -> None:
        self._desk = desk
        self._is_cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""

    def cut(self) -> None:
        """End every connection and take no new one."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Take connections again."""
        self._is_cut = False

    def stall(self) -> None:
        """Hand nothing on to the desk, as a network that loses everything."""
        self._flows.clear()

    def flow(self) -> None:
        """Hand on again, what has waited first."""
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._desk.host, self._desk.port)
        self._writers |= {writer, back}
        await asyncio.gather(self._pass(reader, back, can_stall=True), self._pass(there, writer))
        self._writers -= {writer, back}

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, can_stall: bool = False
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65_536):
                if can_stall:
                    await self._flows.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def wire_to(desk: URL) -> AsyncIterator[Wire]:
    """Lay a line to a desk."""
    wire = Wire(desk)
    server = await asyncio.start_server(wire._serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire.url = f"http://127.0.0.1:{port}/"
    try:
        yield wire
    finally:
        wire.flow()
        server.close()
        wire.cut()
