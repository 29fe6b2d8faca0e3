"""A small Matrix client, for the room's admin and for looking at what is in the room."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .conditions import PATIENCE, until
from .json_api import JsonApi

Event = dict[str, Any]
CLIENT = "/_matrix/client/v3"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A Matrix account with the access token of one device."""

    mxid: str
    token: str
    device_id: str


async def register(
    api: JsonApi, shared_secret: str, localpart: str, *, password: str | None = None, admin: bool = False
) -> Account:
    """Makes an account by Synapse's shared secret; without a password none that anybody knows."""
    path = "/_synapse/admin/v1/register"
    nonce = (await api.call("GET", path))["nonce"]
    password = password or secrets.token_urlsafe(24)
    parts = [nonce, localpart, password, "admin" if admin else "notadmin"]
    mac = hmac.new(shared_secret.encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
    made = await api.call(
        "POST",
        path,
        {"nonce": nonce, "username": localpart, "password": password, "admin": admin, "mac": mac},
    )
    return Account(mxid=made["user_id"], token=made["access_token"], device_id=made["device_id"])


class MatrixUser:
    """One logged-in user."""

    def __init__(self, api: JsonApi, account: Account) -> None:
        self.account = account
        self.mxid = account.mxid
        self.api = api.with_token(account.token)
        # Random, then counted: transaction ids of an earlier run with the same device must not come again.
        self._transaction_ids = (f"{secrets.token_hex(4)}-{number}" for number in itertools.count(1))

    async def create_room(self, **options: object) -> str:
        """Makes a room and returns its id; the options are those of POST createRoom."""
        room_id: str = (await self.api.call("POST", f"{CLIENT}/createRoom", options))["room_id"]
        return room_id

    async def join(self, room_id: str) -> None:
        await self.api.call("POST", f"{CLIENT}/join/{quote(room_id)}", {})

    async def accept_invites(self) -> list[str]:
        """Joins every room that somebody has invited to, and returns their ids."""
        query = '{"room":{"timeline":{"limit":0},"state":{"types":[]}},"presence":{"types":[]}}'
        answer = await self.api.call("GET", f"{CLIENT}/sync?timeout=0&filter={quote(query)}")
        invited = list(answer.get("rooms", {}).get("invite", {}))
        for room_id in invited:
            await self.join(room_id)
        return invited

    async def joined_rooms(self) -> list[str]:
        """The ids of the rooms that this user is in."""
        rooms: list[str] = (await self.api.call("GET", f"{CLIENT}/joined_rooms"))["joined_rooms"]
        return rooms

    async def wait_for_room_with(self, text: str, *, within: float = PATIENCE) -> str:
        """The id of the room in which somebody has said this; every invitation is accepted on the way."""

        async def find() -> str | None:
            await self.accept_invites()
            for room_id in await self.joined_rooms():
                said = [event["content"].get("body", "") for event in await self.events(room_id)]
                if any(text in body for body in said):
                    return room_id
            return None

        return await until(find, f"a room of {self.mxid} with {text!r}", within=within)

    async def leave(self, room_id: str) -> None:
        await self.api.call("POST", f"{CLIENT}/rooms/{quote(room_id)}/leave", {})

    async def invite(self, room_id: str, mxid: str) -> None:
        await self.api.call("POST", f"{CLIENT}/rooms/{quote(room_id)}/invite", {"user_id": mxid})

    async def send(self, room_id: str, content: dict[str, Any], event_type: str = "m.room.message") -> str:
        """Sends an event and returns its id."""
        path = f"{CLIENT}/rooms/{quote(room_id)}/send/{event_type}/{next(self._transaction_ids)}"
        event_id: str = (await self.api.call("PUT", path, content))["event_id"]
        return event_id

    async def send_text(self, room_id: str, text: str, *, reply_to: str | None = None) -> str:
        """Sends plain text, as a reply if the id of an event is given; returns its id."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if reply_to:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return await self.send(room_id, content)

    async def redact(self, room_id: str, event_id: str) -> None:
        path = f"{CLIENT}/rooms/{quote(room_id)}/redact/{quote(event_id)}/{next(self._transaction_ids)}"
        await self.api.call("PUT", path, {})

    async def members(self, room_id: str) -> set[str]:
        """The MXIDs of all who have joined."""
        path = f"{CLIENT}/rooms/{quote(room_id)}/joined_members"
        return set((await self.api.call("GET", path))["joined"])

    async def events(self, room_id: str, *, limit: int = 200) -> list[Event]:
        """The room's newest events, oldest first."""
        path = f"{CLIENT}/rooms/{quote(room_id)}/messages?dir=b&limit={limit}"
        newest_first: list[Event] = (await self.api.call("GET", path))["chunk"]
        return newest_first[::-1]

    async def sync(self, room_id: str, *, limit: int, since: str | None = None) -> dict[str, Any]:
        """A sync of one room's messages, at most `limit` of them."""
        room = {"rooms": [room_id], "timeline": {"types": ["m.room.message"], "limit": limit}}
        query = {"filter": json.dumps({"room": room}), "timeout": "0"} | ({"since": since} if since else {})
        answer: dict[str, Any] = await self.api.call("GET", f"{CLIENT}/sync?{urlencode(query)}")
        return answer

    async def wait_for_event(
        self, room_id: str, predicate: Callable[[Event], bool], what: str, *, within: float = PATIENCE
    ) -> Event:
        """The first of the room's newest events for which the predicate holds, once there is one."""

        async def find() -> Event | None:
            return next(filter(predicate, await self.events(room_id)), None)

        return await until(find, what, within=within)

    async def wait_for_members(self, room_id: str, wanted: set[str], *, within: float = PATIENCE) -> None:
        """Returns once all of these have joined."""

        async def all_in() -> bool:
            return wanted <= await self.members(room_id)

        await until(all_in, f"in the room: {sorted(wanted)}", within=within)
