"""A local Ethereum node with one contract wallet, as far as Headset asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

MAGIC = "0x1626ba7e" + "00" * 28


class Node:
    """Answers JSON-RPC; a test may set any answer."""

    def __init__(self) -> None:
        self.chain_id: Any = "0x1"
        self.code: Any = "0x6080"
        self.verdict: Any = MAGIC
        self.calls: list[tuple[str, list[Any]]] = []
        self.respond: Callable[[web.Request], web.StreamResponse] | None = None
        """What is answered instead, to everything."""
        app = web.Application()
        app.router.add_post("/key", self._handle)
        app.router.add_post("/elsewhere", self._handle_elsewhere)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/key"))

    async def _handle_elsewhere(self, request: web.Request) -> web.StreamResponse:
        self.respond = None
        return await self._handle(request)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.respond is not None:
            return self.respond(request)
        asked = await request.json()
        self.calls.append((asked["method"], asked["params"]))
        answers = {"eth_chainId": self.chain_id, "eth_getCode": self.code, "eth_call": self.verdict}
        answer = answers[asked["method"]]
        what = {"error": answer} if isinstance(answer, dict) else {"result": answer}
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], **what})
