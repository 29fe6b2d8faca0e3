"""The moderators' stream."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from aiohttp import web

from ...domain.desk import TeamNote, TicketItem
from ...services.health import Health
from ...services.hub import TEAM
from ...services.mod.access import Caller
from ...services.mod.events import (
    About,
    BlockNews,
    CustomerNews,
    HeldNews,
    MessageNews,
    TeamEventService,
    TeamNewsPage,
)
from ...services.mod.records import Stranger
from ..schemas import health_json, stream_block
from ..stream import Stretch
from ..streams import Streams
from . import shapes
from .routes import ModRoutes

_REST_SECONDS = 0.1
"""A desk with fifty events a second and ten consoles would else do nothing but look them up."""


class TeamStream:
    """What the stream of one moderator's token tells."""

    topic = TEAM
    rest = _REST_SECONDS
    together = False

    def __init__(self, events: TeamEventService, caller: Caller) -> None:
        self._events, self._caller = events, caller
        self.owner = caller.token_id

    async def begin(self, wished: int | None) -> int:
        """Return the number that the client has, or the newest."""
        return await self._events.get_last() if wished is None else wished

    async def read(self, after: int, limit: int, owners: Collection[str]) -> Stretch:
        """Return what comes after a number; `owners` is this token's alone."""
        page = await self._events.read(self._caller, after, limit)
        return Stretch(
            blocks=tuple(self._blocks(page)),
            numbers=(page.cursor,) if page.is_cut else tuple(one.number for one in page.news),
            cursor=page.cursor,
            more=page.more,
            ended=frozenset(owners if page.ended else ()),
        )

    def _blocks(self, page: TeamNewsPage) -> list[bytes]:
        if page.is_cut:
            return [stream_block(page.cursor, "reset", {"last_event_id": page.cursor})]
        viewer_id = self._caller.moderator.id
        return [stream_block(one.number, one.type, about_json(one.about, viewer_id)) for one in page.news]


def about_json(about: About, viewer_id: str) -> dict[str, Any]:
    """Return what an event is about, as one moderator may see it."""
    if isinstance(about, MessageNews):
        return {
            "message": shapes.message_json(about.message, about.delivery),
            "ticket": None if about.ticket is None else shapes.ticket_json(about.ticket),
            "customer": shapes.customer_json(about.customer),
        }
    if isinstance(about, TicketItem):
        return shapes.ticket_json(about)
    if isinstance(about, TeamNote):
        return shapes.note_json(about)
    if isinstance(about, BlockNews):
        return shapes.block_json(about.entry, viewer_id, blocked=about.blocked)
    if isinstance(about, HeldNews):
        return shapes.held_json(about.view, blocked=about.blocked)
    if isinstance(about, CustomerNews):
        return {"id": about.customer_id}
    if isinstance(about, Stranger):
        return shapes.stranger_json(about)
    if isinstance(about, Health):
        return health_json(about)
    return {}


class EventsApi:
    """Handler of `v1/mod/events`."""

    def __init__(self, events: TeamEventService, streams: Streams) -> None:
        self._events, self._streams = events, streams

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handler on its path."""
        routes.add("GET", "/v1/mod/events", self.get_events)

    async def get_events(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        """Stream what happens at the desk."""
        return await self._streams.serve(request, TeamStream(self._events, caller))
