"""Requests that are no requests, sent by a process of its own: `python -m tests.faults.rubbish CASE URL …`.

It goes on until its standard input ends, and prints the answers that were wrong as a JSON list.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from stack.conditions import all_of
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.faults.strangers import RawConnection, connect, connected

_PATIENCE = 60.0
_PAUSE = 0.01
"""Seconds between requests: nearly a hundred a second of one stranger. More is for the proxy to refuse
(docs/security.md): where the event loop never rests, SQLite's thread waits for the interpreter's lock."""
_JSON = "Content-Type: application/json"

BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"text": "a", "text": NaN, "client_id": Infinity}',
    b'{"client_id": 1, "text": {"a": []}}',
    b'{"client_id": "6f1f9c54-3c1f-4b3a-9a3e-2f6a5c0b7d10", "text": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"text": ' + b"9" * 20_000 + b"}",
)
"""What a path that takes JSON is to refuse."""

HARMLESS = (b"", *(body for body in BODIES[6:9]))
"""What a new session may come with: nothing, or members that it knows nothing of."""

PATHS = ("/v1/messages", "/v1/sessions", "/v1/session/identity", "/v1/mod/token", "/v1/support-check")


@dataclass(kw_only=True)
class Rubbish:
    """Where it goes, how much of it, and what came of it."""

    url: str
    session: aiohttp.ClientSession
    random: random.Random
    connections: int
    megabytes: int
    keeps: float
    """Seconds that half a head stays as it is."""
    wrong: list[str] = field(default_factory=list)

    async def customer(self) -> Customer:
        """A new customer, who has a right to be heard."""
        return await open_session(JsonApi(self.session, self.url))


async def send_half_heads(rubbish: Rubbish) -> None:
    """Open connections, begin a request on each, and say no more."""
    halves: list[RawConnection] = []
    try:
        for _ in range(rubbish.connections):
            halves.append(await connect(rubbish.url))
            whole = f"POST {halves[-1].url.path}/v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a"
            await halves[-1].send(whole[: rubbish.random.randrange(1, len(whole))].encode())
        if not (await rubbish.customer()).token:
            rubbish.wrong.append("no session beside half-sent heads")
        await asyncio.sleep(rubbish.keeps)
    finally:
        for half in halves:
            half.close()


async def send_large_bodies(rubbish: Rubbish) -> None:
    """Announce large bodies and send them, as a whole and in chunks, until the server has had enough."""
    customer = await rubbish.customer()
    bearer = f"Authorization: Bearer {customer.token}"
    length = rubbish.megabytes * 2**20
    chunk = b"x" * 2**16

    async def send(line: str, piece: bytes) -> None:
        async with connected(rubbish.url) as raw:
            await raw.request("POST", "/v1/messages", _JSON, bearer, line)
            sending = asyncio.create_task(_send_all(raw, piece, length // len(chunk)))
            try:
                status = await raw.read_status(_PATIENCE)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            # Cut off in the middle of it, a client may not get to read why.
            if status is not None and not 400 <= status < 500:
                rubbish.wrong.append(f"{length} bytes, {line}: {status}")
        await asyncio.sleep(_PAUSE)

    chunked = f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
    await all_of(send(f"Content-Length: {length}", chunk), send("Transfer-Encoding: chunked", chunked))


async def _send_all(raw: RawConnection, piece: bytes, times: int) -> None:
    for _ in range(times):
        await raw.send(piece)


async def send_bad_json(rubbish: Rubbish) -> None:
    """Send what is no JSON, or no such JSON, to every path that takes some."""
    customer = await rubbish.customer()
    headers = {"Content-Type": "application/json"}
    for path in PATHS:
        for body in BODIES:
            answer = await customer.api.request("POST", path, data=body, headers=headers)
            if not 400 <= answer.status < 500 and not (path == "/v1/sessions" and body in HARMLESS):
                rubbish.wrong.append(f"POST {path} {body[:40]!r}: {answer.status}")
            await asyncio.sleep(_PAUSE)


async def send_no_http(rubbish: Rubbish) -> None:
    """Send bytes that are no HTTP, or nearly."""
    for data in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rubbish.random.randbytes(200) + b"\r\n\r\n",
        b"GET  /v1/config\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /v1/config HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        async with connected(rubbish.url) as raw:
            with contextlib.suppress(OSError):
                await raw.send(data)
            status = await raw.read_status(_PATIENCE)
            if status is not None and not 400 <= status < 500:
                rubbish.wrong.append(f"{data[:40]!r}: {status}")
        await asyncio.sleep(_PAUSE)


CASES: Mapping[str, Callable[[Rubbish], Awaitable[None]]] = {
    "half-sent heads": send_half_heads,
    "huge bodies": send_large_bodies,
    "JSON that is none": send_bad_json,
    "bytes that are no HTTP": send_no_http,
}


async def _main(case: str, url: str, seed: str, connections: str, megabytes: str, keeps: str) -> None:
    async with aiohttp.ClientSession() as session:
        rubbish = Rubbish(
            url=url,
            session=session,
            random=random.Random(f"{seed} {case}"),
            connections=int(connections),
            megabytes=int(megabytes),
            keeps=float(keeps),
        )
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        while True:
            await CASES[case](rubbish)
            if ended.done():
                break
        print(json.dumps(sorted(set(rubbish.wrong))))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
