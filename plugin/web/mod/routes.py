"""The only way to a path of the moderators' API: who calls is known before a handler runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from maubot.plugin_server import PluginWebApp

from ...domain.model import Role
from ...services.mod.access import AccessService, Caller
from .. import schemas
from ..bearer import get_bearer_token
from ..limits import Limits

Handler = Callable[[web.Request, Caller], Awaitable[web.StreamResponse]]

TOKEN_PATH = "/v1/mod/token"  # noqa: S105 - a path
"""The one path of the moderators' API that needs no token: it gives them out."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """A path of the moderators' API."""

    method: str
    path: str
    role: Role
    """The least that the caller must be."""


class ModRoutes:
    """Puts handlers on paths below `v1/mod`, each behind a token and a role."""

    def __init__(self, access: AccessService, webapp: PluginWebApp, limits: Limits) -> None:
        self._access, self._webapp, self._limits = access, webapp, limits
        self.all: list[Route] = []
        """Every path that needs a token."""
        webapp.add_post(TOKEN_PATH, self._post_token)

    def add(self, method: str, path: str, handler: Handler, *, role: Role = "moderator") -> None:
        """Put a handler on a path such as `/v1/mod/me`, for callers of a role or a higher one."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            caller = await self._access.authenticate(get_bearer_token(request))
            caller.require(role)
            return await handler(request, caller)

        self._webapp.add_route(method, path, guarded)
        self.all.append(Route(method=method, path=path, role=role))

    async def _post_token(self, request: web.Request) -> web.Response:
        """Exchange a code for a token."""
        self._limits.count_code(request)
        code = schemas.get_text(await schemas.read_json(request), "code")
        token, caller = await self._access.exchange(code)
        moderator = caller.moderator
        return web.json_response(
            {
                "token": token,
                "token_id": caller.token_id,
                "moderator": {"id": moderator.id, "name": moderator.name, "role": moderator.role},
            }
        )
