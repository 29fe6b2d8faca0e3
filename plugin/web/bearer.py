"""Who asks: the bearer token of a request."""

from __future__ import annotations

from aiohttp import hdrs, web

from ..domain.errors import Unauthorized


def read_bearer(request: web.Request) -> str:
    """Return the bearer token. Raises Unauthorized."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized
    return token
