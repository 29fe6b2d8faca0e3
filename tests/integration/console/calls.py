"""A call of each method of the console's client that the desk takes, and what must be there for it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from console.api.client import Client
from console.api.messages import Held
from plugin.services.ids import new_ulid
from tests.integration.plugin.good_requests import Scene, let_fail


@dataclass(kw_only=True)
class Stage:
    """A scene, with the admin's console and that of another moderator."""

    scene: Scene
    client: Client
    other: Client

    @property
    def ticket(self) -> int:
        return self.scene.ticket

    @property
    def customer(self) -> str:
        return self.scene.customer_id

    async def hold(self) -> str:
        """Let another moderator ask for a secret; return the id of what is held."""
        text = "Please send me your seed phrase"
        held = await self.other.answer(self.ticket, client_id=str(uuid.uuid4()), text=text)
        assert isinstance(held, Held)
        return held.id

    async def write_in_private(self) -> None:
        """Let the customer write to the admin alone."""
        await self.scene.customer.send_direct("Carol", "between us")

    def new_id(self) -> str:
        """Return an id that nobody has."""
        return new_ulid(self.scene.desk.plugin.clock.now())


Call = Callable[[Stage], Awaitable[Any]]
CALLS: dict[str, tuple[tuple[str, str], Call]] = {}
"""By the method of the client: its route, and a call that is taken."""


def calls(method: str, path: str) -> Callable[[Call], Call]:
    def keep(call: Call) -> Call:
        CALLS[call.__name__] = ((method, f"/v1/mod/{path}"), call)
        return call

    return keep


@calls("get", "me")
async def me(stage: Stage) -> Any:
    return await stage.client.me()


@calls("get", "stats")
async def stats(stage: Stage) -> Any:
    return await stage.client.stats()


@calls("get", "tickets")
async def tickets(stage: Stage) -> Any:
    page = await stage.client.tickets(status="open", waiting="team", assignee="none", sort="waiting", limit=1)
    assert page.items
    return page


@calls("post", "tickets/search")
async def search(stage: Stage) -> Any:
    page = await stage.client.search("fee", status="open", assignee="none", limit=1)
    assert page.items
    return page


@calls("get", "tickets/{number}")
async def ticket(stage: Stage) -> Any:
    await stage.client.block(stage.customer)
    return await stage.client.ticket(stage.ticket)


@calls("patch", "tickets/{number}")
async def change_ticket(stage: Stage) -> Any:
    changed = await stage.client.change_ticket(stage.ticket, status="closed", assignee="me", tags=["fees"])
    assert (changed.status, changed.assignee and changed.assignee.name, changed.tags) == (
        "closed",
        "Carol",
        ("fees",),
    )
    return changed


@calls("get", "tickets/{number}/messages")
async def messages(stage: Stage) -> Any:
    await stage.client.answer(stage.ticket, client_id=str(uuid.uuid4()), text="It is for the network.")
    page = await stage.client.messages(stage.ticket, limit=1)
    assert len(page.items) == 1
    assert page.next
    return page


@calls("post", "tickets/{number}/messages")
async def answer(stage: Stage) -> Any:
    return await stage.client.answer(stage.ticket, client_id=str(uuid.uuid4()), text="It is for the network.")


@calls("get", "tickets/{number}/notes")
async def notes(stage: Stage) -> Any:
    await stage.client.add_note(stage.ticket, client_id=str(uuid.uuid4()), text="asked twice")
    page = await stage.client.notes(stage.ticket)
    assert page.items
    return page


@calls("post", "tickets/{number}/notes")
async def add_note(stage: Stage) -> Any:
    return await stage.client.add_note(stage.ticket, client_id=str(uuid.uuid4()), text="asked twice")


@calls("post", "messages/{id}/resend")
async def resend(stage: Stage) -> Any:
    await let_fail(stage.scene)
    return await stage.client.resend(stage.scene.message)


@calls("get", "held")
async def held(stage: Stage) -> Any:
    await stage.hold()
    page = await stage.client.held(limit=200)
    assert page.items
    return page


@calls("post", "held/{id}/release")
async def release(stage: Stage) -> Any:
    return await stage.client.release(await stage.hold())


@calls("post", "held/{id}/drop")
async def drop(stage: Stage) -> Any:
    return await stage.client.drop(await stage.hold())


@calls("get", "direct")
async def direct(stage: Stage) -> Any:
    await stage.write_in_private()
    page = await stage.client.direct()
    assert page.items
    return page


@calls("get", "direct/{customer}/messages")
async def direct_messages(stage: Stage) -> Any:
    await stage.write_in_private()
    page = await stage.client.direct_messages(stage.customer)
    assert page.items
    return page


@calls("post", "direct/{customer}/messages")
async def answer_direct(stage: Stage) -> Any:
    await stage.write_in_private()
    return await stage.client.answer_direct(stage.customer, client_id=str(uuid.uuid4()), text="Only for you.")


@calls("get", "direct/{customer}/notes")
async def direct_notes(stage: Stage) -> Any:
    await stage.write_in_private()
    await stage.client.add_direct_note(stage.customer, client_id=str(uuid.uuid4()), text="for myself")
    page = await stage.client.direct_notes(stage.customer)
    assert page.items
    return page


@calls("post", "direct/{customer}/notes")
async def add_direct_note(stage: Stage) -> Any:
    await stage.write_in_private()
    return await stage.client.add_direct_note(stage.customer, client_id=str(uuid.uuid4()), text="for myself")


@calls("get", "blocks")
async def blocks(stage: Stage) -> Any:
    await stage.client.block(stage.customer, reason="spam")
    page = await stage.client.blocks(active=True, limit=1)
    assert page.items
    return page


@calls("post", "blocks")
async def block(stage: Stage) -> Any:
    made = await stage.client.block(stage.customer, duration="2h", reason="spam", kind="timeout")
    assert (made.kind, made.reason) == ("timeout", "spam")
    return made


@calls("patch", "blocks/{id}")
async def change_block(stage: Stage) -> Any:
    made = await stage.client.block(stage.customer, duration="2h")
    assert made.expires_at
    later = made.expires_at + timedelta(hours=1)
    changed = await stage.client.change_block(made.id, expires_at=later, reason="more spam")
    assert (changed.expires_at, changed.reason) == (later, "more spam")
    return changed


@calls("delete", "blocks/{id}")
async def lift_block(stage: Stage) -> Any:
    lifted = await stage.client.lift_block((await stage.client.block(stage.customer)).id)
    assert lifted.lifted_at
    return lifted


@calls("get", "moderators")
async def moderators(stage: Stage) -> Any:
    return await stage.client.moderators()


@calls("put", "moderators/{id}")
async def put_moderator(stage: Stage) -> Any:
    return await stage.client.put_moderator(stage.new_id(), name="Erin", telegram_id=uuid.uuid4().int % 10**9)


@calls("delete", "moderators/{id}")
async def remove_moderator(stage: Stage) -> Any:
    made = await stage.client.put_moderator(
        stage.new_id(), name="Erin", role="admin", mxid=f"@{uuid.uuid4().hex}:example.org"
    )
    return await stage.client.remove_moderator(made.id)


@calls("get", "strangers")
async def strangers(stage: Stage) -> Any:
    return await stage.client.strangers()


@calls("get", "audit")
async def audit(stage: Stage) -> Any:
    page = await stage.client.audit(limit=1)
    assert page.items
    return page


@calls("get", "canned")
async def canned(stage: Stage) -> Any:
    await stage.client.put_canned("hello", "Hello {customer}")
    return await stage.client.canned()


@calls("put", "canned/{name}")
async def put_canned(stage: Stage) -> Any:
    return await stage.client.put_canned("hello", "Hello {customer}")


@calls("delete", "canned/{name}")
async def remove_canned(stage: Stage) -> Any:
    await stage.client.put_canned("hello", "Hello {customer}")
    return await stage.client.remove_canned("hello")


@calls("get", "tokens")
async def tokens(stage: Stage) -> Any:
    return await stage.client.tokens()


@calls("delete", "tokens/{id}")
async def revoke_token(stage: Stage) -> Any:
    return await stage.client.revoke_token(stage.scene.moderator.token_id)
