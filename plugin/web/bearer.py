"""Who asks: the session of the bearer token."""

from __future__ import annotations

from aiohttp import hdrs, web

from ..domain.errors import Unauthorized
from ..domain.model import Session
from ..services.sessions import SessionService


async def authenticate(request: web.Request, sessions: SessionService) -> Session:
    """Return the session whose token the request bears. Raises Unauthorized."""
    return await sessions.find_session(get_bearer_token(request))


def get_bearer_token(request: web.Request) -> str:
    """Return the token that the request bears. Raises Unauthorized."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized
    return token
