"""The moderators' API: tickets, listed, searched, looked at and changed."""

from __future__ import annotations

from aiohttp import web

from ...services.mod.access import Caller
from ...services.mod.search import SearchDesk
from ...services.mod.tickets import TicketDesk
from .. import schemas
from . import ticket_requests as requests
from .cards import match_json, ticket_card_json
from .lists import list_json
from .routes import ModRoutes
from .shapes import ticket_json

TICKET = "/v1/mod/tickets/{number:[0-9]{1,15}}"


def get_number(request: web.Request) -> int:
    """Return the ticket's number from the path."""
    return int(request.match_info["number"])


class TicketsApi:
    """Handlers of `v1/mod/tickets`."""

    def __init__(self, tickets: TicketDesk, search: SearchDesk) -> None:
        self._tickets, self._search = tickets, search

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        routes.add("GET", "/v1/mod/tickets", self.get_tickets)
        routes.add("POST", "/v1/mod/tickets/search", self.post_search)
        routes.add("GET", TICKET, self.get_ticket)
        routes.add("PATCH", TICKET, self.patch_ticket)

    async def get_tickets(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer a page of the list."""
        page = await self._tickets.list_page(
            requests.read_filter(request.query, caller.moderator),
            requests.read_sort(request),
            requests.read_place(request),
            schemas.get_limit(request),
        )
        items = [ticket_json(item) for item in page.items]
        return web.json_response(list_json(items, requests.write_place(page.next)))

    async def post_search(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer a page of what is found."""
        data = await schemas.read_json(request)
        q, after, limit = requests.read_search(data)
        page = await self._search.search(q, requests.read_filter(data, caller.moderator), after, limit)
        following = None if page.next is None else str(page.next)
        return web.json_response(list_json([match_json(match) for match in page.matches], following))

    async def get_ticket(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer one ticket with its customer."""
        card = await self._tickets.get(get_number(request), caller.moderator)
        return web.json_response(ticket_card_json(card, caller.moderator.id))

    async def patch_ticket(self, request: web.Request, caller: Caller) -> web.Response:
        """Change a ticket."""
        wish = requests.read_change(await schemas.read_json(request), caller.moderator)
        item = await self._tickets.change(get_number(request), caller.moderator, wish)
        return web.json_response(ticket_json(item))
