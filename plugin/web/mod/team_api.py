"""The moderators' API: the allow-list and the tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from ...domain.errors import Invalid
from ...domain.model import Moderator, ModeratorToken, Role
from ...services.audit import acting
from ...services.mod.access import AccessService, Caller
from ...services.mod.team import Entry, TeamService
from .. import schemas
from .lists import ID, list_json
from .routes import ModRoutes

_LONGEST_ID = 400


class TeamApi:
    """Handlers of `v1/mod/moderators` and `v1/mod/tokens`."""

    def __init__(self, team: TeamService, access: AccessService) -> None:
        self._team, self._access = team, access

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        one = f"/v1/mod/moderators/{{id:{ID}}}"
        routes.add("GET", "/v1/mod/moderators", self.get_moderators)
        routes.add("PUT", one, self.put_moderator, role="admin")
        routes.add("DELETE", one, self.delete_moderator, role="admin")
        routes.add("GET", "/v1/mod/tokens", self.get_tokens)
        routes.add("DELETE", f"/v1/mod/tokens/{{id:{ID}}}", self.delete_token)

    async def get_moderators(self, _: web.Request, __: Caller) -> web.Response:
        """Answer who is on the allow-list."""
        team = await self._team.list_members()
        return web.json_response(list_json([moderator_json(moderator) for moderator in team]))

    async def put_moderator(self, request: web.Request, caller: Caller) -> web.Response:
        """Put somebody on the allow-list, or change what stands there of them."""
        entry = _get_entry(await schemas.read_json(request))
        moderator, is_new = await self._team.put(acting(caller.moderator), request.match_info["id"], entry)
        return web.json_response(moderator_json(moderator), status=201 if is_new else 200)

    async def delete_moderator(self, request: web.Request, caller: Caller) -> web.Response:
        """Take somebody off the allow-list."""
        await self._team.deny(acting(caller.moderator), request.match_info["id"])
        return web.Response(status=204)

    async def get_tokens(self, _: web.Request, caller: Caller) -> web.Response:
        """Answer the caller's tokens, or an admin everybody's."""
        tokens = await self._access.list_tokens(caller.moderator)
        return web.json_response(list_json([_token_json(token, caller) for token in tokens]))

    async def delete_token(self, request: web.Request, caller: Caller) -> web.Response:
        """Void a token."""
        await self._access.revoke(acting(caller.moderator), caller.moderator, request.match_info["id"])
        return web.Response(status=204)


def moderator_json(moderator: Moderator) -> dict[str, Any]:
    """Return somebody on the allow-list as the team sees them."""
    return {
        "id": moderator.id,
        "name": moderator.name,
        "role": moderator.role,
        "telegram_id": moderator.telegram_id,
        "mxid": moderator.mxid,
        "source": moderator.source,
        "handles": list(moderator.handles),
        "tokens": moderator.tokens,
    }


def _token_json(token: ModeratorToken, caller: Caller) -> dict[str, Any]:
    return {
        "id": token.id,
        "moderator": {"id": token.moderator.id, "name": token.moderator.name},
        "created_at": schemas.time_json(token.created_at),
        "used_at": schemas.time_json(token.used_at),
        "current": token.id == caller.token_id,
    }


def _get_entry(data: Mapping[str, Any]) -> Entry:
    role, telegram_id = data.get("role"), data.get("telegram_id")
    if role not in ("moderator", "admin"):
        raise Invalid("role must be moderator or admin.", field="role")
    if telegram_id is not None and (not isinstance(telegram_id, int) or isinstance(telegram_id, bool)):
        raise Invalid("telegram_id must be a whole number.", field="telegram_id")
    return Entry(
        name=schemas.get_text(data, "name"),
        role=cast("Role", role),
        telegram_id=telegram_id,
        mxid=schemas.get_optional_text(data, "mxid", _LONGEST_ID),
    )
