"""The moderators' API: canned replies, strangers' replies, the audit log."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ...db.canned import CannedReply
from ...db.records import AuditEntry
from ...services.mod.access import Caller
from ...services.mod.canned import CannedService
from ...services.mod.records import RecordService
from .. import schemas
from .lists import get_after, list_json
from .routes import ModRoutes
from .shapes import stranger_json


class RecordsApi:
    """Handlers of `v1/mod/canned`, `v1/mod/strangers` and `v1/mod/audit`."""

    def __init__(self, canned: CannedService, records: RecordService) -> None:
        self._canned, self._records = canned, records

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        one = "/v1/mod/canned/{name:[a-z0-9_-]{1,32}}"
        routes.add("GET", "/v1/mod/canned", self.get_canned)
        routes.add("PUT", one, self.put_canned)
        routes.add("DELETE", one, self.delete_canned)
        routes.add("GET", "/v1/mod/strangers", self.get_strangers)
        routes.add("GET", "/v1/mod/audit", self.get_audit)

    async def get_canned(self, _: web.Request, __: Caller) -> web.Response:
        """Answer the canned replies by name."""
        return web.json_response(list_json([_canned_json(reply) for reply in await self._canned.list_all()]))

    async def put_canned(self, request: web.Request, caller: Caller) -> web.Response:
        """Keep a text under a name."""
        text = schemas.get_text(await schemas.read_json(request), "text")
        reply = await self._canned.put(caller.moderator, request.match_info["name"], text)
        return web.json_response(_canned_json(reply))

    async def delete_canned(self, request: web.Request, caller: Caller) -> web.Response:
        """Forget a canned reply."""
        await self._canned.delete(caller.moderator, request.match_info["name"])
        return web.Response(status=204)

    async def get_strangers(self, request: web.Request, _: Caller) -> web.Response:
        """Answer the replies that were not delivered, newest first."""
        after, limit = get_after(request), schemas.get_limit(request)
        found = await self._records.list_strangers(after, limit)
        following = found[-1].reply.id if len(found) == limit else None
        return web.json_response(list_json([stranger_json(stranger) for stranger in found], following))

    async def get_audit(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer the audit log, newest first."""
        after, limit = get_after(request), schemas.get_limit(request)
        entries = await self._records.list_audit(caller.moderator, after, limit)
        following = entries[-1].id if len(entries) == limit else None
        return web.json_response(list_json([_audit_json(entry) for entry in entries], following))


def _canned_json(reply: CannedReply) -> dict[str, Any]:
    return {
        "name": reply.name,
        "text": reply.text,
        "by": {"id": reply.by_id, "name": reply.by_name},
        "updated_at": schemas.time_json(reply.updated_at),
    }


def _audit_json(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": schemas.time_json(entry.at),
        "actor": {"id": entry.actor_id, "name": entry.actor_name},
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
    }
