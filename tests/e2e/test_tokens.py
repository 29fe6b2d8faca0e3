"""Moderators' codes and tokens on the real system: asked for in Matrix, used over HTTP, taken back."""

from __future__ import annotations

import re
import uuid
from typing import Any

from stack.conditions import until
from stack.json_api import JsonApi
from stack.matrix import MatrixUser
from stack.operators import headset, operators_room
from stack.system import System
from tests.e2e.acts import allow, join_group, open_case

TOLD = "A console signs in once as {}"


async def find_code(reader: MatrixUser, room_id: str, name: str) -> tuple[str, str]:
    """Return the code that a room holds for somebody, alone on its line, and the event that tells it."""
    event = await reader.wait_for_event(
        room_id,
        lambda event: event["content"].get("body", "").startswith(TOLD.format(name)),
        f"a code for {name}",
    )
    (code,) = re.findall(r"^[A-Z2-7]{32}$", event["content"]["body"], re.MULTILINE)
    return code, event["event_id"]


async def exchange(system: System, code: str) -> tuple[JsonApi, dict[str, str]]:
    """Use a code; return the API with the token, and who it is for."""
    made = await system.api.call("POST", "/v1/mod/token", {"code": code})
    return system.api.with_token(made["token"]), made["moderator"]


async def is_taken_back(reader: MatrixUser, room_id: str, event_id: str, code: str) -> None:
    """Return once the event is redacted; nothing in the room has the code in it then."""

    async def redacted() -> bool:
        events = await reader.events(room_id)
        return any(event["event_id"] == event_id and event["content"] == {} for event in events)

    await until(redacted, "the code is redacted")
    assert code not in str(await reader.events(room_id))


async def assert_a_stranger_is_shown(system: System, console: JsonApi) -> None:
    """Let somebody from outside reply to a ticket; assert that the team sees who, as far as it is known."""
    async with open_case(system) as case:
        trent = await join_group(system, "Trent")
        await case.reply(trent, "let me help")

        async def find() -> dict[str, Any] | None:
            strangers = (await console.call("GET", "/v1/mod/strangers"))["items"]
            return next((s for s in strangers if s["telegram_id"] == trent and s["name"]), None)

        stranger = await until(find, "the stranger is named")
        assert "Trent" in stranger["name"]
        assert (stranger["ticket"], stranger["text"]) == (case.number, "let me help")


async def test_a_moderator_gets_a_code_in_private_and_uses_it_once(system: System) -> None:
    async with operators_room(system) as room_id:
        await system.admin.invite(room_id, system.bob.mxid)
        await system.bob.join(room_id)
        await system.bob.send_text(room_id, "!headset token")
        private = await system.bob.wait_for_room_with(TOLD.format("Bob"))
        assert private not in (room_id, system.room_id)
        assert await system.bob.members(private) == {system.bob.mxid, system.support_bot.mxid}
        code, event_id = await find_code(system.bob, private, "Bob")
        for shared in (room_id, system.room_id):
            assert code not in str(await system.admin.events(shared))

        bob, moderator = await exchange(system, code)
        assert (moderator["name"], moderator["role"]) == ("Bob", "moderator")
        assert (await bob.call("GET", "/v1/mod/me"))["moderator"] == moderator
        await is_taken_back(system.bob, private, event_id, code)
        again = await system.api.request("POST", "/v1/mod/token", {"code": code})
        assert (again.status, again.json["code"]) == (401, "unauthorized")

        # In the room of the two the answer comes at once.
        await system.bob.send_text(private, "!headset tokens")
        (token,) = [t for t in (await bob.call("GET", "/v1/mod/tokens"))["items"] if t["current"]]
        line = await system.bob.wait_for_event(
            private, lambda event: token["id"] in event["content"].get("body", ""), "Bob's tokens"
        )
        assert " Bob: made " in line["content"]["body"]
        await system.bob.leave(room_id)
    assert code not in system.maubot.log.read_text()


async def test_an_operator_makes_a_code_for_somebody_who_is_not_in_matrix(system: System) -> None:
    name = f"Dana {uuid.uuid4().hex[:6]}"
    async with operators_room(system) as room_id:
        telegram_id = await allow(system, name, room_id)
        customer = await system.customer()
        assert name not in await customer.moderators()
        assert TOLD.format(name) in await headset(system, f"token {telegram_id}", room_id=room_id)
        code, event_id = await find_code(system.admin, room_id, name)
        dana, moderator = await exchange(system, code)
        assert (moderator["name"], moderator["role"]) == (name, "moderator")
        await is_taken_back(system.admin, room_id, event_id, code)
        (token,) = (await dana.call("GET", "/v1/mod/tokens"))["items"]
        listed = await headset(system, "tokens", room_id=room_id)
        assert f"{token['id']} {name}: made " in listed
        await assert_a_stranger_is_shown(system, dana)
        # Somebody with a console can be written to in private, which a Telegram id alone does not allow.
        assert name in await customer.moderators()
        revoked = await headset(system, f"revoke {token['id']}", room_id=room_id)
        assert revoked == f"✓ a console of {name} is signed out"
        assert (await dana.request("GET", "/v1/mod/me")).status == 401
        assert name not in await customer.moderators()
