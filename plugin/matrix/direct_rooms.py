"""The private rooms of direct conversations at the homeserver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maubot.matrix import MaubotMatrixClient
from mautrix.api import Method, Path

from ..services.ports import MatrixFailed
from .asking import asked

MARK_KEY = "chat.headset.direct"
"""In the content of a room's first event, which nobody can change: whose direct conversation it is."""

_IN_USE = "M_ROOM_IN_USE"
NOT_THERE = ("M_FORBIDDEN", "M_NOT_FOUND")


class DirectRoomMaker:
    """Makes rooms that only the bot can change, and to which only the bot can invite."""

    def __init__(self, client: MaubotMatrixClient) -> None:
        self._client = client
        self._mxid = str(client.mxid)
        self._server = self._mxid.partition(":")[2]

    async def open(self, direct_id: str, name: str, topic: str) -> str:
        """Make a direct conversation's room and return its id, or find the one made for it before.

        The alias says which conversation it is for, so that a crash after the request makes no second room.
        """
        localpart = f"headset-direct-{direct_id.lower()}"
        try:
            answer = await self._request(
                Method.POST, Path.v3.createRoom, _options(direct_id, localpart, name, topic)
            )
        except MatrixFailed as error:
            if error.errcode != _IN_USE:
                raise
            return await self._find(direct_id, f"#{localpart}:{self._server}")
        return str(answer["room_id"])

    async def _find(self, direct_id: str, alias: str) -> str:
        room_id = str((await self._request(Method.GET, Path.v3.directory.room[alias]))["room_id"])
        is_in = (await self.get_members(room_id)).get(self._mxid) == "join"
        if not is_in or await self._read_mark(room_id) != direct_id:
            # Half made when the homeserver went down, or one that the bot was put out of.
            await self._request(Method.DELETE, Path.v3.directory.room[alias])
            raise MatrixFailed(f"{alias} led to a room that is of no use, another is made")
        return room_id

    async def _read_mark(self, room_id: str) -> object:
        try:
            created = await self._request(Method.GET, Path.v3.rooms[room_id].state["m.room.create"])
        except MatrixFailed as error:
            if error.errcode in NOT_THERE:
                return None
            raise
        return created.get(MARK_KEY)

    async def get_members(self, room_id: str) -> Mapping[str, str]:
        """Return each one's membership by Matrix id; nothing where the bot was never in the room."""
        try:
            answer = await self._request(Method.GET, Path.v3.rooms[room_id].members)
        except MatrixFailed as error:
            if error.errcode in NOT_THERE:
                return {}
            raise
        return {event["state_key"]: event["content"].get("membership", "") for event in answer["chunk"]}

    async def invite(self, room_id: str, mxid: str) -> None:
        """Invite somebody."""
        await self._request(Method.POST, Path.v3.rooms[room_id].invite, {"user_id": mxid})

    async def remove(self, room_id: str, mxid: str, reason: str) -> None:
        """Put somebody out of a room, or take an invitation back."""
        await self._request(Method.POST, Path.v3.rooms[room_id].kick, {"user_id": mxid, "reason": reason})

    async def _request(
        self, method: Method, path: Any, content: dict[str, Any] | None = None
    ) -> Mapping[str, Any]:
        # What a room is called, customers decide; such words stay out of the log.
        answer: Mapping[str, Any] = await asked(
            self._client.api.request(method, path, content, sensitive=content is not None)
        )
        return answer


def _options(direct_id: str, localpart: str, name: str, topic: str) -> dict[str, Any]:
    return {
        "preset": "private_chat",
        "visibility": "private",
        "room_alias_name": localpart,
        "name": name,
        "topic": topic,
        "creation_content": {MARK_KEY: direct_id},
        # The moderator talks there and nothing more: no guests, no encryption that the bot could not read,
        # no bridge, no new room in its place.
        "power_level_content_override": {
            "users_default": 0,
            "events_default": 0,
            "state_default": 100,
            "invite": 100,
            "kick": 100,
            "ban": 100,
            "redact": 100,
        },
        "initial_state": [{"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}}],
    }
