"""What monitors ask: is it well, and how much is there of everything."""

from __future__ import annotations

import ipaddress

from aiohttp import hdrs, web
from maubot.plugin_server import PluginWebApp

from ..domain.errors import Forbidden
from ..services.health import Health, HealthService
from ..services.mod.access import AccessService
from ..services.ports import Clock
from .bearer import get_bearer_token
from .schemas import health_json
from .streams import Streams

_FORWARDED = ("Forwarded", "X-Forwarded-For")


class OperatorApi:
    """Handlers of `v1/health` and `v1/metrics`."""

    def __init__(self, health: HealthService, streams: Streams, access: AccessService, clock: Clock) -> None:
        self._health, self._streams, self._access, self._clock = health, streams, access, clock

    def add_routes(self, webapp: PluginWebApp) -> None:
        """Put the handlers on their paths."""
        webapp.add_get("/v1/health", self.get_health, allow_head=True)
        webapp.add_get("/v1/metrics", self.get_metrics, allow_head=True)

    async def get_health(self, _: web.Request) -> web.Response:
        """Answer each check in a word; 503 when customers can't be served."""
        health = await self._health.get_health()
        status = 503 if health.status == "down" else 200
        return web.json_response(health_json(health), status=status)

    async def get_metrics(self, request: web.Request) -> web.Response:
        """Answer the numbers in Prometheus' text format, to this machine and to admins."""
        if hdrs.AUTHORIZATION in request.headers:
            caller = await self._access.authenticate(get_bearer_token(request))
            caller.require("admin")
        # A proxy on this machine speaks for others, and says so in one of these headers.
        elif not _is_loopback(request.remote) or any(name in request.headers for name in _FORWARDED):
            raise Forbidden
        return web.Response(text=self._render(await self._health.get_health()), content_type="text/plain")

    def _render(self, health: Health) -> str:
        numbers, gauges = health.numbers, {"up": int(health.status != "down")}
        gauges["ok"] = int(health.status == "ok")
        gauges["streams_open"] = self._streams.count
        if numbers is not None:
            waited = (self._clock.now() - numbers.oldest).total_seconds() if numbers.oldest else 0
            gauges |= {
                "outbox_waiting_messages": numbers.waiting,
                "outbox_oldest_seconds": int(waited),
                "batches_failed": numbers.failed,
                "batches_unconfirmed": numbers.unconfirmed,
                "tickets_open": numbers.open_tickets,
                "strangers_replies_last_day": numbers.strangers_today,
                "redactions_waiting": numbers.redactions_waiting,
                "redactions_refused": numbers.redactions_refused,
                "bridge_reports": int(numbers.bridge_reports),
            }
        lines = [f"# TYPE headset_{name} gauge\nheadset_{name} {value}" for name, value in gauges.items()]
        return "\n".join(lines) + "\n"


def _is_loopback(remote: str | None) -> bool:
    try:
        return ipaddress.ip_address(remote or "").is_loopback
    except ValueError:
        return False
