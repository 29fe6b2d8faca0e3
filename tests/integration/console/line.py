"""A line to a server that breaks when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType


class CutLine:
    """Passes bytes on to a port of this machine and back; `budget` says after how many it breaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.budget: Callable[[], int | None] = lambda: None
        """Bytes of the answer that the next connection passes on; None: all."""
        self.is_open = True
        """While it is not, a connection is closed at once."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> CutLine:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """The address on this side."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if self.is_open:
                await self._pass_on(reader, writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.add(inner_writer)
        up = asyncio.create_task(_copy(reader, inner_writer, None))
        down = asyncio.create_task(_copy(inner_reader, writer, self.budget()))
        try:
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            inner_writer.transport.abort()
            self._writers.discard(inner_writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None) -> None:
    while budget is None or budget > 0:
        chunk = await reader.read(65536 if budget is None else budget)
        if not chunk:
            return
        writer.write(chunk)
        await writer.drain()
        if budget is not None:
            budget -= len(chunk)
