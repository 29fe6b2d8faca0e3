"""Raw connections of somebody who does not behave, and how others fare meanwhile."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from yarl import URL

from stack.customer import Customer
from stack.json_api import RefusedError

TINY = 4096
"""Bytes that the kernel keeps of what a client does not read, at least."""


class RawConnection:
    """Bytes to the plugin's server and back, with no client's care for what they mean."""

    def __init__(self, url: str, connected: socket.socket) -> None:
        self.url = URL(url)
        self._socket = connected

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def request(self, method: str, path: str, *lines: str, body: bytes = b"") -> None:
        """Send a request's head, with the given lines in it, and what there is of its body."""
        head = [f"{method} {self.url.path}{path} HTTP/1.1", f"Host: {self.url.authority}", *lines, "", ""]
        await self.send("\r\n".join(head).encode() + body)

    async def read_status(self, within: float) -> int | None:
        """Return the status of the answer; None where the connection ends without one."""
        loop, data = asyncio.get_running_loop(), b""
        while b"\r\n" not in data:
            try:
                more = await asyncio.wait_for(loop.sock_recv(self._socket, 1024), within)
            except OSError:
                return None
            if not more:
                return None
            data += more
        return int(data.split(b" ", 2)[1])

    def close(self) -> None:
        """Go away."""
        self._socket.close()


async def connect(url: str, *, receive_buffer: int | None = None) -> RawConnection:
    """Connect to a server; `receive_buffer` bytes are what the kernel takes in beyond what is read."""
    target, made = URL(url), socket.socket()
    made.setblocking(False)
    if receive_buffer is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(made, (str(target.host), int(target.port or 80)))
    return RawConnection(url, made)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[RawConnection]:
    """A connection for a while."""
    raw = await connect(url)
    try:
        yield raw
    finally:
        raw.close()


async def time_posts(customers: Sequence[Customer], number: int) -> list[float]:
    """Let customers post in turn; return the seconds that each answer took."""
    times = []
    for turn in range(number):
        began = time.perf_counter()
        answer = await customers[turn % len(customers)].post(f"message {turn}")
        times.append(time.perf_counter() - began)
        if answer.status != 201:
            raise RefusedError(f"POST v1/messages: {answer.status} {answer.text[:500]}")
    return times


def percentile(times: Sequence[float], share: float) -> float:
    """The value that so large a share of them does not exceed."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def get_memory(pid: int) -> int:
    """Return how many bytes of a process lie in memory."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line)
    return int(line.split()[1]) * 1024
