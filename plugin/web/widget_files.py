"""Serves the widget: the loader for host pages, the page in the frame, and that page's files."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aiohttp import web
from maubot.plugin_server import PluginWebApp

from .. import widget as widget_package
from ..config import Widget
from ..domain.errors import NotFound
from ..services.ports import GetSettings
from .languages import LOCALES, Languages

if TYPE_CHECKING:
    from importlib.abc import Traversable

LOADER, PAGE = "widget.js", "index.html"

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_BUILD_MARK, _DESK_MARK = b"{build}", b"{desk}"

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",  # wallets announce their icons as data: URIs
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
)

_CSS_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
# The blank after a property's name; one before a colon, as in a selector, means something.
_AROUND_SIGNS = re.compile(rb" ?([{};,]) ?|(?<=[a-z])(:) ")

_LOADER_CACHE = "public, max-age=60, stale-while-revalidate=86400"
_FOR_EVER = "public, max-age=31536000, immutable"


def read_widget_files() -> dict[str, bytes]:
    """Return all files of the widget by name, from the folder or from maubot's archive."""
    return dict(sorted(_walk(resources.files(widget_package))))


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif PurePosixPath(entry.name).suffix in _TYPES:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


@dataclass(frozen=True, kw_only=True)
class _File:
    """What goes over the wire, as it is and compressed."""

    name: str
    content: bytes
    packed: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "packed", gzip.compress(self.content, mtime=0))

    def answer(self, request: web.Request, headers: Mapping[str, str]) -> web.Response:
        """Answer with it, or with 304 to whoever has it already."""
        # The headers are part of the tag: a browser keeps the old policy when it is told "not modified".
        tag = _hash(self.content, *(f"{name}: {value}".encode() for name, value in headers.items()))
        headers = {**headers, "ETag": f'W/"{tag}"', "Vary": "Accept-Encoding"}
        if tag in [known.value for known in request.if_none_match or ()]:
            return web.Response(status=304, headers=headers)
        packed = _accepts_gzip(request)
        response = web.Response(body=self.packed if packed else self.content, headers=headers)
        response.content_type, response.charset = _TYPES[PurePosixPath(self.name).suffix], "utf-8"
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        return response


class WidgetFiles:
    """Handlers of `widget.js`, `widget` and `widget/<build>/…`."""

    def __init__(self, files: Mapping[str, bytes], languages: Languages, settings: GetSettings) -> None:
        self._settings = settings
        self.build = _hash(*(part for name, content in files.items() for part in (name.encode(), content)))
        page = files[PAGE].replace(_BUILD_MARK, self.build.encode())
        self._page = _File(name=PAGE, content=page)
        self._assets = {
            name: _File(name=name, content=_slim(name, content))
            for name, content in files.items()
            if _is_asset(name)
        }
        self._loader_source = _slim(LOADER, files[LOADER])
        self._texts = [
            [language.code.lower(), language.dir, *map(language.texts.__getitem__, _LAUNCHER_TEXTS)]
            for language in languages.all
        ]
        self._loader: tuple[Widget, _File] | None = None

    def add_routes(self, webapp: PluginWebApp) -> None:
        """Put the handlers on their paths."""
        webapp.add_get(f"/{LOADER}", self.get_loader, allow_head=True)
        webapp.add_get("/widget", self.get_page, allow_head=True)
        webapp.add_get("/widget/{build:[0-9a-f]{16}}/{name:.+}", self.get_asset, allow_head=True)

    async def get_loader(self, request: web.Request) -> web.Response:
        """Answer the script of host pages, which carries what it needs to know of the settings."""
        headers = {"Cache-Control": _LOADER_CACHE, **_FROM_ANY_SITE}
        return self._get_loader_file(self._settings().widget).answer(request, headers)

    async def get_page(self, request: web.Request) -> web.Response:
        """Answer the page in the frame, which only the allowed sites may frame."""
        framed_by = sorted(self._settings().widget.allowed_origins)
        policy = (*_POLICY, " ".join(("frame-ancestors 'self'", *framed_by)))
        return self._page.answer(
            request,
            {
                "Cache-Control": "no-cache",
                "Content-Security-Policy": "; ".join(policy),
                "Cross-Origin-Embedder-Policy": "require-corp",
                "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
                "Referrer-Policy": "no-referrer",
                **_FROM_ANY_SITE,
            },
        )

    async def get_asset(self, request: web.Request) -> web.Response:
        """Answer a file of the page. Raises NotFound."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise NotFound
        # Pages of another build ask here, too, during an update and in tabs that stay open. They get what
        # there is, but no cache may keep it under that build's name.
        is_current = request.match_info["build"] == self.build
        cache = _FOR_EVER if is_current else "no-cache"
        return asset.answer(request, {"Cache-Control": cache, **_FROM_ANY_SITE})

    def _get_loader_file(self, widget: Widget) -> _File:
        if self._loader is None or self._loader[0] != widget:
            desk = {"name": widget.name, "color": widget.color, "build": self.build, "texts": self._texts}
            text = json.dumps(desk, ensure_ascii=False, separators=(",", ":")).encode()
            file = _File(name=LOADER, content=self._loader_source.replace(_DESK_MARK, text))
            self._loader = (widget, file)
        return self._loader[1]


_LAUNCHER_TEXTS = ("launcher.open", "launcher.close", "launcher.unread")

# Host pages that isolate themselves (COEP) load and frame only what says that it may be.
_FROM_ANY_SITE = {"Cross-Origin-Resource-Policy": "cross-origin"}


def _is_asset(name: str) -> bool:
    return name not in (LOADER, PAGE) and not name.startswith(LOCALES)


def _slim(name: str, content: bytes) -> bytes:
    """Return what of a file goes over the wire: no comments and no indentation, which are a sixth of it."""
    if name.endswith(".css"):
        sheet = _AROUND_SIGNS.sub(rb"\1\2", b" ".join(_CSS_COMMENT.sub(b"", content).split()))
        return sheet.replace(b";}", b"}")
    if not name.endswith(".js"):
        return content
    lines = (line.strip() for line in content.splitlines())
    return b"\n".join(line for line in lines if line and not line.startswith(b"//"))


def _accepts_gzip(request: web.Request) -> bool:
    for item in request.headers.get("Accept-Encoding", "").split(","):
        coding, _, weight = item.replace(" ", "").lower().partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def _hash(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()[:16]
