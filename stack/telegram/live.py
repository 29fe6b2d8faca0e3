"""The team's page and what feeds it: static files, the chat as it is, and its live stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

from aiohttp import web

from . import team
from .control import describe_persons
from .forms import Form
from .journal import Entry, Journal
from .model import Chat
from .plain import describe_message
from .world import World

PING_SECONDS = 15
PAGE_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/messages.js": ("messages.js", "text/javascript"),
    "/composer.js": ("composer.js", "text/javascript"),
    "/text.js": ("text.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
STREAM_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}


class Link(NamedTuple):
    """A link that the page shows, such as the customer's page of the demo."""

    label: str
    url: str


class LivePage:
    """Routes that the team's page uses."""

    def __init__(self, world: World, journal: Journal, links: Sequence[Link]) -> None:
        self._world = world
        self._journal = journal
        self._links = links
        folder = resources.files(__package__) / "page"
        self._files = {path: (folder / name).read_text("utf-8") for path, (name, _) in PAGE_FILES.items()}

    def add_routes(self, app: web.Application) -> None:
        for path in PAGE_FILES:
            app.router.add_get(path, self.get_file)
        app.router.add_get("/links.json", self.get_links)
        app.router.add_get("/chat", self.get_chat)
        app.router.add_get("/live", self.get_live)

    async def get_file(self, request: web.Request) -> web.Response:
        content_type = PAGE_FILES[request.path][1]
        text = self._files[request.path]
        return web.Response(text=text, content_type=content_type, charset="utf-8", headers=HEADERS)

    async def get_links(self, request: web.Request) -> web.Response:
        return web.json_response([link._asdict() for link in self._links])

    async def get_chat(self, request: web.Request) -> web.Response:
        """The chat as it is, who may be acted as, and the number after which /live goes on."""
        chat = self._read_chat(request)
        messages = self._world.get_messages(chat)
        return web.json_response(
            {
                "chat": chat.id,
                "title": chat.title,
                "members": len(chat.members),
                "last": self._journal.last_number,
                "messages": [describe_message(self._world, chat, message) for message in messages],
                "persons": describe_persons(self._world, chat),
            }
        )

    async def get_live(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events new, edited and deleted; from Last-Event-ID or "after", else from now on."""
        chat = self._read_chat(request)
        cursor = self._read_cursor(request)
        response = web.StreamResponse(headers=STREAM_HEADERS)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await response.write(b"retry: 1000\n\n")
            await self._follow(response, chat, cursor)
        return response

    async def _follow(self, response: web.StreamResponse, chat: Chat, cursor: int) -> None:
        while not self._journal.closed:
            changed = self._journal.next_change
            for entry in self._journal.read_after(chat, cursor):
                await response.write(_encode_event(entry))
                cursor = entry.number
            try:
                await asyncio.wait_for(changed.wait(), PING_SECONDS)
            except asyncio.TimeoutError:
                # Only a write tells that the page is gone.
                await response.write(b": ping\n\n")

    def _read_chat(self, request: web.Request) -> Chat:
        return Form({"chat": team.GROUP_ID, **request.query}, self._world).chat()

    def _read_cursor(self, request: web.Request) -> int:
        # A browser sends the header when it reconnects; "after" is for its first time.
        fields = dict(request.query)
        if "Last-Event-ID" in request.headers:
            fields = {"after": request.headers["Last-Event-ID"]}
        return Form(fields, self._world).number("after", self._journal.last_number)


def _encode_event(entry: Entry) -> bytes:
    return f"id: {entry.number}\nevent: {entry.event}\ndata: {entry.body}\n\n".encode()
