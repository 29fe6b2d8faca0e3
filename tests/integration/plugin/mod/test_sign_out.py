"""After a leak an operator voids every token at once, of consoles or of customers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plugin.db.database import Database
from plugin.services.matrix_commands import MatrixCommands
from plugin.services.mod.team import TeamService
from plugin.services.sign_out import SignOutOrders
from stack.conditions import PATIENCE
from stack.customer import EventStream, open_session
from stack.json_api import JsonApi, RefusedError
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import CAROL, Console, make_code, sign_in
from tests.integration.plugin.wallet import from_page
from tests.integration.plugin.wallet import sign_in as sign_in_with_wallet

OPERATOR = CAROL["mxid"]


async def say(desk: Desk, command: str, *, by: str = OPERATOR, admins: tuple[str, ...] = (OPERATOR,)) -> str:
    """Say `!headset …` to the bot; return what it answers."""
    database, clock = Database(desk.database), desk.plugin.clock
    orders = SignOutOrders(database, clock, desk.plugin._hub)

    settings: Any = SimpleNamespace(admins=admins)
    commands = MatrixCommands(TeamService(database, clock), lambda: settings, orders.commands)
    return str(await commands.answer("!room:example.org", by, f"!headset {command}"))


async def ends(stream: EventStream) -> list[str]:
    """Return the types of the events up to the stream's end."""
    while await stream.next(within=PATIENCE) is not None:
        pass
    return [event.type for event in stream.seen]


async def test_every_console_is_signed_out_and_no_code_is_good(
    desk: Desk, alice: Console, bob: Console, carol: Console
) -> None:
    code = await make_code(desk, "Bob")
    async with alice.api.session.get(
        f"{alice.api.base_url}/v1/mod/events", headers=alice.api.headers
    ) as response:
        assert (
            await say(desk, "signout consoles") == "✓ 3 consoles are signed out, and no code is good any more"
        )
        assert b"session.ended" in await response.read()
    for console in (alice, bob, carol):
        assert (await console.api.request("GET", "/v1/mod/me")).status == 401
    with pytest.raises(RefusedError, match="401"):
        await bob.api.call("POST", "/v1/mod/token", {"code": code})
    again = await sign_in(desk, "Carol")
    (entry,) = [e for e in (await again.get("/v1/mod/audit"))["items"] if e["action"] == "token.all_revoked"]
    assert (entry["actor"]["id"], entry["detail"]) == (OPERATOR, {"count": 3})


@pytest.mark.usefixtures("signing_in")
async def test_every_customer_is_signed_out_and_comes_back_by_proof_alone(
    desk: Desk, api: JsonApi, carol: Console
) -> None:
    anonymous = await open_session(from_page(api))
    await anonymous.send("said by nobody")
    wallet = await sign_in_with_wallet(await open_session(from_page(api)))
    await wallet.send("said by a wallet")
    async with anonymous.stream() as one, wallet.stream() as other:
        assert await say(desk, "signout customers") == "✓ 2 sessions of customers have ended"
        for stream in (one, other):
            assert (await ends(stream))[-1] == "session.ended"
    for customer in (anonymous, wallet):
        assert (await customer.post("again")).status == 401
    back = await sign_in_with_wallet(await open_session(from_page(api)))
    assert [m["text"] for m in (await back.history())["items"]] == ["said by a wallet"]
    # Consoles are left alone, and the team still has both conversations.
    assert len((await carol.get("/v1/mod/tickets"))["items"]) == 2


@pytest.mark.parametrize("command", ["signout", "signout all", "signout Consoles"])
async def test_what_else_is_written_voids_nothing(desk: Desk, carol: Console, command: str) -> None:
    assert await say(desk, command) == "Write signout consoles, or customers."
    await carol.get("/v1/mod/me")


async def test_it_is_for_operators_alone(desk: Desk, carol: Console) -> None:
    answer: Any = await say(desk, "signout consoles", admins=())
    assert answer.startswith("signout is not a command.")
    await carol.get("/v1/mod/me")
