"""HTTP with as little as possible between clock and socket: a slow client would hide a slow server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from stack.json_api import JsonApi

_BLOCK_ENDS = b"\n\n"


def _head(api: JsonApi, method: str, path: str, more: Mapping[str, str]) -> bytes:
    url = urlsplit(api.base_url)
    lines = [f"{method} {url.path}{path} HTTP/1.1", f"Host: {url.netloc}"]
    lines += [f"{name}: {value}" for name, value in {**api.headers, **more}.items()]
    return "\r\n".join([*lines, "", ""]).encode()


class Line:
    """A kept connection that one request after the other goes over."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, api: JsonApi) -> Line:
        """Connect to the server of an API."""
        url = urlsplit(api.base_url)
        return cls(*await asyncio.open_connection(url.hostname, url.port))

    async def post(self, api: JsonApi, path: str, body: object) -> float:
        """Post JSON and return the seconds from the first byte out to the last byte in; 201 or an error."""
        content = json.dumps(body).encode()
        head = _head(
            api,
            "POST",
            path,
            {"Content-Type": "application/json", "Content-Length": str(len(content))},
        )
        began = time.perf_counter()
        self._writer.write(head + content)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        await self._reader.readexactly(_content_length(answer))
        took = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(f"POST {path}: {answer.decode(errors='replace')}")
        return took

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise RuntimeError("an answer without a length")


class Stream(asyncio.Protocol):
    """An open stream that counts its blocks; a socket and nearly nothing else."""

    def __init__(self, request: bytes, on_blocks: Callable[[int], None]) -> None:
        """`on_blocks` gets how many blocks have come to their end with some bytes; a ping is one, too."""
        self._request, self._on_blocks = request, on_blocks
        self._last = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (what TCP gives)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count what has come to its end."""
        # What is sent is chunked: a block's end is never torn but by the socket.
        count = (self._last + data).count(_BLOCK_ENDS)
        self._last = data[-1:]
        if count:
            self._on_blocks(count)

    def close(self) -> None:
        """Go away, as a closed page does."""
        if self._transport is not None:
            self._transport.abort()


async def open_stream(
    api: JsonApi, path: str, on_blocks: Callable[[int], None], *, last_event_id: int | None = None
) -> Stream:
    """Ask for a stream; its first block says that it is open."""
    more = {"Accept": "text/event-stream"} | (
        {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    )
    request, url = _head(api, "GET", path, more), urlsplit(api.base_url)
    loop, host = asyncio.get_running_loop(), url.hostname or ""
    _, stream = await loop.create_connection(lambda: Stream(request, on_blocks), host, url.port or 80)
    return stream
