"""Serves the customer's page of the demo on an origin of its own, as a host site would."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from .ports import HOST

FILES = Path(__file__).parent / "pages"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class CustomerPage:
    """The page's server."""

    def __init__(self, *, port: int, api_url: str) -> None:
        self.origin = f"http://{HOST}:{port}"
        self.url = self.origin + "/"
        self._port = port
        self._api_url = api_url
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Starts to listen."""
        app = web.Application()
        app.router.add_get("/settings.json", self._settings)
        app.router.add_get("/{name:[a-z.]*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _settings(self, _request: web.Request) -> web.Response:
        return web.json_response({"api": self._api_url}, headers=self._headers())

    async def _file(self, request: web.Request) -> web.Response:
        path = FILES / (request.match_info["name"] or "index.html")
        if path.suffix not in TYPES or not path.is_file():
            raise web.HTTPNotFound(headers=self._headers())
        return web.Response(
            text=path.read_text(encoding="utf-8"), content_type=TYPES[path.suffix], headers=self._headers()
        )

    def _headers(self) -> dict[str, str]:
        api = urlsplit(self._api_url)
        policy = [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {api.scheme}://{api.netloc}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ]
        return {
            "Content-Security-Policy": "; ".join(policy),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }
