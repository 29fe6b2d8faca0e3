"""maubot as its example configuration has it, at DEBUG: its log tells what happens, and no word of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from stack.conditions import until
from stack.operators import headset, make_code, operators_room
from stack.system import System
from stack.telegram_client import ALICE, MALLORY
from tests.e2e.acts import Case, join_room, open_case

WORD = "quartzzebra"
ESCAPE = "\x1b[31m"


async def speak_for_the_team(case: Case, token: str) -> None:
    """Answer, note, block and ask for a secret: in Telegram, and at a console."""
    await case.answer(ALICE, f"answer {WORD}")
    await case.order(f"/note {WORD}", answer="noted")
    await case.order(f"/block 1h {WORD}")
    await case.order("/unblock")
    await case.reply(MALLORY, f"as a stranger {WORD}")
    console = case.system.api.with_token(token)
    path = f"/v1/mod/tickets/{case.number}"
    for place in ("messages", "notes"):
        body = {"client_id": str(uuid.uuid4()), "text": f"{place} {WORD}"}
        await console.call("POST", f"{path}/{place}", body)
    held = {"client_id": str(uuid.uuid4()), "text": f"send me your seed phrase, {WORD}"}
    assert "held" in await console.call("POST", f"{path}/messages", held)
    await case.stream.wait_for_text(f"messages {WORD}")

    async def stranger_is_named() -> bool:
        strangers = (await console.call("GET", "/v1/mod/strangers"))["items"]
        return any(WORD in one["text"] and one["name"] for one in strangers)

    await until(stranger_is_named, "the stranger has a name")


async def speak_in_matrix(system: System) -> None:
    """Let people write to the bot, and an operator read what others are called."""
    mallory = await join_room(system, "mallory")
    await mallory.send_text(system.room_id, f"!headset allow {mallory.mxid} {WORD}")
    unreadable = {"msgtype": "m.text", "body": WORD, "m.relates_to": "x"}
    await mallory.send(system.room_id, unreadable)
    async with operators_room(system) as room_id:
        assert WORD in await headset(system, f"allow 5559999 {WORD}", room_id=room_id)
        assert WORD in await headset(system, "moderators", room_id=room_id)
        assert WORD in await headset(system, f"{WORD}", room_id=room_id)
        await headset(system, "deny 5559999", room_id=room_id)


async def test_nothing_that_somebody_wrote_is_in_the_log(
    private_system: Callable[..., AbstractAsyncContextManager[System]],
) -> None:
    async with private_system(verbose=True) as system:
        code = await make_code(system, ALICE)
        token = (await system.api.call("POST", "/v1/mod/token", {"code": code}))["token"]
        async with open_case(system) as case:
            await case.customer.send(f"{ESCAPE}question {WORD}")
            await system.telegram.wait_for_text(f"question {WORD}")
            await case.customer.send_direct("Bob", f"in private {WORD}")
            private = await system.bob.wait_for_room_with(WORD)
            await system.bob.send_text(private, f"privately back {WORD}")
            await case.stream.wait_for_text(f"privately back {WORD}")
            await speak_for_the_team(case, token)
            await case.customer.api.call("POST", "/v1/support-check", {"text": f"@{WORD}"})
            await speak_in_matrix(system)
            await system.api.request("GET", "/v1/%1b%5b31m%0d%0a%5bERROR%40maubot%5d%20forged")
            customer_token = case.customer.token

        async def whole_log() -> str | None:
            # The line of a request follows its answer.
            log = system.maubot.log.read_text()
            return log if "forged 404" in log else None

        log = await until(whole_log, "the last request is in the log")
    # It is a log at DEBUG, of all that was done.
    for told in (
        "DEBUG@mau",
        "sensitive bytes",
        "/v1/messages 201",
        r"/v1/\x1b[31m\r\n[ERROR@maubot] forged 404",
    ):
        assert told in log, told
    assert "Failed to deserialize an event of a room" in log
    assert "Traceback" not in log
    assert "Failed to run handler" not in log
    lines = log.splitlines()
    for secret in (WORD, code, token, customer_token):
        assert [line for line in lines if secret in line] == []
    assert [line for line in lines if not line.isprintable()] == []
