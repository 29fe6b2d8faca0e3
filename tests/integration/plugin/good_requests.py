"""What must be there for a route to have something to do, and a request to it that must be taken."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plugin.services.ids import new_ulid
from plugin.web import limits
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.integration.plugin.desk import CONFIG, ORIGIN, Desk, opened
from tests.integration.plugin.mod.team import ALICE, BOB, CAROL, Console, make_code, sign_in
from tests.integration.plugin.wallet import ADDRESS, SECRET, sign
from tests.tokens import sign_token

_PLENTY = 1_000_000


@dataclass(kw_only=True)
class Good:
    """A request that must be taken; the rest of it comes from the route."""

    token: str | None = None
    """None: the one that the route's other requests are made with."""
    parts: Mapping[str, Any] = field(default_factory=dict)
    """As schemathesis has them: path_parameters, query, body …"""


@dataclass(kw_only=True)
class Scene:
    """A customer with an open ticket, and a team at its consoles."""

    desk: Desk
    customer: Customer
    ticket: int
    message: str
    admin: Console
    moderator: Console

    @property
    def tokens(self) -> dict[str, str]:
        """Return a token of each kind."""
        return {"customer": self.customer.token, "moderator": self.admin.token}

    @property
    def customer_id(self) -> str:
        return str(self.customer.session["customer"]["id"])

    def known(self, path: str) -> dict[str, Any]:
        """Return the values that lead somewhere in a path."""
        found: dict[str, Any] = {"number": self.ticket, "customer": self.customer_id}
        if path.startswith(("/v1/messages/", "/v1/mod/messages/")):
            found["id"] = self.message
        return found


@dataclass(kw_only=True)
class Ready:
    """A request to one path, and how it is sent."""

    token: str | None
    """None: one that the scene has."""
    parts: Mapping[str, Any]
    url: str
    headers: dict[str, str]

    @property
    def body(self) -> dict[str, Any]:
        """Return the body's members; a request without a body has none."""
        return dict(self.parts.get("body", {}))


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    """Start a plugin with a team, all ways to sign in, and no limit of requests in the way."""
    config: dict[str, Any] = {
        **CONFIG,
        "moderators": [ALICE, BOB, CAROL],
        "identity": {"user_secret": SECRET, "wallet_chains": [1, 10]},
        "limits": {"messages_per_minute": _PLENTY, "sessions_per_hour": _PLENTY},
    }
    with pytest.MonkeyPatch.context() as patch:
        for rate in ("_CHECKS_PER_HOUR", "_PRIVACY_PER_HOUR", "_CODES_PER_HOUR"):
            patch.setattr(limits, rate, _PLENTY)
        async with opened(folder, config) as running:
            yield running


async def set_scene(desk: Desk) -> Scene:
    """Let a customer write, and a team sign in."""
    customer = await new_customer(desk)
    message = await customer.send("What is this fee?")
    return Scene(
        desk=desk,
        customer=customer,
        ticket=message["ticket"],
        message=message["id"],
        admin=await sign_in(desk, "Carol"),
        moderator=await sign_in(desk, "Alice"),
    )


async def new_customer(desk: Desk) -> Customer:
    """Let a browser on a host page begin."""
    return await open_session(JsonApi(desk.http.session, str(desk.http.make_url("/"))))


async def let_fail(scene: Scene) -> None:
    """Let the bridge have given the customer's messages up."""
    database, batch = scene.desk.database, new_ulid(scene.desk.plugin.clock.now())
    await database.execute(
        "INSERT INTO batch (id, lane, customer_id, ticket, room_id, parts, part_count, held, state, attempt,"
        " tries, device_id, first_tried_at, due_at, lease_owner, lease_until, fence, created_at) VALUES"
        " ($1, $2, $2, $3, '!room:example.org', '[]', 1, 0, 'failed', 1, 0, 'TEST', 0, 0, '', 0, 1, 0)",
        batch,
        scene.customer_id,
        scene.ticket,
    )
    await database.execute("UPDATE outbox SET batch_id = $1 WHERE customer_id = $2", batch, scene.customer_id)


Make = Callable[[Scene], Awaitable[Good]]

GOOD: dict[str, Make] = {}
"""By the name of the operation; without one here, what the document allows must be enough."""


def good(operation: str) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        GOOD[operation] = make
        return make

    return keep


async def prepare(scene: Scene, path: str, operation: Mapping[str, Any]) -> Ready:
    """Return a good request to an operation, or one to its bare path where `GOOD` has none."""
    make = GOOD.get(operation["operationId"])
    request = await make(scene) if make else Good()
    (scheme,) = operation["security"][0] if "security" in operation else [""]
    bearer = request.token or scene.tokens.get(scheme)
    return Ready(
        token=request.token,
        parts=request.parts,
        url=path.format_map({**scene.known(path), **request.parts.get("path_parameters", {})}),
        headers={"Authorization": f"Bearer {bearer}"} if bearer else {},
    )


@good("endSession")
@good("eraseOwnData")
async def by_somebody_else(scene: Scene) -> Good:
    return Good(token=(await new_customer(scene.desk)).token)


@good("takeBackMessage")
async def own_message(scene: Scene) -> Good:
    message = await scene.customer.send("a secret of mine")
    return Good(parts={"path_parameters": {"id": message["id"]}})


@good("rateOwnTicket")
async def closed_ticket(scene: Scene) -> Good:
    await scene.customer.api.call("POST", f"/v1/tickets/{scene.ticket}/close")
    return Good(parts={"path_parameters": {"number": scene.ticket}, "body": {"score": 5, "comment": "quick"}})


@good("signInAsUser")
async def user(scene: Scene) -> Good:
    claims = {
        "sub": "7",
        "name": "Ann",
        "aud": "headset",
        "jti": secrets.token_hex(8),
        "exp": time.time() + 300,
    }
    return Good(
        token=(await new_customer(scene.desk)).token, parts={"body": {"token": sign_token(claims, SECRET)}}
    )


@good("askChallenge")
async def wallet(scene: Scene) -> Good:
    return Good(parts={"body": {"address": ADDRESS, "chain_id": 1, "origin": ORIGIN}})


@good("signInWithWallet")
async def signed_text(scene: Scene) -> Good:
    browser = await new_customer(scene.desk)
    message = (await browser.ask_challenge(ADDRESS, origin=ORIGIN)).json["message"]
    return Good(token=browser.token, parts={"body": {"message": message, "signature": sign(message)}})


@good("getAsset")
async def asset(scene: Scene) -> Good:
    page = (await scene.customer.api.request("GET", "/widget")).text
    build = page.split("widget/")[1].split("/")[0]
    return Good(parts={"path_parameters": {"build": build, "name": "page.css"}})


@good("exchangeCode")
async def code(scene: Scene) -> Good:
    return Good(parts={"body": {"code": await make_code(scene.desk, "Bob")}})


@good("putModerator")
async def new_moderator(scene: Scene) -> Good:
    body = {"name": "Erin", "role": "moderator", "telegram_id": secrets.randbelow(10**9) + 1}
    return Good(parts={"path_parameters": {"id": new_ulid(scene.desk.plugin.clock.now())}, "body": body})


@good("deleteModerator")
async def known_moderator(scene: Scene) -> Good:
    made = (await new_moderator(scene)).parts
    moderator = made["path_parameters"]["id"]
    await scene.admin.api.call("PUT", f"/v1/mod/moderators/{moderator}", made["body"])
    return Good(parts={"path_parameters": {"id": moderator}})


@good("revokeToken")
async def other_token(scene: Scene) -> Good:
    return Good(parts={"path_parameters": {"id": scene.moderator.token_id}})


@good("putCanned")
async def new_reply(scene: Scene) -> Good:
    return Good(parts={"path_parameters": {"name": "hello"}, "body": {"text": "Hello {customer}"}})


@good("deleteCanned")
async def known_reply(scene: Scene) -> Good:
    await scene.admin.api.call("PUT", "/v1/mod/canned/hello", {"text": "Hello {customer}"})
    return Good(parts={"path_parameters": {"name": "hello"}})


@good("resendMessage")
async def failed_message(scene: Scene) -> Good:
    await let_fail(scene)
    return Good(parts={"path_parameters": {"id": scene.message}})


@good("answerTicket")
@good("noteTicket")
async def answer(scene: Scene) -> Good:
    body = {"client_id": str(uuid.uuid4()), "text": "It is for the network."}
    return Good(parts={"path_parameters": {"number": scene.ticket}, "body": body})


@good("releaseHeld")
@good("dropHeld")
async def held_reply(scene: Scene) -> Good:
    return Good(parts={"path_parameters": {"id": await hold(scene)}})


async def hold(scene: Scene) -> str:
    """Let the moderator ask for a secret; return the id of what is held."""
    body = {"client_id": str(uuid.uuid4()), "text": "Please send me your seed phrase"}
    answer = await scene.moderator.post(f"/v1/mod/tickets/{scene.ticket}/messages", body)
    return str(answer["held"]["id"])


@good("blockCustomer")
async def new_block(scene: Scene) -> Good:
    return Good(parts={"body": {"customer": scene.customer_id, "duration": "1d", "reason": "spam"}})


@good("changeBlock")
async def longer_block(scene: Scene) -> Good:
    ends = scene.desk.plugin.clock.now() + timedelta(hours=1)
    body = {"expires_at": ends.isoformat(), "reason": None}
    return Good(parts={**(await known_block(scene)).parts, "body": body})


@good("liftBlock")
async def known_block(scene: Scene) -> Good:
    block = await scene.admin.post("/v1/mod/blocks", {"customer": scene.customer_id})
    return Good(parts={"path_parameters": {"id": block["id"]}})


@good("listDirectMessages")
@good("listDirectNotes")
async def private_conversation(scene: Scene) -> Good:
    await scene.customer.send_direct("Carol", "between us")
    return Good(parts={"path_parameters": {"customer": scene.customer_id}})


@good("answerDirect")
@good("noteDirect")
async def private_words(scene: Scene) -> Good:
    body = {"client_id": str(uuid.uuid4()), "text": "Only for you."}
    return Good(parts={**(await private_conversation(scene)).parts, "body": body})
