"""Requests to one desk: the token, the time-outs, and what each kind of failure is called."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import aiohttp
from yarl import URL

from .errors import ApiError, DeskError, NotUnderstood, Unauthorized, Unreachable

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10, sock_read=20)
STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=50)
"""The desk writes at least every 20 s: a stream that is silent for longer is dead."""

_PROBLEM = "application/problem+json"


def is_loopback(url: URL) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return url.host == "localhost" or ip_address(url.host or "").is_loopback
    except ValueError:
        return False


class Http:
    """The HTTP API below one address; close it at the end."""

    def __init__(
        self, url: str, token: str | None = None, *, session: aiohttp.ClientSession | None = None
    ) -> None:
        self.url = url.rstrip("/") + "/"
        self.token = token
        self._session, self._is_own = session, session is None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None and self._is_own:
            await self._session.close()
            self._session = None

    async def call(
        self, method: str, path: str, body: object = None, *, query: Mapping[str, str] | None = None
    ) -> Any:
        """Return the JSON of the answer, None where it has no body.

        Raises:
            Unreachable, Unauthorized, ApiError
        """
        headers = {} if body is None else {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        async with self._open(method, path, query=query, headers=headers, data=data) as answer:
            content = await answer.read()
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError:
            raise NotUnderstood("The desk's answer is not JSON.", status=answer.status) from None

    @asynccontextmanager
    async def stream(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.StreamReader]:
        """Give the body of an answer that goes on and on. Raises as `call` does."""
        async with self._open("GET", path, headers=headers, timeout=STREAM_TIMEOUT) as answer:
            if answer.content_type != "text/event-stream":
                raise NotUnderstood("The desk's stream is not one of events.", status=answer.status)
            yield answer.content

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str],
        data: str | None = None,
        timeout: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        auth = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        try:
            async with self._get_session().request(
                method,
                URL(self.url + path),
                params=query,
                headers={**headers, **auth},
                data=data,
                timeout=timeout or TIMEOUT,
                # Elsewhere the token is nobody's business.
                allow_redirects=False,
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise await _read_refusal(answer)
                yield answer
        except asyncio.TimeoutError:
            raise Unreachable("The desk does not answer in time.") from None
        except aiohttp.ClientError as error:
            raise Unreachable(f"The desk can't be reached: {_reason(error)}.") from error

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Made late: it belongs to the running loop. A proxy's variables are for other machines.
            self._session = aiohttp.ClientSession(
                trust_env=not is_loopback(URL(self.url)), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _reason(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.os_error.strerror or str(error)).rstrip(".")
    return (str(error) or type(error).__name__).rstrip(".")


async def _read_refusal(answer: aiohttp.ClientResponse) -> DeskError:
    problem = await _read_problem(answer)
    if answer.status == 401:
        return Unauthorized(*[problem["detail"]] if problem else [])
    if problem is None:
        return _without_problem(answer)
    detail = problem["detail"]
    wait = problem.get("retry_after")
    retry_after = float(wait) if isinstance(wait, (int, float)) else None
    if answer.status >= 500:
        return Unreachable(detail, retry_after=retry_after)
    limit = problem.get("limit")
    field = problem.get("field")
    return ApiError(
        detail,
        code=str(problem.get("code", "")),
        status=answer.status,
        field=field if isinstance(field, str) else None,
        limit=limit if isinstance(limit, int) else None,
        retry_after=retry_after,
    )


async def _read_problem(answer: aiohttp.ClientResponse) -> dict[str, Any] | None:
    if answer.content_type != _PROBLEM:
        return None
    try:
        problem = json.loads(await answer.read())
    except ValueError:
        return None
    return problem if isinstance(problem, dict) and isinstance(problem.get("detail"), str) else None


def _without_problem(answer: aiohttp.ClientResponse) -> DeskError:
    if answer.status == 404:
        # So does maubot answer while it loads the plugin anew.
        return Unreachable("The desk is not there; it may be starting.")
    if answer.status >= 500 or answer.status == 429:
        return Unreachable(f"The desk's server answers with an error ({answer.status}).")
    if answer.status < 400:
        return NotUnderstood("The desk's address leads somewhere else.", status=answer.status)
    return NotUnderstood(f"The desk's server refuses ({answer.status}).", status=answer.status)
