"""A TCP proxy that cuts its connections in the middle of what the server says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .ports import HOST

_CHUNK = 4096


class CuttingProxy:
    """Passes bytes on between a client and a server, until it cuts."""

    def __init__(self, *, target: tuple[str, int], next_cut: Callable[[], int | None]) -> None:
        """`next_cut` tells at each connection after how many bytes of the server's it ends; None: never."""
        self._target, self._next_cut = target, next_cut
        self.cuts = 0
        """So many connections have been cut."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the proxy has not been started")
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> CuttingProxy:
        self._server = await asyncio.start_server(self._accept, HOST, 0, limit=_CHUNK)
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def cut_all(self) -> None:
        """Cut what is open now, though it was to have lasted."""
        self.cuts += len(self._open)
        for task in self._open:
            task.cancel()

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            server, to_server = await asyncio.open_connection(*self._target, limit=_CHUNK)
            there = asyncio.create_task(_pass_on(client, to_server, None))
            try:
                if await _pass_on(server, to_client, self._next_cut()):
                    self.cuts += 1
            finally:
                there.cancel()
                await asyncio.gather(there, return_exceptions=True)
                # Not closed in order: whoever is cut off learns of it as of a lost network.
                to_server.transport.abort()
                to_client.transport.abort()
        except (OSError, asyncio.CancelledError):
            to_client.transport.abort()
        finally:
            self._open.discard(task)


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int | None) -> bool:
    """Pass on until the source ends, or `most` bytes have gone; return whether it was cut."""
    while data := await source.read(_CHUNK if most is None else min(_CHUNK, most)):
        target.write(data)
        await target.drain()
        if most is not None:
            most -= len(data)
            if most == 0:
                return True
    return False
