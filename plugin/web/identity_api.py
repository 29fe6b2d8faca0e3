"""Signing in: with a wallet, or as a user whom the host site vouches for."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from maubot.plugin_server import PluginWebApp

from ..domain.errors import Invalid
from ..domain.model import Session
from ..services.identity import IdentityService, Proof
from ..services.sessions import SessionService, Visit
from ..services.users import UserService
from ..services.wallets import WalletService
from . import schemas
from .bearer import authenticate
from .gate import Gate
from .limits import Limits


class IdentityApi:
    """Handlers of the paths by which a session goes on as somebody who is proven."""

    def __init__(
        self,
        *,
        sessions: SessionService,
        identities: IdentityService,
        wallets: WalletService,
        users: UserService,
        gate: Gate,
        limits: Limits,
    ) -> None:
        self._sessions, self._identities = sessions, identities
        self._wallets, self._users = wallets, users
        self._gate, self._limits = gate, limits

    def add_routes(self, webapp: PluginWebApp) -> None:
        """Put the handlers on their paths."""
        webapp.add_post("/v1/session/identity", self.post_identity)
        webapp.add_post("/v1/session/wallet/challenge", self.post_challenge)
        webapp.add_post("/v1/session/wallet/verify", self.post_verify)

    @property
    def features(self) -> dict[str, bool]:
        """Which ways of signing in there are."""
        return {"wallet": bool(self._wallets.chains), "user": self._users.is_on}

    @property
    def chains(self) -> tuple[int, ...]:
        """The chains whose wallets may sign in."""
        return self._wallets.chains

    async def open_session(
        self, identity: Any, locale: str | None, page_url: str | None, address: str
    ) -> tuple[str, Visit]:
        """Open a session for a user; return its token, too."""
        if not isinstance(identity, dict):
            raise Invalid("identity must be an object.", field="identity")
        proof = self._users.verify(schemas.get_text(identity, "token"), "identity")
        self._limits.count_account(proof.account)
        return await self._identities.open_session(proof, locale, page_url, address)

    async def post_identity(self, request: web.Request) -> web.Response:
        """Sign a session in as a user."""
        session, data = await self._begin(request)
        proof = self._users.verify(schemas.get_text(data, "token"), "token")
        return await self._finish(session, proof, data)

    async def post_challenge(self, request: web.Request) -> web.Response:
        """Answer a text for a wallet to sign."""
        session, data = await self._begin(request)
        address, chain_id, named = schemas.get_challenge_fields(data)
        origin = self._gate.get_page_origin(request, named)
        challenge = await self._wallets.make_challenge(session, address, chain_id, origin)
        return web.json_response(schemas.challenge_json(challenge))

    async def post_verify(self, request: web.Request) -> web.Response:
        """Sign a session in with a wallet."""
        session, data = await self._begin(request)
        message, signature = schemas.get_text(data, "message"), schemas.get_text(data, "signature")
        proof = await self._wallets.verify(session, message, signature, self._gate.get_site(request))
        return await self._finish(session, proof, data)

    async def _begin(self, request: web.Request) -> tuple[Session, dict[str, Any]]:
        session = await authenticate(request, self._sessions)
        self._limits.count_sign_in(request, session.id)
        return session, await schemas.read_json(request)

    async def _finish(self, session: Session, proof: Proof, data: dict[str, Any]) -> web.Response:
        joins = schemas.get_flag(data, "join_conversation")
        self._limits.count_account(proof.account)
        token, visit = await self._identities.sign_in(session, proof, join_conversation=joins)
        return web.json_response(schemas.token_json(token, visit))
