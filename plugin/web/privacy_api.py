"""What a customer may have, and may have forgotten."""

from __future__ import annotations

import json

from aiohttp import web
from maubot.plugin_server import PluginWebApp

from ..domain.model import Session
from ..services.privacy import PrivacyService
from ..services.sessions import SessionService
from . import schemas
from .bearer import authenticate
from .gate import Gate
from .limits import Limits

_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Disposition": 'attachment; filename="conversation.json"',
    "Cache-Control": "no-store",
    "Vary": "Origin",
    "X-Content-Type-Options": "nosniff",
}


class PrivacyApi:
    """Handlers of `v1/me`, and of messages taken back."""

    def __init__(
        self, *, sessions: SessionService, privacy: PrivacyService, limits: Limits, gate: Gate
    ) -> None:
        self._sessions, self._privacy, self._limits, self._gate = sessions, privacy, limits, gate

    def add_routes(self, webapp: PluginWebApp) -> None:
        """Put the handlers on their paths."""
        webapp.add_get("/v1/me/export", self.get_export, allow_head=False)
        webapp.add_delete("/v1/me", self.delete_me)
        webapp.add_delete("/v1/messages/{id:[0-9A-Z]{26}}", self.delete_message)

    async def get_export(self, request: web.Request) -> web.StreamResponse:
        """Answer all that the customer wrote and got, written as it is read: it may be long."""
        export = await self._privacy.export(await self._admit(request))
        response = web.StreamResponse(headers={**_HEADERS, **self._gate.cors_headers(request)})
        try:
            await response.prepare(request)
            head = json.dumps(schemas.export_json(export), ensure_ascii=False)
            await response.write(f'{head[:-1]}, "messages": ['.encode())
            separator = ""
            async for message in export.messages:
                await response.write(
                    f"{separator}{json.dumps(schemas.message_json(message), ensure_ascii=False)}".encode()
                )
                separator = ",\n"
            await response.write(b"]}")
        except ConnectionError:
            pass  # the client has gone
        return response

    async def delete_me(self, request: web.Request) -> web.Response:
        """Erase the customer; the rooms follow soon."""
        await self._privacy.erase(await self._admit(request))
        return web.json_response({}, status=202)

    async def delete_message(self, request: web.Request) -> web.Response:
        """Take one of the customer's own messages back."""
        session = await authenticate(request, self._sessions)
        self._limits.count_message(request, session.customer_id)
        await self._privacy.take_back(session, request.match_info["id"])
        return web.Response(status=204)

    async def _admit(self, request: web.Request) -> Session:
        session = await authenticate(request, self._sessions)
        self._limits.count_privacy(request, session.customer_id)
        return session
