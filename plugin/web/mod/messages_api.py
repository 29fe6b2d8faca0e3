"""The moderators' API: a ticket's messages and notes, and what is said there."""

from __future__ import annotations

from aiohttp import web

from ...domain.errors import Invalid
from ...services.mod.access import Caller
from ...services.mod.conversation import ConversationDesk, MessagePage
from ...services.mod.replies import ReplyDesk, Said
from .. import schemas
from .lists import ID, get_after, list_json
from .routes import ModRoutes
from .shapes import held_json, message_json, note_json
from .tickets_api import TICKET, get_number


class MessagesApi:
    """Handlers of `v1/mod/tickets/{number}/messages` and `…/notes`, and of sending again."""

    def __init__(self, conversations: ConversationDesk, replies: ReplyDesk) -> None:
        self._conversations, self._replies = conversations, replies

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        routes.add("GET", f"{TICKET}/messages", self.get_messages)
        routes.add("POST", f"{TICKET}/messages", self.post_message)
        routes.add("GET", f"{TICKET}/notes", self.get_notes)
        routes.add("POST", f"{TICKET}/notes", self.post_note)
        routes.add("POST", f"/v1/mod/messages/{{id:{ID}}}/resend", self.post_resend)

    async def get_messages(self, request: web.Request, _: Caller) -> web.Response:
        """Answer a page of a ticket's messages."""
        after, before = read_direction(request)
        limit = schemas.get_limit(request)
        page = await self._conversations.list_messages(
            get_number(request), after=after, before=before, limit=limit
        )
        return web.json_response(messages_json(page, forward=after is not None))

    async def post_message(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer the customer."""
        data = await schemas.read_json(request)
        client_id, text = schemas.get_client_id(data), schemas.get_text(data, "text")
        return said_response(
            await self._replies.answer(caller.moderator, get_number(request), client_id, text)
        )

    async def get_notes(self, request: web.Request, _: Caller) -> web.Response:
        """Answer a page of a ticket's notes."""
        after, limit = get_after(request), schemas.get_limit(request)
        page = await self._conversations.list_notes(get_number(request), after=after, limit=limit)
        following = page.notes[-1].id if page.more else None
        return web.json_response(list_json([note_json(note) for note in page.notes], following))

    async def post_note(self, request: web.Request, caller: Caller) -> web.Response:
        """Keep a note for the team."""
        data = await schemas.read_json(request)
        client_id, text = schemas.get_client_id(data), schemas.get_text(data, "text")
        note, is_new = await self._replies.write_note(caller.moderator, get_number(request), client_id, text)
        return web.json_response(note_json(note), status=201 if is_new else 200)

    async def post_resend(self, request: web.Request, caller: Caller) -> web.Response:
        """Send once more what did not get through."""
        return said_response(await self._replies.resend(caller.moderator, request.match_info["id"]))


def read_direction(request: web.Request) -> tuple[int | None, int | None]:
    """Return `after` and `before`, of which one may be there. Raises Invalid."""
    after, before = schemas.get_number(request, "after"), schemas.get_number(request, "before")
    if after is not None and before is not None:
        raise Invalid("after and before exclude each other.", field="before")
    return after, before


def messages_json(page: MessagePage, *, forward: bool) -> dict[str, object]:
    """Return messages with the cursor of the next page in the direction of reading."""
    edge = page.messages[-1 if forward else 0] if page.messages and page.more else None
    items = [message_json(message, page.deliveries[message.id]) for message in page.messages]
    return list_json(items, str(edge.seq) if edge else None)


def said_response(said: Said) -> web.Response:
    """Answer with the message, or with the reply that is held."""
    if said.held is not None:
        return web.json_response({"held": held_json(said.held, blocked=said.blocked)}, status=202)
    assert said.message and said.delivery  # noqa: S101, PT018 - else it would be held
    return web.json_response(message_json(said.message, said.delivery), status=201 if said.is_new else 200)
