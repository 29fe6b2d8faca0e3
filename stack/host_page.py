"""The host site of the demo: a page on an origin of its own that embeds the widget by its one line."""

from __future__ import annotations

import hmac
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from .ports import HOST

FILES = Path(__file__).parent / "pages"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
WALLETS = ("Test wallet", "Second test wallet")


class HostPage:
    """The site's server, which also holds the keys of the page's test wallets."""

    def __init__(self, *, port: int, api_url: str, wallet_secret: str) -> None:
        """The wallets' keys follow from `wallet_secret`."""
        self.origin = f"http://{HOST}:{port}"
        self.url = self.origin + "/"
        self._port = port
        self._api_url = api_url
        accounts = [_account(wallet_secret, name) for name in WALLETS]
        self.wallets: dict[str, LocalAccount] = {account.address: account for account in accounts}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Starts to listen."""
        app = web.Application()
        app.router.add_get("/wallet/accounts", self._list_accounts)
        app.router.add_post("/wallet/sign", self._sign)
        app.router.add_get("/{name:[a-z.]*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _list_accounts(self, _request: web.Request) -> web.Response:
        accounts = [
            {"name": name, "address": address} for name, address in zip(WALLETS, self.wallets, strict=True)
        ]
        return web.json_response(accounts, headers=self._headers())

    async def _sign(self, request: web.Request) -> web.Response:
        # Only this page may ask: any other one in the same browser could reach this port, too.
        if request.headers.get("Origin") != self.origin:
            raise web.HTTPForbidden(headers=self._headers())
        asked = await request.json()
        signed = self.wallets[asked["address"]].sign_message(encode_defunct(hexstr=asked["message"]))
        return web.json_response({"signature": "0x" + signed.signature.hex()}, headers=self._headers())

    async def _file(self, request: web.Request) -> web.Response:
        path = FILES / (request.match_info["name"] or "index.html")
        if path.suffix not in TYPES or not path.is_file():
            raise web.HTTPNotFound(headers=self._headers())
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            text = text.replace("{widget}", escape(f"{self._api_url}/widget.js"))
        return web.Response(text=text, content_type=TYPES[path.suffix], headers=self._headers())

    def _headers(self) -> dict[str, str]:
        api = urlsplit(self._api_url)
        desk = f"{api.scheme}://{api.netloc}"
        policy = [
            "default-src 'none'",
            f"script-src 'self' {desk}",
            f"frame-src {desk}",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
        return {
            "Content-Security-Policy": "; ".join(policy),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }


def _account(secret: str, name: str) -> LocalAccount:
    # Not Account.create: the same wallets come again with kept data, and with them their conversations.
    key = hmac.digest(secret.encode(), name.encode(), "sha256")
    account: LocalAccount = Account.from_key(key)
    return account
