"""The moderators' API: the caller's own private conversations."""

from __future__ import annotations

import re

from aiohttp import web

from ...db.directs import DirectPlace
from ...services.mod.access import Caller
from ...services.mod.direct import DirectDesk, DirectView
from .. import schemas
from .cards import customer_card_json
from .lists import ID, bad_cursor, get_after, list_json
from .messages_api import messages_json, read_direction, said_response
from .routes import ModRoutes
from .shapes import last_json, note_json

_CUSTOMER = f"/v1/mod/direct/{{customer:{ID}}}"
_PLACE = re.compile(rf"([0-9]{{1,16}})\.({ID})")


class DirectApi:
    """Handlers of `v1/mod/direct`."""

    def __init__(self, directs: DirectDesk) -> None:
        self._directs = directs

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        routes.add("GET", "/v1/mod/direct", self.get_directs)
        routes.add("GET", f"{_CUSTOMER}/messages", self.get_messages)
        routes.add("POST", f"{_CUSTOMER}/messages", self.post_message)
        routes.add("GET", f"{_CUSTOMER}/notes", self.get_notes)
        routes.add("POST", f"{_CUSTOMER}/notes", self.post_note)

    async def get_directs(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer the caller's conversations, used last first."""
        after, limit = _get_place(request), schemas.get_limit(request)
        page = await self._directs.list_page(caller.moderator, after, limit)
        items = [_direct_json(view, caller.moderator.id) for view in page.items]
        following = None if page.next is None else f"{page.next.active_at}.{page.next.id}"
        return web.json_response(list_json(items, following))

    async def get_messages(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer a page of what the caller and the customer said in private."""
        after, before = read_direction(request)
        limit = schemas.get_limit(request)
        page = await self._directs.list_messages(
            caller.moderator, request.match_info["customer"], after=after, before=before, limit=limit
        )
        return web.json_response(messages_json(page, forward=after is not None))

    async def post_message(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer the customer in private."""
        data = await schemas.read_json(request)
        client_id, text = schemas.get_client_id(data), schemas.get_text(data, "text")
        customer = request.match_info["customer"]
        return said_response(await self._directs.answer(caller.moderator, customer, client_id, text))

    async def get_notes(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer a page of the caller's own notes."""
        after, limit = get_after(request), schemas.get_limit(request)
        customer = request.match_info["customer"]
        page = await self._directs.list_notes(caller.moderator, customer, after=after, limit=limit)
        following = page.notes[-1].id if page.more else None
        return web.json_response(list_json([note_json(note) for note in page.notes], following))

    async def post_note(self, request: web.Request, caller: Caller) -> web.Response:
        """Keep a note that nobody else sees."""
        data = await schemas.read_json(request)
        client_id, text = schemas.get_client_id(data), schemas.get_text(data, "text")
        customer = request.match_info["customer"]
        note, is_new = await self._directs.write_note(caller.moderator, customer, client_id, text)
        return web.json_response(note_json(note), status=201 if is_new else 200)


def _direct_json(view: DirectView, viewer_id: str) -> dict[str, object]:
    entry = view.entry
    return {
        "id": entry.id,
        "customer": customer_card_json(view.customer, viewer_id),
        "active_at": schemas.time_json(entry.active_at),
        "last": None if entry.last is None else last_json(entry.last),
        "last_seq": entry.last_seq,
        "undelivered": entry.undelivered,
    }


def _get_place(request: web.Request) -> DirectPlace | None:
    after = get_after(request)
    if after is None:
        return None
    found = _PLACE.fullmatch(after)
    if found is None:
        raise bad_cursor()
    return DirectPlace(active_at=int(found[1]), id=found[2])
