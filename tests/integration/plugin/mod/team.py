"""The team of a running plugin, signed in at consoles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plugin.db.database import Database
from plugin.services.audit import acting_in_matrix
from plugin.services.mod.access import AccessService
from stack.json_api import JsonApi
from tests.integration.plugin.desk import Desk

ALICE = {"telegram_id": 5550001, "name": "Alice", "role": "moderator"}
BOB = {"telegram_id": 5550002, "name": "Bob", "role": "moderator"}
CAROL = {"mxid": "@carol:example.org", "name": "Carol", "role": "admin"}


@dataclass(frozen=True, kw_only=True)
class Console:
    """One moderator's API client; paths begin with `/v1/`."""

    id: str
    name: str
    token: str
    token_id: str
    api: JsonApi

    async def get(self, path: str) -> Any:
        """Return the JSON of a 2xx; anything else raises RefusedError."""
        return await self.api.call("GET", path)

    async def post(self, path: str, body: object = None) -> Any:
        """Return the JSON of a 2xx; anything else raises RefusedError."""
        return await self.api.call("POST", path, body)


async def make_code(desk: Desk, name: str) -> str:
    """Make a code for the moderator of a name, as `!headset token` does."""
    database = Database(desk.database)
    async with database.snapshot() as tx:
        (moderator,) = [m for m in await tx.moderators.list_active() if m.name == name]
    access = AccessService(database, desk.plugin.clock, lambda: None)
    code, _ = await access.make_code(acting_in_matrix("@root:example.org"), moderator, None)
    return code


async def sign_in(desk: Desk, name: str) -> Console:
    """Sign the moderator of a name in at one more console."""
    api = JsonApi(desk.http.session, str(desk.http.make_url("/")))
    made = await api.call("POST", "/v1/mod/token", {"code": await make_code(desk, name)})
    return Console(
        id=made["moderator"]["id"],
        name=made["moderator"]["name"],
        token=made["token"],
        token_id=made["token_id"],
        api=api.with_token(made["token"]),
    )
