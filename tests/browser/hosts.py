"""Pages of host sites, each with the markup and the headers that a test wants."""

from __future__ import annotations

import itertools
from html import escape

from aiohttp import web

from stack.ports import HOST

SAME_SITE, OTHER_SITE = HOST, "localhost"
"""Two names of this machine: to a browser, pages of the second are of another site than the plugin."""


def script_tag(api_url: str, **data: object) -> str:
    """Return the one line that a host site adds; `data_name="…"` becomes `data-name="…"`."""
    pairs = "".join(f' {name.replace("_", "-")}="{escape(str(value))}"' for name, value in data.items())
    return f'<script async src="{api_url}/widget.js"{pairs}></script>'


def strict_policy(plugin_origin: str) -> str:
    """Return the policy of a host page that lets in the widget and nothing else."""
    return (
        f"default-src 'none'; script-src {plugin_origin}; frame-src {plugin_origin};"
        " base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


class HostSite:
    """A server for host pages, on an origin that may use the plugin."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._pages: dict[str, tuple[str, dict[str, str]]] = {}
        self._names = (f"/page{number}" for number in itertools.count(1))
        self._runner: web.AppRunner | None = None

    @property
    def origins(self) -> list[str]:
        """The origins that its pages can have."""
        return [self.origin(name) for name in (SAME_SITE, OTHER_SITE)]

    def origin(self, name: str = SAME_SITE) -> str:
        """Return the origin under one of this machine's names."""
        return f"http://{name}:{self.port}"

    def add(
        self,
        body: str,
        *,
        policy: str | None = None,
        title: str = "Host page",
        host: str = SAME_SITE,
    ) -> str:
        """Serve a page under a policy from now on and return its address."""
        headers = {} if policy is None else {"Content-Security-Policy": policy}
        html = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f"<title>{escape(title)}</title></head>"
            f"<body><main><h1>A host page</h1></main>{body}</body></html>"
        )
        path = next(self._names)
        self._pages[path] = html, headers
        return self.origin(host) + path

    async def start(self) -> None:
        """Start to listen, under both names."""
        app = web.Application()
        app.router.add_get("/{name:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()

    async def stop(self) -> None:
        """End the server."""
        if self._runner:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        if request.path == "/favicon.ico":
            return web.Response(status=204)
        if request.path not in self._pages:
            raise web.HTTPNotFound
        html, headers = self._pages[request.path]
        return web.Response(text=html, content_type="text/html", headers=headers)
