"""A typed client of the local Telegram data centre: what the team does and sees in its group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .conditions import PATIENCE, until
from .json_api import JsonApi

GROUP = -1001900000001
BOT, ALICE, BOB, MALLORY = 7000000001, 5550001, 5550002, 5550003
BOT_TOKEN = f"{BOT}:local-data-centre"

Sender = int | str | dict[str, int]
"""A user's id, "anonymous", "anonymous-channel" or {"channel": id}."""


@dataclass(frozen=True, kw_only=True)
class TelegramMessage:
    """A message as it stands in a Telegram chat."""

    id: int
    sender: int | None
    """The user's id; None for anonymous admins and channels."""
    text: str
    reply_to: int | None
    edited: bool
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> TelegramMessage:
        return cls(
            id=raw["id"],
            sender=(raw.get("from_id") or {}).get("user_id"),
            text=raw.get("message") or "",
            reply_to=(raw.get("reply_to") or {}).get("reply_to_msg_id"),
            edited=raw.get("edit_date") is not None,
            raw=raw,
        )


class TelegramClient:
    """Acts as any user of the data centre, in the team's group unless another chat is given."""

    def __init__(self, api: JsonApi) -> None:
        self.api = api
        self.page_url = api.base_url + "/"

    async def send(
        self, sender: Sender, text: str, *, reply_to: int | None = None, chat: int = GROUP, **more: object
    ) -> int:
        """Writes a message and returns its id; `more` goes to the data centre as it is (quote, media …)."""
        body = {"chat": str(chat), "from": sender, "text": text, "reply_to": reply_to, **more}
        message_id: int = (await self.api.call("POST", "/send", body))["id"]
        return message_id

    async def edit(self, message_id: int, text: str, *, chat: int = GROUP) -> None:
        await self.api.call("POST", "/edit", {"chat": str(chat), "id": message_id, "text": text})

    async def delete(self, *message_ids: int, chat: int = GROUP) -> None:
        await self.api.call("POST", "/delete", {"chat": str(chat), "ids": message_ids})

    async def fault(
        self, method: str, error: str, *, code: int = 400, count: int = 1, delay: float = 0
    ) -> None:
        """Lets the next `count` calls of a Telegram method fail, after `delay` seconds."""
        body = {"method": method, "error": error, "code": code, "count": count, "delay": delay}
        await self.api.call("POST", "/fault", body)

    async def limit_posts(self, per_minute: int) -> None:
        """Has Telegram refuse what is sent beyond so many messages in any minute, as it does in a group."""
        flood = {"method": "messages.SendMessage", "error": "FLOOD_WAIT_5", "code": 420}
        await self.api.call("POST", "/fault", {**flood, "count": 10**6, "per_minute": per_minute})

    async def count_flood_waits(self) -> int:
        """Of the last calls, how many were refused for having come too fast."""
        calls = await self.api.call("GET", "/rpc?n=2000")
        return sum(str(call.get("fault", "")).startswith("FLOOD_WAIT") for call in calls)

    async def drop_connections(self) -> None:
        """Cuts the bridge's connection."""
        await self.api.call("POST", "/drop", {})

    async def status(self) -> dict[str, Any]:
        status: dict[str, Any] = await self.api.call("GET", "/status")
        return status

    async def messages(self, *, chat: int = GROUP) -> list[TelegramMessage]:
        """All messages of the chat, oldest first."""
        raw = await self.api.call("GET", f"/messages?chat={chat}")
        return [TelegramMessage.from_json(one) for one in raw]

    async def relayed(self, *, chat: int = GROUP) -> list[TelegramMessage]:
        """What the relay bot has written, oldest first."""
        return [message for message in await self.messages(chat=chat) if message.sender == BOT]

    async def wait_for_message(
        self,
        predicate: Callable[[TelegramMessage], bool],
        what: str = "a message in the Telegram group",
        *,
        within: float = PATIENCE,
        chat: int = GROUP,
    ) -> TelegramMessage:
        """The oldest message for which the predicate holds, once there is one."""

        async def find() -> TelegramMessage | None:
            return next(filter(predicate, await self.messages(chat=chat)), None)

        return await until(find, what, within=within)

    async def wait_for_text(
        self, text: str, *, within: float = PATIENCE, chat: int = GROUP
    ) -> TelegramMessage:
        """The relay bot's oldest message that contains the text, once there is one."""
        return await self.wait_for_message(
            lambda message: message.sender == BOT and text in message.text,
            f"{text!r} in the Telegram group",
            within=within,
            chat=chat,
        )
