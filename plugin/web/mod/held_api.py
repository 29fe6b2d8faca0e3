"""The moderators' API: what is held."""

from __future__ import annotations

from aiohttp import web

from ...services.mod.access import Caller
from ...services.mod.held import HeldDesk, HeldPage
from .. import schemas
from .lists import ID, get_after, list_json
from .routes import ModRoutes
from .shapes import held_json


class HeldApi:
    """Handlers of `v1/mod/held`."""

    def __init__(self, held: HeldDesk) -> None:
        self._held = held

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        routes.add("GET", "/v1/mod/held", self.get_held)
        routes.add("POST", f"/v1/mod/held/{{id:{ID}}}/release", self.post_release)
        routes.add("POST", f"/v1/mod/held/{{id:{ID}}}/drop", self.post_drop)

    async def get_held(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer what waits for a decision, newest first."""
        after, limit = get_after(request), schemas.get_limit(request)
        page = await self._held.list_waiting(caller.moderator, after, limit)
        items = [held_json(view, blocked=view.entry.customer.id in page.blocked) for view in page.items]
        return web.json_response(list_json(items, page.next))

    async def post_release(self, request: web.Request, caller: Caller) -> web.Response:
        """Send it after all."""
        data = await schemas.read_json(request) if request.can_read_body else {}
        confirmed = schemas.get_flag(data, "confirmed")
        page = await self._held.release(request.match_info["id"], caller.moderator, confirmed=confirmed)
        return _answer(page)

    async def post_drop(self, request: web.Request, caller: Caller) -> web.Response:
        """Never send it."""
        return _answer(await self._held.drop(request.match_info["id"], caller.moderator))


def _answer(page: HeldPage) -> web.Response:
    (view,) = page.items
    return web.json_response(held_json(view, blocked=view.entry.customer.id in page.blocked))
