"""JSON over HTTP: the small client that every other client here is made of."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp


class RefusedError(Exception):
    """A server answered with a status that the caller did not expect."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class JsonApi:
    """One server's JSON API below one address, with the headers that go with every request."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.session = session
        self.base_url = base_url.rstrip("/")
        self.headers = dict(headers or {})

    def with_token(self, token: str) -> JsonApi:
        """The same API with a bearer token."""
        headers = self.headers | {"Authorization": f"Bearer {token}"}
        return JsonApi(self.session, self.base_url, headers=headers)

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends `body` as JSON, or `data` as it is, and reads the whole answer, whatever its status."""
        # Not the bytes themselves: of a megabyte of them, such as the plugin's archive, aiohttp warns.
        stream = None if data is None else io.BytesIO(data)
        content: dict[str, Any] = {"json": body} if body is not None else {"data": stream}
        async with self.session.request(
            method, self.base_url + path, headers=self.headers | dict(headers or {}), **content
        ) as answer:
            return Answer(status=answer.status, headers=answer.headers.copy(), body=await answer.read())

    async def call(self, method: str, path: str, body: object = None, *, data: bytes | None = None) -> Any:
        """Like `request`, but returns the JSON of a 2xx and raises RefusedError for anything else."""
        answer = await self.request(method, path, body, data=data)
        if not 200 <= answer.status < 300:
            raise RefusedError(f"{method} {path}: {answer.status} {answer.text[:500]}")
        return answer.json if answer.body else None
