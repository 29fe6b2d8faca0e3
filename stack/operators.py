"""The operator of this system, who speaks with the bot in Matrix."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .conditions import until
from .json_api import JsonApi
from .matrix import Event
from .system import System

_CODE = re.compile(r"^[A-Z2-7]{32}$", re.MULTILINE)


@asynccontextmanager
async def operators_room(system: System) -> AsyncIterator[str]:
    """A room of the operator and the bot that nobody bridges."""
    room_id = await system.admin.create_room(preset="private_chat", invite=[system.support_bot.mxid])
    await system.support_bot.join(room_id)
    yield room_id
    await system.support_bot.leave(room_id)


async def headset(system: System, command: str, *, room_id: str) -> str:
    """Writes `!headset …` as the operator; returns the bot's first notice after it."""
    command_id = await system.admin.send_text(room_id, f"!headset {command}".strip())

    def is_command(event: Event) -> bool:
        return bool(event["event_id"] == command_id)

    def is_notice(event: Event) -> bool:
        by_bot: bool = event["sender"] == system.support_bot.mxid
        return by_bot and event["content"].get("msgtype") == "m.notice"

    async def notices_after() -> list[Event]:
        events = await system.admin.events(room_id)
        at = next((n for n, event in enumerate(events) if is_command(event)), len(events))
        return list(filter(is_notice, events[at:]))

    return str((await until(notices_after, f"an answer to !headset {command}"))[0]["content"]["body"])


async def make_code(system: System, telegram_id: int) -> str:
    """Asks the bot for the code with which a moderator's console logs in; returns it."""
    async with operators_room(system) as room_id:
        answer = await headset(system, f"token {telegram_id}", room_id=room_id)
    (code,) = _CODE.findall(answer)
    return str(code)


async def open_console(system: System, telegram_id: int) -> JsonApi:
    """Logs a moderator's console in; returns the API with its token."""
    code = await make_code(system, telegram_id)
    made = await system.api.call("POST", "/v1/mod/token", {"code": code})
    return system.api.with_token(made["token"])
