"""Who am I, and how does the desk stand."""

from __future__ import annotations

from aiohttp import web

from ...services.mod.access import Caller
from ...services.mod.overview import OverviewService
from . import shapes
from .routes import ModRoutes


class OverviewApi:
    """Handlers of `v1/mod/me` and `v1/mod/stats`."""

    def __init__(self, overview: OverviewService) -> None:
        self._overview = overview

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        routes.add("GET", "/v1/mod/me", self.get_me)
        routes.add("GET", "/v1/mod/stats", self.get_stats)

    async def get_me(self, _: web.Request, caller: Caller) -> web.Response:
        """Answer who calls, and what a console needs to know at its start."""
        return web.json_response(shapes.me_json(caller, await self._overview.get_me()))

    async def get_stats(self, _: web.Request, caller: Caller) -> web.Response:
        """Answer how the desk stands."""
        return web.json_response(shapes.stats_json(await self._overview.get_stats(caller.moderator)))
