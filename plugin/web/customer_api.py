"""The customer API: what the widget calls."""

from __future__ import annotations

import json
from functools import partial

from aiohttp import hdrs, web
from maubot.plugin_server import PluginWebApp

from ..domain.errors import Invalid
from ..domain.model import Session
from ..services.conversations import ConversationService
from ..services.directs import DirectService
from ..services.intake import Intake
from ..services.ports import GetSettings
from ..services.sessions import SessionService
from ..services.support_check import SupportCheck
from ..services.tickets import TicketService
from . import schemas
from .bearer import authenticate
from .identity_api import IdentityApi
from .languages import Languages, accepted_tags
from .limits import Limits
from .session_events import SessionEvents
from .streams import Streams

_CONFIG_SECONDS = 60

_dump_compactly = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


class CustomerApi:
    """Handlers of the paths below `v1/` that a customer's page uses."""

    def __init__(
        self,
        *,
        sessions: SessionService,
        identities: IdentityApi,
        conversations: ConversationService,
        intake: Intake,
        tickets: TicketService,
        directs: DirectService,
        support_check: SupportCheck,
        streams: Streams,
        limits: Limits,
        languages: Languages,
        settings: GetSettings,
    ) -> None:
        self._sessions, self._identities, self._conversations = sessions, identities, conversations
        self._intake, self._tickets = intake, tickets
        self._directs, self._support_check = directs, support_check
        self._streams, self._limits, self._settings = streams, limits, settings
        self._languages = languages

    def add_routes(self, webapp: PluginWebApp) -> None:
        """Put the handlers on their paths."""
        webapp.add_get("/v1/config", self.get_config, allow_head=True)
        webapp.add_post("/v1/sessions", self.post_session)
        webapp.add_get("/v1/session", self.get_session, allow_head=True)
        webapp.add_delete("/v1/session", self.delete_session)
        webapp.add_post("/v1/messages", self.post_message)
        webapp.add_get("/v1/messages", self.get_messages, allow_head=True)
        webapp.add_get("/v1/moderators", self.get_moderators, allow_head=True)
        webapp.add_post("/v1/support-check", self.post_support_check)
        webapp.add_post("/v1/tickets/{number:\\d{1,15}}/close", self.post_close)
        webapp.add_post("/v1/tickets/{number:\\d{1,15}}/rating", self.post_rating)
        webapp.add_get("/v1/events", self.get_events, allow_head=False)

    async def get_config(self, request: web.Request) -> web.Response:
        """Answer what a page needs to know before it has a session."""
        settings = self._settings()
        direct = bool(await self._directs.list_offered())
        wished = request.query.get("locale")
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        language = self._languages.choose([wished] if wished else accepted_tags(accepted))
        response = web.json_response(
            schemas.config_json(
                settings,
                features={**self._identities.features, "direct": direct},
                chains=self._identities.chains,
                moderators=len(settings.moderators),
                language=language,
                languages=self._languages.all,
            ),
            dumps=_dump_compactly,
        )
        response.headers["Cache-Control"] = f"public, max-age={_CONFIG_SECONDS}"
        response.headers["Vary"] = f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.ACCEPT_ENCODING}"
        response.enable_compression()
        return response

    async def post_session(self, request: web.Request) -> web.Response:
        """Open a session for a new anonymous customer, or for a user of the host site."""
        self._limits.count_session(request)
        data = await schemas.read_json(request)
        locale, page_url = schemas.get_session_fields(data)
        address = self._limits.get_site(request)
        if data.get("identity") is not None:
            token, visit = await self._identities.open_session(data["identity"], locale, page_url, address)
        else:
            token, visit = await self._sessions.open_session(locale, page_url, address)
        return web.json_response(schemas.token_json(token, visit), status=201)

    async def get_session(self, request: web.Request) -> web.Response:
        """Answer the session's customer and open ticket."""
        visit = await self._sessions.get_visit(await self._authenticate(request))
        return web.json_response(schemas.visit_json(visit))

    async def delete_session(self, request: web.Request) -> web.Response:
        """Void the token."""
        await self._sessions.end_session(await self._authenticate(request))
        return web.Response(status=204)

    async def post_message(self, request: web.Request) -> web.Response:
        """Take a message."""
        session = await self._authenticate(request)
        self._limits.count_message(request, session.customer_id)
        data = await schemas.read_json(request)
        moderator_id = schemas.get_moderator(data)
        message, is_new = await self._intake.take_message(
            session.customer_id,
            schemas.get_client_id(data),
            schemas.get_text(data, "text"),
            moderator_id=moderator_id,
            confirmed=schemas.get_flag(data, "confirmed"),
        )
        return web.json_response(schemas.message_json(message), status=201 if is_new else 200)

    async def get_messages(self, request: web.Request) -> web.Response:
        """Answer a page of the conversation."""
        session = await self._authenticate(request)
        after, before = schemas.get_number(request, "after"), schemas.get_number(request, "before")
        if after is not None and before is not None:
            raise Invalid("after and before exclude each other.", field="before")
        page = await self._conversations.get_page(
            session, after=after, before=before, limit=schemas.get_limit(request)
        )
        return web.json_response(schemas.page_json(page, forward=after is not None))

    async def get_moderators(self, request: web.Request) -> web.Response:
        """Answer who can be written to in private."""
        await self._authenticate(request)
        return web.json_response(schemas.moderators_json(await self._directs.list_offered()))

    async def post_support_check(self, request: web.Request) -> web.Response:
        """Answer whether a handle is the team's, or a message in this conversation."""
        session = await self._authenticate(request)
        self._limits.count_check(request, session.customer_id)
        text = schemas.get_text(await schemas.read_json(request), "text")
        found = await self._support_check.check(session.customer_id, text)
        return web.json_response(schemas.checked_json(found))

    async def post_close(self, request: web.Request) -> web.Response:
        """Close the customer's own ticket."""
        session = await self._authenticate(request)
        self._limits.count_message(request, session.customer_id)
        ticket = await self._tickets.close_by_customer(session, int(request.match_info["number"]))
        return web.json_response(schemas.ticket_json(ticket))

    async def post_rating(self, request: web.Request) -> web.Response:
        """Take what the customer thinks of a closed ticket."""
        session = await self._authenticate(request)
        self._limits.count_message(request, session.customer_id)
        score, comment = schemas.get_rating(await schemas.read_json(request))
        ticket = await self._tickets.rate(session, int(request.match_info["number"]), score, comment)
        return web.json_response(schemas.ticket_json(ticket))

    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """Stream the conversation's events."""
        # Not by a name: this frame lives as long as the stream.
        source = SessionEvents(self._conversations, await self._authenticate(request))
        return await self._streams.serve(request, source)

    async def _authenticate(self, request: web.Request) -> Session:
        return await authenticate(request, self._sessions)
